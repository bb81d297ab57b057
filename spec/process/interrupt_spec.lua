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
      local params = { filename = "a", purpose = "b", bytes = 3, mime_type = "c/d" }
      local works = {
        function()
          return client.upload_file_chunked { data = "abcdefgh", filename = "a", purpose = "b", part_size = 2 }
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
end)
