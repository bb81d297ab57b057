-- SPDX-License-Identifier: MIT
-- A signal that lua answers with an error, as Ctrl-C is.

local check = require "spec.support.check"
local fault = require "spec.support.fault"
local script = require "spec.support.script"

describe("Ctrl-C", function()
  local server

  setup(function() server = fault.start() end)

  teardown(function() server.stop() end)

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
end)
