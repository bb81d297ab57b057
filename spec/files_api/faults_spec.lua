-- SPDX-License-Identifier: MIT
-- What the calls on Files make of bad luck: retries, may_have_applied, answers to something else.

local check = require "spec.support.check"
local fault = require "spec.support.fault"
local rows = require "spec.support.rows"
local with_service = require "spec.support.with_service"

describe("a call on Files", function()
  local server = with_service.fault_server()

  -- Returns the failure of a call whose attempts meet these events.
  local function failure_of(events, call, settings)
    local script = server.script(rows.connections(events))
    local all = { max_retries = #events - 1, timeout = 0.2 }
    for name, value in pairs(settings or {}) do all[name] = value end
    local client = rows.client(script.base_url, all)
    local result, failure = call(client.files)
    assert.is_nil(result)
    assert.are.equal(#events, #script.seen().requests)
    script.close()
    return failure
  end

  local function retrieve(files) return files.retrieve "file-1" end
  local function list(files) return files.list() end
  local function delete(files) return files.delete "file-1" end

  local doubtful = { "reset", "close", "stall", "cut", 500, 503 }

  for _, event in ipairs(doubtful) do
    it("that only reads never may have applied, after " .. event, function()
      assert.is_false(failure_of({ event }, retrieve).may_have_applied)
      assert.is_false(failure_of({ event }, list).may_have_applied)
      assert.is_false(failure_of({ event, 404 }, retrieve).may_have_applied)
    end)

    it("that deletes may have, after " .. event, function()
      assert.is_true(failure_of({ event }, delete).may_have_applied)
    end)

    it("that finds nothing to delete says that its own first attempt may have, after " .. event, function()
      local failure = failure_of({ event, 404 }, delete)
      assert.are.same({ "not_found", true, 2 }, { failure.kind, failure.may_have_applied, failure.attempts })
    end)
  end

  it("that finds nothing to delete at once has deleted nothing", function()
    assert.is_false(failure_of({ 404 }, delete).may_have_applied)
  end)

  it("that only reads and is aborted has done nothing", function()
    local script = server.script { { { "request" }, { "stall" } } }
    local client = rows.client(script.base_url)
    local transfer = client.start.files.retrieve "file-1"
    while #script.seen().requests == 0 do client.step(0.01) end
    transfer:abort()
    local _, _, failure = transfer:poll()
    assert.are.same({ "aborted", false }, { failure.kind, failure.may_have_applied })
    script.close()
  end)

  describe("refuses a 2xx that", function()
    for _, row in ipairs {
      { "is another File's", retrieve, '{"id":"file-2","object":"file"}',
        "the answer is no file: it belongs to another File" },
      { "is no File", retrieve, '{"id":"file-1","object":"upload"}', "it is an object of another type" },
      { "has no id", retrieve, '{"object":"file"}', "it has no id" },
      { "deleted another File", delete, '{"id":"file-2","object":"file","deleted":true}',
        "it belongs to another File" },
      { "has deleted nothing", delete, '{"id":"file-1","object":"file","deleted":false}',
        "the answer is no deleted file: it does not say 'deleted'" },
      { "says nothing of a deletion", delete, '{"id":"file-1","object":"file"}', "it does not say 'deleted'" },
      { "is no list", list, '{"object":"list"}', "the answer is no list: it has no data" },
      { "is one File", list, '{"id":"file-1","object":"file"}', "it is an object of another type" },
      { "lists what has no id", list, '{"object":"list","data":[{"id":"file-1"},{"object":"file"}]}',
        "an object in it has no id" },
      { "lists numbers", list, '{"object":"list","data":[1]}', "an object in it has no id" },
      { "is a text", list, '"list"', "it is no JSON object" },
    } do
      it(row[1], function()
        local failure = failure_of({ fault.answer(200, row[3], nil, { connection = "close" }) }, row[2])
        assert.are.equal("decode", failure.kind)
        check.holds(row[4], failure.message)
        assert.are.equal(row[2] == delete, failure.may_have_applied)
      end)
    end
  end)
end)
