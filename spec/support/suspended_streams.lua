-- SPDX-License-Identifier: MIT
-- Rows about whole files whose data function waits, for every event loop; see suspended.lua.

local assert = require "luassert"
local check = require "spec.support.check"
local drive = require "spec.support.drive"
local servant = require "spec.support.servant"

-- Plain Lua 5.1 cannot yield inside a pcall, so an error of a data function goes to the loop there.
local yields_in_pcall = coroutine.wrap(function() return pcall(coroutine.yield, true) end)()

local function nothing() end

local rows = {}

local function row(name, proof) rows[#rows + 1] = { "a data function " .. name, proof } end

-- A data function that lets others run before each piece, and what it counts: { asked, given }.
local function slow(world, pieces)
  local seen = { asked = 0, given = 0 }
  return function()
    seen.asked = seen.asked + 1
    world.host.pause()
    world.host.pause()
    local piece = pieces[seen.given + 1]
    if piece then seen.given = seen.given + 1 end
    return piece
  end, seen
end

local pieces = { "abc", "def", "g", "hij" }

local function params_of(data, more)
  return check.merged(
    { data = data, filename = "a.txt", purpose = "batch", part_size = 2, bytes = 10, concurrency = 2 }, more or {})
end

local all_calls = "create parts parts parts parts parts complete"

row("waits in the loop, and its parts go out meanwhile", function(world)
  local client, server, upload = world.client(), world.server, nil
  local data, seen = slow(world, pieces)
  local serving, given_at_first_part = servant.new(server), nil
  world.run({ function() upload = client.upload_file_chunked(params_of(data)) end }, function()
    serving.serve()
    if #server.requests > 1 then given_at_first_part = given_at_first_part or seen.given end
  end)
  assert.are.same({ "completed", all_calls, 5 }, { upload.status, servant.calls(server), seen.asked })
  assert.is_true(given_at_first_part < 4, given_at_first_part)
end)

row("waits for data of unknown size as well", function(world)
  local client, upload = world.client(), nil
  local data = slow(world, pieces)
  local params = params_of(data)
  params.bytes = nil
  world.run({ function() upload = client.upload_file_chunked(params) end }, servant.new(world.server).serve)
  assert.are.same({ "completed", all_calls }, { upload.status, servant.calls(world.server) })
end)

row("is not asked for more than there is room for", function(world)
  local client, server = world.client(), world.server
  local data, seen = slow(world, { "ab", "cd", "ef", "gh", "ij" })
  local serving, most = servant.new(server), 0
  world.run({ function() client.upload_file_chunked(params_of(data)) end }, function()
    server.look()
    local is_held = serving.call() == "parts" and #server.requests < 3
    if is_held then most = math.max(most, seen.given) else serving.serve() end
  end)
  assert.is_true(most <= 2, most)
  assert.are.equal(6, seen.asked)
end)

row("serves many at a time", function(world)
  local client, calls, completed = world.client(), {}, 0
  for index = 1, 5 do
    calls[index] = function()
      local data = slow(world, pieces)
      if assert(client.upload_file_chunked(params_of(data))).status == "completed" then completed = completed + 1 end
    end
  end
  world.run(calls, servant.new(world.server).serve)
  assert.are.equal(5, completed)
end)

row("may make calls of the same client, and be begun without a wait", function(world)
  local client, upload = world.client(), nil
  world.run({ function()
    local index = 0
    local job = client.start.upload_file_chunked(params_of(function()
      assert(client.cancel "upload_7")
      index = index + 1
      return pieces[index]
    end))
    assert.are.equal(0, index)
    upload = select(2, job:wait())
  end }, servant.new(world.server).serve)
  assert.are.equal("completed", upload.status)
end)

if yields_in_pcall then
  row("that raises after a wait ends the upload", function(world)
    local client, failure = world.client(), nil
    world.run({ function()
      failure = check.failure("aborted", client.upload_file_chunked(params_of(function()
        world.host.pause()
        error("oh dear", 0)
      end)))
    end }, servant.new(world.server).serve)
    check.holds("the data function raised an error: oh dear; upload_1 was cancelled", tostring(failure))
  end)
end

-- A data function that gives one piece and then waits until `let_go` is called.
local function stuck(world)
  local is_free, given = false, false
  local function data()
    if not given then
      given = true
      return "abc"
    end
    world.wait_for(function() return is_free end)
    return nil
  end
  return data, function() is_free = true end
end

for _, limit in ipairs {
  { "data_timeout", params = { data_timeout = 0.2 }, says = "gave nothing for the 0.2 s of params.data_timeout" },
  { "the deadline", options = { deadline = 0.2 }, says = "the deadline of 0.2 s has passed" },
} do
  row("that waits for ever ends at " .. limit[1], function(world)
    local client, failure = world.client(), nil
    local data, let_go = stuck(world)
    world.run({ function()
      failure = check.failure("timeout", client.upload_file_chunked(params_of(data, limit.params), limit.options))
      let_go()
    end }, servant.new(world.server).serve)
    check.holds(limit.says, failure.message)
    assert.is_true(failure.cancelled)
  end)
end

row("that waits does not keep its upload from being aborted", function(world)
  local client, failure = world.client(), nil
  local data, let_go = stuck(world)
  local serving = servant.new(world.server)
  world.run({ function()
    local job = client.start.upload_file_chunked(params_of(data))
    world.wait_for(function()
      serving.serve()
      client.step()
      return job.bytes_done > 0
    end)
    job:abort()
    failure = select(3, job:wait())
    let_go()
  end }, serving.serve)
  assert.are.same({ "aborted", true }, { failure.kind, failure.cancelled })
end)

row("that gives a piece after the end of its upload loses it", function(world)
  local client, failure = world.client(), nil
  local is_free = false
  local params = params_of(function()
    if not is_free then world.wait_for(function() return is_free end) end
    return "abc"
  end)
  params.bytes = nil
  world.run({ function()
    local job = client.start.upload_file_chunked(params)
    world.host.pause()
    job:abort()
    failure = select(3, job:wait())
    is_free = true
    for _ = 1, 4 do world.host.pause() end
  end }, nothing)
  assert.are.equal("aborted", failure.kind)
end)

row("whose upload is dropped ends, and the Upload is cancelled", function(world)
  local client, server = world.client(), world.server
  local data = slow(world, { "ab", "cd" })
  local serving = servant.new(server)
  world.run({ function()
    client.start.upload_file_chunked(params_of(function() return data() or "" end))
    world.wait_for(function()
      drive.collect()
      serving.serve()
      client.step()
      return servant.calls(server):find "cancel"
    end)
  end }, nothing)
end)

row("leaves nothing behind: its client can be collected", function(world)
  local kept, serving = setmetatable({}, { __mode = "k" }), servant.new(world.server)
  local function use()
    local client = world.client()
    kept[client] = true
    world.run({ function()
      local data = slow(world, pieces)
      assert(client.upload_file_chunked(params_of(data)))
    end }, serving.serve)
  end
  for _ = 1, 4 do use() end
  world.run { world.host.pause }
  if jit then jit.flush() end -- compiled code keeps what it was compiled for
  for _ = 1, 2 do drive.collect() end -- finalizers keep what they hold for one more cycle
  local count = 0
  for _ in pairs(kept) do count = count + 1 end
  assert.is_true(count <= 1, count) -- one, where the collector finds an old pointer on the stack
end)

return rows
