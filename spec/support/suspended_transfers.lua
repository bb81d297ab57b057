-- SPDX-License-Identifier: MIT
-- Rows about transfers, the closing of a client and cancel_all, for every event loop; see suspended.lua.

local assert = require "luassert"
local check = require "spec.support.check"
local drive = require "spec.support.drive"
local suspended = require "spec.support.suspended"

local function nothing() end

local rows = {}

local function row(name, proof) rows[#rows + 1] = { name, proof } end

row("transfer:wait suspends only its own coroutine", function(world)
  local client, server, told = world.client(), world.server, {}
  world.run({
    function()
      local transfer = client.start.cancel "upload_1"
      local done, upload = transfer:wait()
      told[#told + 1] = done and upload.id
      assert.are.same({ true, "upload_1" }, { done, upload.id })
      assert.are.equal("upload_1", select(2, transfer:wait()).id)
      assert.are.equal("upload_1", select(2, transfer:poll()).id)
    end,
    function()
      world.wait_for(function() return server.look() == 1 end)
      for step = 1, 3 do
        told[#told + 1] = step
        world.host.pause()
      end
      server.answer()
    end,
  }, nothing)
  assert.are.same({ 1, 2, 3, "upload_1" }, told)
end)

row("transfer:wait(seconds) suspends no longer than that, and the transfer goes on", function(world)
  local client, server, steps, failed = world.client(), world.server, nil, nil
  world.run({ function()
    local transfer = client.start.cancel("upload_1", { timeout = 15 })
    local before = world.steps()
    for _ = 1, 100 do -- on a busy machine the others may not have their turn in the first
      assert.are.same({ false }, { transfer:wait(0.05) })
      steps = world.steps() - before
      if steps > 1 then break end
    end
    assert.are.same({ false }, { transfer:wait(0.001) })
    failed = true
    local done, upload = transfer:wait(1e10)
    assert.are.same({ true, "upload_1" }, { done, upload.id })
    assert.are.equal("upload_1", select(2, transfer:wait(0.01)).id)
  end }, function()
    if failed then server.serve() else server.look() end
  end)
  assert.is_true(steps > 1)
  assert.are.equal(1, #server.requests)
end)

for name, seconds in pairs { ["-1"] = -1, nan = 0 / 0, ["'soon'"] = "soon" } do
  row(("transfer:wait(%s) is misuse, raised at the caller's line"):format(name), function(world)
    local transfer = world.client().start.cancel "upload_1"
    local line, fine, message
    local function misuse()
      line = debug.getinfo(1, "l").currentline + 1
      transfer:wait(seconds)
    end
    world.run { function() fine, message = pcall(misuse) end }
    assert.is_false(fine)
    check.holds(("suspended_transfers.lua:%d: bad argument #1 to 'wait'"):format(line), message)
  end)
end

row("transfer:poll, transfer:wait(0) and what is done already suspend nobody", function(world)
  local client, server = world.client(), world.server
  world.run({ function()
    local transfer = client.start.cancel "upload_1"
    world.wait_for(function() return server.look() == 1 end)
    local steps = world.steps()
    for _ = 1, 3 do
      assert.is_false(transfer:poll())
      assert.is_false(transfer:wait(0))
    end
    assert.are.equal(steps, world.steps())
    server.answer()
    transfer:wait()
    steps = world.steps()
    for _ = 1, 3 do assert.is_true(transfer:wait() and transfer:poll()) end
    assert.are.equal(steps, world.steps())
  end }, nothing)
end)

row("transfer:poll, once in a while, is enough", function(world)
  local client, upload = world.client(), nil
  world.run { function()
    local transfer = client.start.cancel "upload_1"
    world.wait_for(function()
      local done, result = transfer:poll()
      upload = result
      return done
    end)
  end }
  assert.are.equal("upload_1", upload.id)
end)

row("a transfer can be begun outside, and waited for inside", function(world)
  local transfer = world.client().start.cancel "upload_1"
  local upload
  world.run { function() upload = select(2, transfer:wait()) end }
  assert.are.equal("upload_1", upload.id)
end)

row("a transfer that is dropped ends, and those of others go on", function(world)
  local client, server, upload = world.client(), world.server, nil
  world.run({
    function() upload = client.cancel "upload_2" end,
    function()
      local kept = { client.start.cancel "upload_1" }
      world.wait_for(function() return server.look() == 2 end)
      assert.is_false(kept[1]:poll())
      kept[1] = nil
      drive.collect()
      assert.are.equal(1, client.step())
      server.serve()
    end,
  }, nothing)
  assert.are.equal("upload_2", upload.id)
end)

row("a transfer that another coroutine aborts is aborted for who waits", function(world)
  local client, server, failure, transfer = world.client(), world.server, nil, nil
  world.run({
    function()
      transfer = client.start.cancel "upload_1"
      failure = check.failure("aborted", select(2, transfer:wait()))
    end,
    function()
      world.wait_for(function() return server.look() == 1 end)
      assert.is_true(transfer:abort())
    end,
  }, nothing)
  assert.is_true(failure.may_have_applied)
end)

-- Both waiting coroutines learn of its end, in each of its states.
local endings = {
  { "answered", "upload_1", function(world) world.server.answer() end },
  { "answered while a third polls it", "upload_1", function(world, transfer)
    world.server.answer()
    repeat until transfer:poll()
  end },
  { "aborted", "aborted", function(_, transfer) transfer:abort() end },
  { "aborted before its retry", "aborted", function(world, transfer, told)
    world.server.answer(503)
    world.wait_for(function() return told.retry end)
    transfer:abort()
  end },
}
for _, ending in ipairs(endings) do
  row("two coroutines can wait for one transfer that is " .. ending[1], function(world)
    local told, ended, transfer = {}, {}, nil
    local client = world.client {
      timeout = 15, connect_timeout = 15, -- so that no timer wakes them by chance
      max_retries = 1, retry_delay = 15, max_retry_delay = 15, on_retry = function() told.retry = true end,
    }
    local function wait(index)
      return function()
        transfer = transfer or client.start.cancel "upload_1"
        local _, upload, failure = transfer:wait()
        ended[index] = upload and upload.id or failure.kind
      end
    end
    world.run({ wait(1), wait(2), function()
      world.wait_for(function() return world.server.look() == 1 end)
      ending[3](world, transfer, told)
    end }, nothing)
    assert.are.same({ ending[2], ending[2] }, ended)
  end)
end

row("one of two coroutines that wait for a transfer can lose patience", function(world)
  local client, server, ended = world.client(), world.server, {}
  local transfer = client.start.cancel "upload_1"
  world.run({
    function() ended[1] = select(2, transfer:wait()).id end,
    function() ended[2] = transfer:wait(0.05) end,
    function()
      world.wait_for(function() return ended[2] ~= nil and server.look() == 1 end)
      server.answer()
    end,
  }, nothing)
  assert.are.same({ "upload_1", false }, ended)
end)

row("close ends all that several coroutines wait for, and later calls work", function(world)
  local client, server, kinds, later = world.client(), world.server, {}, {}
  local calls = {}
  for index = 1, 3 do
    calls[index] = function()
      kinds[index] = check.failure("aborted", client.cancel("upload_" .. index)).kind
      later[index] = client.cancel("later_" .. index).id -- while the next is made
    end
  end
  calls[4] = function() kinds[4] = check.failure("aborted", select(2, client.start.cancel("upload_4"):wait())).kind end
  calls[5] = function()
    world.wait_for(function() return server.look() == 4 end)
    client.close()
    later[4] = client.cancel("later_4").id
    world.wait_for(function() return later[1] and later[2] and later[3] end)
    client.close()
    client.close()
    later[5] = world.client().cancel("later_5").id
  end
  world.run(calls, function()
    server.look()
    if #server.requests > 4 then server.serve() end
  end)
  assert.are.same({ "aborted", "aborted", "aborted", "aborted" }, kinds)
  assert.are.same({ "later_1", "later_2", "later_3", "later_4", "later_5" }, later)
end)

row("cancel_all suspends only its own coroutine, and keeps to max_connections", function(world)
  local client, server = world.client { max_connections = 2 }, world.server
  local ids, most, told = { "a", "b", "c", "d", "e", "c" }, 0, {}
  local uploads, failures, steps
  world.run({ function()
    steps = world.steps()
    uploads, failures = client.cancel_all(ids, { on_result = function(id, upload, failure, response)
      told[#told + 1] = id
      assert.are.same({ id, 200 }, { upload.id, response.status })
      assert.is_nil(failure)
    end, with_response = true })
    steps = world.steps() - steps
  end }, function()
    most = math.max(most, server.look())
    local wanted = #server.requests == 5 and 1 or 2
    if server.look() >= wanted then server.answer() end
  end)
  assert.is_nil(failures)
  assert.are.same({ "a", "b", "c", "d", "e" }, check.sorted_names(uploads))
  table.sort(told)
  assert.are.same({ "a", "b", "c", "d", "e" }, told)
  assert.are.same({ 5, 2 }, { #server.requests, most })
  assert.is_true(steps >= 5)
end)

row("cancel_all says which failed, retries each, and of nothing is nothing at once", function(world)
  local client, server = world.client { max_retries = 1 }, world.server
  local statuses, turn = { 503, 404, 200, 400, 200 }, 0
  local uploads, failures, steps
  world.run({ function()
    steps = world.steps()
    assert.are.same({}, (client.cancel_all {}))
    steps = world.steps() - steps
    uploads, failures = client.cancel_all { "a", "b", "c", "d" }
  end }, function()
    for _ = 1, server.look() do
      turn = turn + 1
      server.answer(statuses[turn])
    end
  end)
  local good, bad = check.sorted_names(uploads), check.sorted_names(failures)
  assert.are.same({ 0, 2, 2, 5 }, { steps, #good, #bad, #server.requests })
  local kinds = { failures[bad[1]].kind, failures[bad[2]].kind }
  table.sort(kinds)
  assert.are.same({ "bad_request", "not_found" }, kinds)
end)

row("cancel_all comes to its end when another coroutine closes the client", function(world)
  local client, server, failures, ended = world.client { max_connections = 2 }, world.server, nil, nil
  world.run({
    function()
      failures = select(2, client.cancel_all { "a", "b", "c" })
      ended = true
    end,
    function()
      world.wait_for(function() return server.look() == 2 end)
      client.close()
      world.wait_for(function()
        if #server.requests > 2 then server.serve() else server.look() end
        return ended
      end)
    end,
  }, nothing)
  assert.are.same({ "a", "b" }, check.sorted_names(failures))
  assert.are.same({ "aborted", "aborted" }, { failures.a.kind, failures.b.kind })
end)

if suspended.yields_in_pcall then
  row("on_result of cancel_all may make calls that suspend", function(world)
    local client, ids = world.client(), {}
    world.run { function()
      client.cancel_all({ "a", "b", "c" }, { on_result = function(id) ids[id] = client.cancel(id .. id).id end })
    end }
    assert.are.same({ a = "aa", b = "bb", c = "cc" }, ids)
  end)
end

-- On Lua 5.1 a coroutine that was suspended cannot catch it.
if suspended.yields_in_pcall then
  row("on_result of cancel_all that raises ends the call with just that", function(world)
    local client, problem, fine, raised = world.client { max_connections = 2 }, {}, nil, nil
    world.run({ function()
      fine, raised = pcall(client.cancel_all, { "a", "b", "c" }, { on_result = function() error(problem) end })
    end }, function()
      if world.server.look() == 2 then world.server.answer() end
    end)
    assert.is_false(fine)
    assert.are.equal(problem, raised)
    assert.are.equal(0, client.step())
    assert.are.equal(2, #world.server.requests)
  end)
end

return rows
