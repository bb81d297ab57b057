-- SPDX-License-Identifier: MIT
-- Rows about whole files, for every event loop; see suspended.lua.

local assert = require "luassert"
local check = require "spec.support.check"
local core = require "openai_uploads.core"
local drive = require "spec.support.drive"
local servant = require "spec.support.servant"
local signal = require "spec.support.signal"
local upload_file = require "spec.support.upload_file"

local function nothing() end

local rows = {}

local function row(name, proof)
  rows[#rows + 1] = { "upload_file_chunked " .. name, function(world)
    local fine, raised = pcall(proof, world)
    upload_file.remove_all()
    if not fine then error(raised, 0) end
  end }
end

local function params_of(more)
  return check.merged({ data = "abcdefghij", filename = "a.txt", purpose = "batch", part_size = 2 }, more or {})
end

local all_calls = "create parts parts parts parts parts complete"

row("suspends only the coroutine that calls it, in each of its phases", function(world)
  local client, server, told = world.client(), world.server, {}
  local serving = servant.new(server)
  world.run({
    function()
      local upload, failure = client.upload_file_chunked(params_of { concurrency = 1 })
      assert.is_nil(failure)
      told[#told + 1] = upload.status
    end,
    function()
      for phase = 1, 7 do
        world.wait_for(function() return server.look() == 1 end)
        world.host.pause()
        told[#told + 1] = phase
        serving.answer()
      end
    end,
  }, nothing)
  assert.are.same({ 1, 2, 3, 4, 5, 6, 7, "completed" }, told)
  assert.are.equal(all_calls, servant.calls(server))
end)

row("has its parts on their way side by side, of a file too", function(world)
  local client, server = world.client(), world.server
  local serving, most, upload = servant.new(server), 0, nil
  world.run({ function()
    upload = client.upload_file_chunked { file = upload_file.write "abcdefghij", purpose = "batch", part_size = 2,
      concurrency = 3 }
  end }, function()
    local waiting = server.look()
    most = math.max(most, waiting)
    if serving.call() == "parts" and waiting < 3 and #server.requests < 6 then return end
    if waiting > 0 then serving.answer() end
  end)
  assert.are.same({ "completed", 3, all_calls }, { upload.status, most, servant.calls(server) })
end)

row("may be called by many at a time, and beside other calls", function(world)
  local client, server, calls, completed = world.client(), world.server, {}, 0
  for index = 1, 6 do
    calls[index] = function()
      if assert(client.upload_file_chunked(params_of { concurrency = index })).status == "completed" then
        completed = completed + 1
      end
    end
  end
  calls[7] = function() assert(client.cancel "upload_7") end
  world.run(calls, servant.new(server).serve)
  assert.are.same({ 6, 6 * 7 + 1 }, { completed, #server.requests })
end)

row("cancels the Upload when it fails, and tells so", function(world)
  local client, server, failure = world.client(), world.server, nil
  world.run({ function()
    failure = check.failure("bad_request", client.upload_file_chunked(params_of { concurrency = 1 }))
  end }, servant.new(server, { complete = true }).serve)
  assert.are.same({ true, "upload_1", "upload_1 was cancelled" },
    { failure.cancelled, failure.upload_id, failure.aftermath })
  assert.are.equal(all_calls .. " cancel", servant.calls(server))
end)

row("ends at its deadline, and others go on until then", function(world)
  local client, server = world.client(), world.server
  local serving, failure, steps = servant.new(server), nil, nil
  world.run({ function()
    steps = world.steps()
    failure = check.failure("timeout", client.upload_file_chunked(params_of { concurrency = 1 }, { deadline = 0.3 }))
    steps = world.steps() - steps
  end }, function()
    server.look()
    if #server.requests < 3 then serving.serve_until "parts" else serving.serve() end
  end)
  assert.are.same({ true, 1 }, { failure.cancelled, failure.part_number })
  assert.is_true(steps > 1)
end)

row("tells of its progress while it waits", function(world)
  local client, server, told, upload = world.client(), world.server, 0, nil
  local serving = servant.new(server)
  world.run({ function()
    upload = client.upload_file_chunked(params_of { on_progress = function() told = told + 1 end, part_size = 10 })
  end }, function()
    if told < 4 then serving.serve_until "parts" else serving.serve() end
  end)
  assert.are.equal("completed", upload.status)
end)

row("ends by an error in a function of the program", function(world)
  local client, server = world.client(), world.server
  local serving = servant.new(server)
  for _, name in ipairs { "on_progress", "on_checkpoint" } do
    local failure
    world.run({ function()
      failure = check.failure("aborted",
        client.upload_file_chunked(params_of { [name] = function() error("oh dear", 0) end }))
    end }, serving.serve)
    check.holds(("the %s function raised an error: oh dear; upload_1 was cancelled"):format(name), tostring(failure))
  end
end)

row("is aborted by another coroutine, and the one that waits is told", function(world)
  local client, server, failure, job = world.client(), world.server, nil, nil
  local serving = servant.new(server)
  world.run({
    function()
      job = client.start.upload_file_chunked(params_of())
      local done
      done, job, failure = job:wait()
      assert.is_true(done)
      assert.is_nil(job)
    end,
    function()
      world.wait_for(function() return serving.serve_until "parts" end)
      assert.is_true(job:abort())
      world.wait_for(function()
        serving.serve()
        return failure
      end)
    end,
  }, nothing)
  assert.are.same({ "aborted", true }, { failure.kind, failure.cancelled })
end)

row("ends with its client", function(world)
  local client, server, failure = world.client(), world.server, nil
  local serving = servant.new(server)
  world.run({
    function() failure = check.failure("aborted", client.upload_file_chunked(params_of())) end,
    function()
      world.wait_for(function() return serving.serve_until "parts" end)
      client.close()
      world.wait_for(function()
        serving.serve()
        return failure
      end)
    end,
  }, nothing)
  assert.are.equal("upload_1", failure.upload_id)
end)

row("begun and not waited for runs in the steps of others; wait(seconds) and poll wait no longer than they say",
  function(world)
    local client, server, upload = world.client(), world.server, nil
    local serving = servant.new(server)
    world.run({ function()
      local job = client.start.upload_file_chunked(params_of())
      assert.are.same({ false }, { job:poll() })
      assert.are.same({ false }, { job:wait(0) })
      assert.are.same({ false }, { job:wait(0.03) })
      world.wait_for(function()
        client.step()
        serving.serve()
        return job:done()
      end)
      upload = select(2, job:wait())
      assert.are.equal(upload, select(2, job:poll()))
    end }, nothing)
    assert.are.equal("completed", upload.status)
  end)

local misuses = {
  { "bad argument #1 to 'upload_file_chunked' (params.purpose is missing)",
    function(client) client.upload_file_chunked { file = "a.txt" } end },
  { "unknown field 'params.fil' (did you mean 'file'?)",
    function(client) client.start.upload_file_chunked { fil = "a.txt" } end },
  { "did you mean 'timeout'?", function(client) client.upload_file_chunked(params_of(), { time_out = 1 }) end },
  { "bad argument #1 to 'wait'", function(client) client.start.upload_file_chunked(params_of()):wait(-1) end },
}
for _, misuse in ipairs(misuses) do
  local line = debug.getinfo(misuse[2], "S").linedefined
  row(("raises misuse at the caller's line: %s (%d)"):format(misuse[1], line), function(world)
    local client, fine, message = world.client(), nil, nil
    world.run({ function() fine, message = pcall(misuse[2], client) end }, nothing)
    assert.is_false(fine)
    check.holds("suspended_uploads.lua:" .. line .. ": ", message)
    check.holds(misuse[1], message)
  end)
end

row("waits for its MD5 without keeping others waiting", function(world)
  local client, server, upload, looks, turns = world.client(), world.server, nil, 0, 0
  local real, ended, serving = core.digest, signal.new(), servant.new(world.server)
  core.digest = function()
    return { close = nothing, descriptor = function() return ended:descriptor() end, wait = function()
      looks = looks + 1
      return looks > 1 and ("0"):rep(32) or nil
    end }
  end
  local fine, raised = pcall(world.run,
    { function() upload = client.upload_file_chunked(params_of { md5 = "compute" }) end }, function()
      serving.serve()
      turns = turns + looks
      if turns == 5 then ended:raise() end
    end)
  core.digest = real
  ended:close()
  assert.is_true(fine, raised)
  assert.are.same({ "completed", 2, all_calls }, { upload.status, looks, servant.calls(server) })
end)

row("goes on whenever the collector runs, though nobody else knows of it", function(world)
  local client, server, count = world.client(), world.server, 0
  local serving = servant.new(server)
  world.run({ function()
    for _ = 1, 3 do
      world.host.spawn(function()
        if client.upload_file_chunked(params_of()) then count = count + 1 end
      end)
    end
    world.wait_for(function() return count == 3 end)
  end }, function()
    drive.collect()
    serving.serve()
  end)
  assert.are.equal(3, count)
end)

row("leaves nothing behind: its client can be collected", function(world)
  local kept, serving = setmetatable({}, { __mode = "k" }), servant.new(world.server)
  local function use()
    local client = world.client()
    kept[client] = true
    world.run({
      function() assert(client.upload_file_chunked(params_of())) end,
      function() assert(client.start.upload_file_chunked(params_of()):wait()) end,
    }, serving.serve)
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
