-- SPDX-License-Identifier: MIT
-- A signal that lua answers with an error, as Ctrl-C is.

local check = require "spec.support.check"
local emulator = require "spec.support.emulator"
local fault = require "spec.support.fault"
local script = require "spec.support.script"
local with_service = require "spec.support.with_service"

describe("Ctrl-C", function()

  local server = with_service.fault_server()

  local request, stall = { "request" }, { "stall" }
  local busy = { "send", fault.answer(503, "", { ["retry-after"] = 20 }) }

  local function start(code, stalled)
    return script.start([[
      io.stdout:setvbuf "line"
      print "begun"
      local uploads = require "openai_uploads"
    ]] .. code, { OPENAI_BASE_URL = stalled.base_url, OPENAI_API_KEY = check.key })
  end

  it("ends a program that waits for an answer", function()
    local stalled = server.script { { request, stall } }
    local child = start('print(uploads.cancel("upload_1", { timeout = 20 }))', stalled)
    assert.is_true(stalled.wait_for("requests", 1))
    assert.is_true(child.asleep())
    child.interrupt()
    check.holds("interrupted!", child.finish())
    assert.are.equal(1, #stalled.seen().requests)
    stalled.close()
  end)

  it("ends a program that waits before a retry", function()
    local stalled = server.script { { request, busy, stall } }
    local child = start('print(uploads.cancel("upload_1", { on_retry = function() print "waiting" end }))', stalled)
    assert.are.equal("waiting", child.read_line())
    assert.is_true(child.asleep())
    child.interrupt()
    check.holds("interrupted!", child.finish())
    assert.are.equal(1, #stalled.seen().requests)
    stalled.close()
  end)

  -- The second Ctrl-C finds lua's own handler gone, and ends the program without a word.
  it("that a program catches has ended the call: nothing of it is left to the next one", function()
    local stalled = server.script { { request, stall } }
    local child = start([[
      for index = 1, 2 do print(pcall(uploads.cancel, "upload_" .. index, { timeout = 20, max_retries = 0 })) end
    ]], stalled)
    assert.is_true(stalled.wait_for("requests", 1))
    assert.is_true(child.asleep())
    child.interrupt()
    local closed = stalled.wait_for("closed_by_peer", 1, 5)
    local next_one = stalled.wait_for("requests", 2, 5)
    child.interrupt()
    check.holds("interrupted!", child.finish())
    assert.are.same({ true, true }, { closed, next_one })
    stalled.close()
  end)

  -- As lua's own handler does, a hook raises in whatever Lua runs when the signal comes: here, in our own functions.
  it("between any two steps of a file or of a list of cancels ends that, and the next call works", function()
    local service = emulator.start()
    local result = script.run([[
      local client = require("openai_uploads").new { max_retries = 0 }
      local params = { filename = "a", purpose = "batch", bytes = 3, mime_type = "c/d" }
      local works = {
        function()
          return client.upload_file_chunked { data = "abcdefgh", filename = "a", purpose = "batch", part_size = 2 }
        end,
        function(ids) return client.cancel_all(ids) end,
      }
      local function interrupt(work, count, ids)
        debug.sethook(function()
          debug.sethook()
          error("interrupted", 0)
        end, "", count)
        work(ids)
        debug.sethook()
      end
      for number, work in ipairs(works) do
        for count = 20, 3000, 17 do
          local ids = { assert(client.create(params)).id, assert(client.create(params)).id }
          local fine, raised = pcall(interrupt, work, count, ids)
          if not fine and not raised:find "interrupted$" then print(number, count, raised) end
          assert(client.create(params))
        end
      end
      print "done"
    ]], { OPENAI_BASE_URL = service.base_url, OPENAI_API_KEY = check.key })
    service.stop()
    assert.are.same({ "done\n", "" }, { result.stdout, result.stderr })
  end)

  describe("inside a function of the program goes to whoever called the client:", function()
    local service

    setup(function() service = emulator.start() end)

    teardown(function() service.stop() end)

    before_each(function() service.reset() end)

    -- `interrupt` has Ctrl-C come while it runs, the first time.
    local prologue = [[
      local pid = require("openai_uploads.core").process_id()
      local has_come = false
      local function interrupt()
        if has_come then return end
        has_come = true
        io.popen("kill -INT " .. pid):close()
        while true do end
      end
      local function interrupt_at(name)
        return function(event) if event.event == name then interrupt() end end
      end
      local make = require("openai_uploads").new
      local params = { filename = "a", purpose = "batch", bytes = 3, mime_type = "c/d" }
      local file = { data = "abc", filename = "a", purpose = "batch" }
      local function step_through(client, work) repeat client.step(1) until work:done() end
    ]]

    local unavailable = { { status = 503 } }
    local rows = {
      { "log, of a request", "client = make { log = interrupt_at 'request' } client.cancel(id)" },
      { "log, of a retry", [[
        client = make { log = interrupt_at 'retry', retry_delay = 0.001 }
        client.cancel(id)
      ]], unavailable },
      { "log, of an end", "client = make { log = interrupt_at 'done' } client.cancel(id)" },
      { "log, of a call made in another's log", [[
        local inner = make { log = interrupt }
        client = make { log = function() inner.cancel(id) end }
        client.cancel(id)
      ]] },
      { "on_retry", "client = make { on_retry = interrupt, retry_delay = 0.001 } client.cancel(id)", unavailable },
      { "api_key", "client = make { api_key = function() interrupt() return 'sk-x' end } client.cancel(id)" },
      { "on_done", "local t = client.start.cancel(id) t:on_done(interrupt) t:wait()" },
      { "on_done, while others step", [[
        local transfer = client.start.cancel(id)
        transfer:on_done(interrupt)
        step_through(client, transfer)
      ]] },
      { "on_done of what is done", "local t = client.start.cancel(id) t:wait() t:on_done(interrupt)" },
      { "a data function", "client.parts.create(id, { data = interrupt })" },
      { "rewind", [[
        local chunks = 0
        local function data()
          chunks = chunks + 1
          return chunks % 2 == 1 and "abc" or nil
        end
        client.parts.create(id, { data = data, rewind = interrupt }, { retry_delay = 0.001 })
      ]], unavailable },
      { "on_result", "client.cancel_all({ id }, { on_result = interrupt })" },
      { "with_upload", "client.with_upload(params, interrupt)", cancelled = true },
      { "on_progress", "file.on_progress = interrupt client.upload_file_chunked(file)", cancelled = true },
      { "on_checkpoint", "file.on_checkpoint = interrupt client.upload_file_chunked(file)" },
      { "on_progress, while others step", [[
        file.on_progress = interrupt
        step_through(client, client.start.upload_file_chunked(file))
      ]] },
      { "on_done of a file", [[
        local job = client.start.upload_file_chunked(file)
        job:on_done(interrupt)
        step_through(client, job)
      ]] },
    }
    for _, row in ipairs(rows) do
      it(row[1], function()
        local ids = service.make_uploads(2)
        if row[3] then service.answer_next(row[3]) end
        local result = script.run(prologue .. ([[
          local client, id = make {}, %q
          print(pcall(function() %s end))
          print(assert(client.cancel %q).id)
        ]]):format(ids[1], row[2], ids[2]), { OPENAI_BASE_URL = service.base_url, OPENAI_API_KEY = check.key })
        assert.are.equal("", result.stderr)
        assert.is_truthy(result.stdout:find("^false\t[^\n]*%d: interrupted!\n" .. ids[2]), result.stdout)
        if row.cancelled then
          local uris = {}
          for index, seen in ipairs(service.requests()) do uris[index] = seen.uri end
          assert.is_truthy(uris[#uris - 1]:find "/cancel$", table.concat(uris, " "))
        end
      end)
    end
  end)
end)
