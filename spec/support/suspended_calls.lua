-- SPDX-License-Identifier: MIT
-- Rows about calls that suspend, for every event loop; see suspended.lua.

local assert = require "luassert"
local check = require "spec.support.check"
local drive = require "spec.support.drive"

local params = { filename = "a", purpose = "user_data", bytes = 5, mime_type = "text/plain" }
local not_found = '{"error":{"message":"No such Upload","type":"invalid_request_error","param":null,"code":null}}'

local function nothing() end

local rows = {}

local function row(name, proof) rows[#rows + 1] = { "a call " .. name, proof } end

row("suspends only the coroutine that makes it", function(world)
  local client, server, told = world.client(), world.server, {}
  world.run({
    function()
      local upload = client.cancel "upload_1"
      told[#told + 1] = upload.status
    end,
    function()
      world.wait_for(function() return server.look() == 1 end)
      for step = 1, 3 do
        told[#told + 1] = step
        world.host.pause()
      end
      told[#told + 1] = "answered"
      server.answer()
    end,
  }, nothing)
  assert.are.same({ 1, 2, 3, "answered", "cancelled" }, told)
end)

row("is on its way with others before the first of them is answered", function(world)
  local client, server, ids = world.client(), world.server, {}
  local calls = {}
  for index = 1, 3 do
    calls[index] = function() ids[index] = client.cancel("upload_" .. index).id end
  end
  world.run(calls, function()
    if server.look() == 3 then server.serve() end
  end)
  assert.are.same({ "upload_1", "upload_2", "upload_3" }, ids)
end)

row("is one of 64 at a time, and each gets its own answer", function(world)
  local client, calls, right = world.client(), {}, 0
  for index = 1, 64 do
    calls[index] = function()
      for turn = 1, 3 do
        local id = ("upload_%d_%d"):format(index, turn)
        local upload = client.cancel(id)
        if upload.id == id then right = right + 1 end
      end
    end
  end
  world.run(calls)
  assert.are.same({ 192, 192 }, { right, #world.server.requests })
end)

local results = {
  { "an Upload", 200, nil, function(count, upload)
    assert.are.same({ 1, "upload_1", "cancelled", 5 }, { count, upload.id, upload.status, upload.bytes })
    assert.is_nil(getmetatable(upload))
  end },
  { "a failure", 404, not_found, function(count, upload, failure)
    assert.are.equal(2, count)
    check.failure("not_found", upload, failure)
    check.holds("not_found: No such Upload (HTTP 404", tostring(failure))
    assert.is_false(failure.may_have_applied)
  end },
  { "a decode failure", 200, "rubbish", function(_, upload, failure)
    assert.is_true(check.failure("decode", upload, failure).may_have_applied)
  end },
}
for _, result in ipairs(results) do
  row(("returns %s, and with_response what was answered"):format(result[1]), function(world)
    local client = world.client()
    local plain, detailed
    local function pack(...) return { count = select("#", ...), ... } end
    world.run({ function()
      plain = pack(client.cancel "upload_1")
      detailed = pack(client.cancel("upload_1", { with_response = true }))
    end }, function() world.server.serve(result[2], result[3]) end)
    result[4](plain.count, plain[1], plain[2])
    local response = detailed[3]
    -- what brought something else than an answer to the call brings nothing more
    assert.are.same({ 3, result[2], 1, result[1] ~= "a decode failure" },
      { detailed.count, response.status, response.attempts, response.connection_reused })
    result[4](plain.count, detailed[1], detailed[2])
  end)
end

row("may be any call: create, too", function(world)
  local client, upload = world.client(), nil
  world.run({ function() upload = client.create(params) end })
  assert.are.equal("upload_new", upload.id)
  assert.are.equal("/v1/uploads", world.server.requests[1].path)
  check.holds('"filename":"a"', world.server.requests[1].body)
end)

row("fails for what can never be sent, and does not wait for that", function(world)
  local no_key, dead = world.client { api_key = "" }, world.client { base_url = check.dead_url }
  local steps
  world.run { function()
    steps = world.steps()
    check.failure("configuration", no_key.cancel "upload_1")
    steps = world.steps() - steps
    check.failure("connection", dead.cancel "upload_1")
  end }
  assert.are.same({ 0, 0 }, { steps, #world.server.requests })
end)

-- Each on a line of its own, so that the line number tells which one raised.
local misuses = {
  { "bad argument #1 to 'cancel' (upload id is empty)", function(client) client.cancel "" end },
  { "bad argument #1 to 'cancel'", function(client) client.cancel() end },
  { "bad argument #1 to 'cancel'", function(client) client.cancel {} end },
  { "unknown option 'time_out' (did you mean 'timeout'?)", function(client) client.cancel("a", { time_out = 1 }) end },
  { "option 'loop' is a setting of a whole client", function(client) client.cancel("a", { loop = "blocking" }) end },
  { "params.bytes is missing", function(client) client.create { filename = "a", purpose = "b" } end },
  { "bad argument #1 to 'cancel_all'", function(client) client.cancel_all "upload_1" end },
  { "ids[2]: upload id is empty", function(client) client.cancel_all { "upload_1", "" } end },
  { "option 'loop' is a setting of a whole client", function(client) client.cancel_all({ "a" }, { loop = "luv" }) end },
}
for _, misuse in ipairs(misuses) do
  local line = debug.getinfo(misuse[2], "S").linedefined
  row(("raises misuse at the caller's line: %s (%d)"):format(misuse[1], line), function(world)
    local client, fine, message = world.client(), nil, nil
    world.run({ function() fine, message = pcall(misuse[2], client) end }, nothing)
    assert.is_false(fine)
    check.holds("suspended_calls.lua:" .. line .. ": ", message)
    check.holds(misuse[1], message)
    assert.are.same({ 0, 0 }, { client.step(), world.server.look() })
  end)
end

row("retries, and others go on while it waits for that", function(world)
  local client, server = world.client(), world.server
  local upload, failure, response, retried_at, sent_at
  world.run({ function()
    upload, failure, response = client.cancel("upload_1", {
      max_retries = 2, retry_delay = 0.1, with_response = true,
      on_retry = function(info) retried_at = { world.steps(), info.attempt, info.failure.kind } end,
    })
  end }, function()
    if server.look() == 0 then return end
    sent_at = world.steps()
    server.serve(#server.requests == 1 and 503 or 200)
  end)
  assert.is_nil(failure)
  assert.are.same({ "upload_1", 2, 2 }, { upload.id, response.attempts, #server.requests })
  assert.are.same({ 1, "server" }, { retried_at[2], retried_at[3] })
  assert.is_true(sent_at > retried_at[1] + 1)
end)

for _, name in ipairs { "timeout", "deadline" } do
  row(("ends at its %s, and others go on until then"):format(name), function(world)
    local client, began_at, ended_at = world.client(), nil, nil
    world.run({ function()
      began_at = world.steps()
      local failure = check.failure("timeout", client.cancel("upload_1", { [name] = 0.2 }))
      ended_at = world.steps()
      assert.are.same({ 1, true }, { failure.attempts, failure.may_have_applied })
    end }, world.server.look)
    assert.is_true(ended_at > began_at + 1)
  end)
end

row("asks the api_key function before every attempt, and tells the program's functions", function(world)
  local keys, told, server = 0, {}, world.server
  local client = world.client {
    max_retries = 1,
    api_key = function()
      keys = keys + 1
      return "sk-" .. keys
    end,
    on_retry = function() told[#told + 1] = "on_retry" end,
    log = function(event) told[#told + 1] = event.event end,
  }
  world.run({ function() assert(client.cancel "upload_1") end }, function()
    server.serve(#server.requests == 0 and 500 or 200)
  end)
  assert.are.equal("request retry on_retry request done", table.concat(told, " "))
  for index = 1, 2 do check.holds("Bearer sk-" .. index, server.requests[index].head) end
end)

-- Its key is asked for by a call of the same client.
local function call_within(world)
  local client, inner, is_inside = nil, nil, false
  client = world.client { api_key = function()
    if not is_inside then
      is_inside = true
      inner = client.cancel "upload_2"
    end
    return "sk-1"
  end }
  local outer
  world.run { function() outer = client.cancel "upload_1" end }
  assert.are.same({ "upload_1", "upload_2" }, { outer.id, inner.id })
end

-- C called it, and a coroutine cannot yield across that call, if it is one of Lua's.
row("in a function of the program is told that it cannot be made, or waits where the host lets it", function(world)
  if world.host.yields_through_c then return call_within(world) end
  local client, failure = world.client(), nil
  local asking = world.client { api_key = function() return assert(client.cancel "upload_1").id end }
  local telling = world.client { on_retry = function() client.cancel "upload_1" end, max_retries = 1 }
  world.run({ function()
    failure = check.failure("configuration", asking.cancel "upload_2")
    assert.is_truthy(failure.message:find "yield" or failure.message:find "suspend", failure.message)
    failure = check.failure("aborted", telling.cancel "upload_3")
    assert.is_truthy(failure.message:find "yield" or failure.message:find "suspend", failure.message)
  end }, function() world.server.serve(500) end)
  check.holds("on_retry raised an error: ", failure.message)
end)

row("goes on whenever the collector runs, though nobody else knows of it", function(world)
  local client, server, count = world.client(), world.server, 0
  world.run({ function()
    for index = 1, 3 do
      world.host.spawn(function()
        if client.cancel("upload_" .. index) then count = count + 1 end
      end)
    end
    world.wait_for(function() return count == 3 end)
  end }, function()
    drive.collect()
    if server.look() == 3 then
      for _ = 1, 3 do
        drive.collect()
        server.answer()
      end
    end
  end)
  assert.are.equal(3, count)
end)

-- The next client's descriptor has the number of the last one's.
for _, name in ipairs { "closed", "collected" } do
  row(("can follow one of a client that is %s by now"):format(name), function(world)
    local ids = {}
    world.run { function()
      for index = 1, 4 do
        local client = world.client()
        ids[index] = assert(client.cancel("upload_" .. index)).id
        if name == "closed" then client.close() end
        client = nil -- luacheck: ignore 311
        drive.collect()
      end
    end }
    assert.are.same({ "upload_1", "upload_2", "upload_3", "upload_4" }, ids)
  end)
end

row("leaves nothing behind: its client can be collected", function(world)
  local kept = setmetatable({}, { __mode = "k" })
  local function use()
    local client, calls = world.client(), {}
    kept[client] = true
    for index = 1, 3 do
      calls[index] = function()
        client.cancel("upload_" .. index)
        client.start.cancel("upload_" .. index):wait()
        client.cancel_all { "upload_1", "upload_2" }
      end
    end
    world.run(calls)
  end
  for _ = 1, 5 do use() end
  world.run { world.host.pause }
  if jit then jit.flush() end -- compiled code keeps what it was compiled for
  for _ = 1, 2 do drive.collect() end -- finalizers keep what they hold for one more cycle
  local count = 0
  for _ in pairs(kept) do count = count + 1 end
  assert.is_true(count <= 1, count) -- one, where the collector finds an old pointer on the stack
end)

return rows
