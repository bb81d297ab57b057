-- SPDX-License-Identifier: MIT
-- What becomes of an Upload when the scope is left that guards it, by guard or with_upload.
-- Without a descriptor: too

local check = require "spec.support.check"
local core = require "openai_uploads.core"
local drive = require "spec.support.drive"
local own_loops = require "spec.support.own_loops"
local scopes = require "spec.support.scopes"
local suspended = require "spec.support.suspended"
local with_service = require "spec.support.with_service"

local client

local service = with_service.emulator()

before_each(function() client = check.client(service, { max_retries = 0 }) end)

local function pack(...) return { count = select("#", ...), ... } end

local function send_part(upload, of) return assert((of or client).parts.create(upload.id, { data = "hello" })).id end

local function complete(upload, of)
  return (of or client).complete(upload.id, { part_ids = { send_part(upload, of) } })
end

local function start_complete(upload)
  return client.start.complete(upload.id, { part_ids = { send_part(upload) } })
end

-- The status of each Upload, and how many cancels of them were sent.
local function check_left(statuses, count)
  local found, known, cancels = {}, {}, 0
  for index, upload in ipairs(service.uploads()) do found[index], known[upload.id] = upload.status, true end
  for _, request in ipairs((service.requests())) do
    if known[request.uri:match "([^/]+)/cancel$"] then cancels = cancels + 1 end
  end
  assert.are.same(statuses, found)
  assert.are.equal(count, cancels)
end

-- How a scope is left, what its Upload is then, and how many cancels were sent.
local ways = {
  { "in which it was completed", complete, "completed", 0 },
  { "in which a started completion was waited for", function(upload)
    assert(select(2, start_complete(upload):wait()))
  end, "completed", 0 },
  { "in which a started completion ended while others were awaited", function(upload)
    local transfer = start_complete(upload)
    drive.all(client)
    assert.is_true(transfer:done())
  end, "completed", 0 },
  { "in which one started completion succeeded, after one that failed and before others", function(upload)
    service.answer_next { { call = "complete", status = 500 } }
    local given = { part_ids = { send_part(upload) } }
    check.failure("server", select(2, client.start.complete(upload.id, given):wait()))
    assert(select(2, client.start.complete(upload.id, given):wait()))
    check.failure("bad_request", select(2, client.start.complete(upload.id, given):wait()))
    check.failure("bad_request", client.complete(upload.id, given))
  end, "completed", 0 },
  { "in which nothing was done", function() end, "cancelled", 1 },
  { "in which parts were sent", send_part, "cancelled", 1 },
  { "in which the completion was refused", function(upload)
    check.failure("bad_request", client.complete(upload.id, { part_ids = { "part_unknown" } }))
    check.failure("bad_request", select(2, client.start.complete(upload.id, { part_ids = { "part_unknown" } }):wait()))
  end, "cancelled", 1 },
  { "in which the completion was lost", function(upload)
    service.answer_next { { call = "complete", close = true } }
    assert.is_true(check.failure("connection", complete(upload)).may_have_applied)
  end, "pending", 0 },
  { "in which the answer to the completion was lost", function(upload)
    service.answer_next { { call = "complete", close = true, apply = true } }
    assert.is_true(check.failure("connection", complete(upload)).may_have_applied)
  end, "completed", 0 },
  { "in which the answer to a started completion was lost", function(upload)
    service.answer_next { { call = "complete", close = true, apply = true } }
    assert.is_true(check.failure("connection", select(2, start_complete(upload):wait())).may_have_applied)
  end, "completed", 0 },
  { "in which a started completion waits for its next attempt, and no earlier one is in doubt", function(upload)
    service.answer_next { { call = "complete", status = 429, headers = { ["retry-after"] = 30 } } }
    local is_waiting = false
    client.start.complete(upload.id, { part_ids = { send_part(upload) } },
      { max_retries = 1, on_retry = function() is_waiting = true end })
    drive.till(client, function() return is_waiting end)
  end, "cancelled", 1 },
  { "in which several completions were started, of which the last is refused", function(upload)
    service.answer_next { { call = "complete", delay = 5 }, { call = "complete", status = 400 } }
    start_complete(upload)
    check.failure("bad_request", select(2, start_complete(upload):wait()))
  end, "pending", 0 },
  { "in which another client completed it, so that the cancel is refused", function(upload)
    assert(complete(upload, check.client(service)))
  end, "completed", 1 },
  { "in which the program took a completion's result away", function(upload)
    local transfer = start_complete(upload)
    transfer:wait()
    core.take(transfer)
  end, "completed", 0 },
  { "in which the program cancelled it, so that the second cancel is refused", function(upload)
    assert(client.cancel(upload.id))
  end, "cancelled", 2 },
}

for name, scope in pairs(scopes.all) do
  describe(("the end of a scope by %s"):format(name), function()
    for _, row in ipairs(ways) do
      it(("%s leaves the Upload %s, with %d cancels"):format(row[1], row[3], row[4]), function()
        scope(client, row[2])
        check_left({ row[3] }, row[4])
      end)
    end

    it("aborts a completion that is still under way, and sends no cancel, which could race with it", function()
      service.answer_next { { call = "complete", delay = 5 } }
      local transfer = scope(client, function(upload)
        local started = start_complete(upload)
        drive.till(client, function() return select(2, service.requests()) == 3 end)
        return started
      end)
      assert.are.equal("aborted", select(3, transfer:poll()).kind)
      check_left({ "pending" }, 0)
    end)

    it("is no matter of other Uploads", function()
      local outer_status
      scope(client, function(outer)
        scope(client, function() assert(complete(outer)) end)
        outer_status = service.upload(outer.id).status
      end)
      assert.are.equal("completed", outer_status)
      check_left({ "completed", "cancelled" }, 1)
    end)

    for _, raised in ipairs { "a text", { "a table" }, false, 42 } do
      it(("cancels, and what was raised goes on: %s"):format(type(raised)), function()
        local got = pack(pcall(scope, client, function() error(raised, 0) end))
        assert.are.same({ 2, false, true }, { got.count, got[1], got[2] == raised })
        check_left({ "cancelled" }, 1)
      end)
    end

    it("after a completion raises what is raised, and does not cancel", function()
      local fine, raised = pcall(scope, client, function(upload)
        assert(complete(upload))
        error("later", 0)
      end)
      assert.are.same({ false, "later" }, { fine, raised })
      check_left({ "completed" }, 0)
    end)

    it("lets results through, all of them", function()
      assert.are.same({ count = 4, nil, "a", nil, nil }, pack(scope(client, function() return nil, "a", nil, nil end)))
      assert.are.same({ count = 0 }, pack(scope(client, function() end)))
      assert.are.equal(service.uploads()[1].id, scope(client, function() return service.uploads()[1].id end))
    end)

    it("raises no failure of its cancel: the client's log tells of it", function()
      local told = {}
      client = check.client(service, { max_retries = 0, log = function(event)
        if event.event == "done" then told[#told + 1] = { event.url:match "[^/]*$", event.kind } end
      end })
      service.answer_next { { call = "cancel", status = 503 } }
      assert.are.equal("result", scope(client, function() return "result" end))
      assert.are.same({ { "uploads" }, { "cancel", "server" } }, told)
      service.answer_next { { call = "cancel", status = 503 } }
      assert.are.same({ false, "oh dear" }, { pcall(scope, client, function() error("oh dear", 0) end) })
    end)

    it("cancels nothing in a process that was forked since: the Upload is the parent's", function()
      local process_id = core.process_id
      scope(client, function() core.process_id = function() return 0 end end)
      core.process_id = process_id
      check_left({ "pending" }, 0)
    end)
  end)

  for _, host in ipairs(own_loops) do
    describe(("the end of a scope by %s in a loop %s"):format(name, host.name), function()
      local function run(action)
        client = check.client(service, { max_retries = 0, loop = host.loop })
        host.run { action }
      end

      it("does not cancel what was completed", function()
        local status
        run(function() status = scope(client, complete).status end)
        assert.are.equal("completed", status)
        check_left({ "completed" }, 0)
      end)

      it("suspends until the cancel is over", function()
        local turns, before, after = 0, nil, nil
        service.answer_next { { call = "cancel", delay = 0.1 } }
        run(function()
          local ended = false
          host.spawn(function()
            while not ended do
              turns = turns + 1
              host.pause()
            end
          end)
          scope(client, function() before = turns end)
          after, ended = turns, true
          check_left({ "cancelled" }, 1)
        end)
        assert.is_true(after > before + 1, after - before)
      end)

      if suspended.yields_in_pcall then
        it("cancels, and what was raised goes on", function()
          local raised = {}
          run(function()
            assert.are.equal(raised, select(2, pcall(scope, client, function() error(raised) end)))
            check_left({ "cancelled" }, 1)
          end)
        end)
      end
    end)
  end

  describe(("a scope by %s that nobody leaves"):format(name), function()
    it("while a completion was under way is left without a cancel by the collector, too", function()
      service.answer_next { { call = "complete", delay = 5 } }
      client = check.client(service, { loop = { wait = function(of)
        of.step(0.01)
        coroutine.yield()
      end } })
      local waiting = coroutine.create(function() scope(client, complete) end)
      drive.till(client, function()
        coroutine.resume(waiting)
        return select(2, service.requests()) == 3
      end)
      waiting = nil -- luacheck: ignore 311
      for _ = 1, 2 do drive.collect() end
      drive.all(client)
      check_left({ "pending" }, 0)
    end)

    it("is left when the collector finds its coroutine, and the client is stepped", function()
      local waiting = coroutine.create(function() scope(client, coroutine.yield) end)
      client = check.client(service, { loop = { wait = function(of) of.step(0.01) end } })
      assert.is_true(coroutine.resume(waiting))
      waiting = nil -- luacheck: ignore 311
      for _ = 1, 2 do drive.collect() end
      drive.all(client)
      check_left({ "cancelled" }, 1)
    end)

    -- with_upload is left at once, but for plain Lua 5.1; but a coroutine that dies of an error closes no variables.
    it("because of an error in a coroutine of a loop is cancelled by then at the latest", function()
      client = check.client(service, { loop = { wait = function(of) of.step(0.01) end } })
      local failing = coroutine.create(function() scope(client, function() error("oh dear", 0) end) end)
      assert.are.same({ false, "oh dear" }, { coroutine.resume(failing) })
      failing = nil -- luacheck: ignore 311
      for _ = 1, 2 do drive.collect() end
      drive.all(client)
      check_left({ "cancelled" }, 1)
    end)
  end)

  -- The first cancel is lost then. In plain Lua 5.1 there is none after an error.
  describe(("a scope by %s whose loop cannot wait at its end"):format(name), function()
    local problem, at_end = {}, false

    before_each(function()
      at_end = false
      client = check.client(service, { max_retries = 0, loop = { wait = function(of)
        if at_end then error(problem) end
        of.step(0.01)
      end } })
    end)

    local function leave(raised)
      local tries = (suspended.yields_in_pcall or not raised) and 2 or 1
      if tries == 2 then service.answer_next { { call = "cancel", delay = 0.05, close = true } } end
      local got = pack(pcall(scope, client, function()
        at_end = true
        if raised then error(raised) end
      end))
      for _ = 1, 2 do drive.collect() end
      drive.all(client)
      check_left({ "cancelled" }, tries)
      assert.is_false(got[1])
      return got[2]
    end

    it("is left to the collector", function() assert.are.equal(problem, leave()) end)

    it("never hides what was raised in it", function()
      local raised = {}
      assert.are.equal(raised, leave(raised))
    end)
  end)
end
