-- SPDX-License-Identifier: MIT
-- Whether the service may have done what was asked, although no confirmation came.

local rows = require "spec.support.rows"
local with_service = require "spec.support.with_service"

local kinds = { [400] = "bad_request", [404] = "not_found", [409] = "conflict", [410] = "gone", [429] = "rate_limit" }

local function kind_of(status) return kinds[status] or status >= 500 and "server" or "status" end

describe("may_have_applied", function()

  local server = with_service.fault_server()
  local service = with_service.emulator()

  local function text_of(events)
    local names = {}
    for index, event in ipairs(events) do names[index] = tostring(event) end
    return table.concat(names, ", then ")
  end

  -- One call whose attempts meet these events, each of which is retried but for the last.
  local function check(events, row)
    local script = server.script(rows.connections(events))
    local client = rows.client(script.base_url, { max_retries = #events - 1, timeout = 0.2 })
    row.attempts = #events
    rows.check_failure(row, client.cancel(rows.id))
    assert.are.equal(#events, #script.seen().requests)
    rows.check_luck(client)
    script.close()
  end

  describe("is false when every attempt was refused:", function()
    for _, events in ipairs {
      { 400 }, { 404 }, { 409 }, { 410 }, { 429 }, { 408 },
      { 429, 400 }, { 429, 404 }, { 429, 409 }, { 429, 410 }, { 408, 404 }, { 409, 404 }, { 409, 400 }, { 409, 409 },
      { 429, 429, 429 }, { 408, 409, 429, 410 },
    } do
      it(text_of(events), function()
        local status = events[#events]
        check(events, { kind = kind_of(status), status = status, may = false, says = "HTTP " .. status })
      end)
    end
  end)

  describe("is true when the last attempt came to no clear end:", function()
    local ends = {
      reset = { kind = "connection", says = "reset" },
      close = { kind = "connection", says = "%w" },
      stall = { kind = "timeout", says = "timed out" },
      cut = { kind = "connection", status = 200, says = "cut off" },
      rubbish = { kind = "connection", says = "HTTP/0.9" },
      [500] = { kind = "server", status = 500, says = "500" },
      [503] = { kind = "server", status = 503, says = "503" },
      [200] = { kind = "decode", status = 200, says = "decode" },
    }
    for last, row in pairs(ends) do
      row.may = true
      for _, events in ipairs { { last }, { 429, last }, { 409, last }, { 503, last } } do
        it(text_of(events), function() check(events, row) end)
      end
    end
  end)

  describe("is true when an earlier attempt did, whatever the service says of a later one:", function()
    for _, doubt in ipairs { "reset", "close", "stall", "cut", "rubbish", 500, 503 } do
      for _, status in ipairs { 400, 404, 409, 410, 429 } do
        local events = { doubt, status }
        it(text_of(events), function()
          check(events, { kind = kind_of(status), status = status, may = true, says = "HTTP " .. status })
        end)
      end
    end
    for _, events in ipairs { { 503, 429, 404 }, { 429, "reset", 404 }, { "reset", 429, 409, 410 } } do
      it(text_of(events), function()
        local status = events[#events]
        check(events, { kind = kind_of(status), status = status, may = true, says = "HTTP " .. status })
      end)
    end
  end)

  describe("is not asked when a doubt ends in success:", function()
    for _, event in ipairs { 500, 503, 429, "reset", "close", "stall", "cut" } do
      it(tostring(event), function()
        local script = server.script(rows.connections { event })
        local client = rows.client(script.base_url, { max_retries = 1, timeout = 0.2 })
        rows.check_luck(client)
        assert.are.equal(2, #script.seen().requests)
        script.close()
      end)
    end
  end)

  it("belongs to its call alone", function()
    local script = server.script(rows.connections { "reset", 400 })
    local client = rows.client(script.base_url)
    rows.check_failure({ kind = "connection", may = true, says = "reset" }, client.cancel(rows.id))
    rows.check_failure({ kind = "bad_request", status = 400, may = false, says = "400" }, client.cancel(rows.id))
    script.close()
  end)

  it("is known to on_retry so far", function()
    local script = server.script(rows.connections { 429, "reset", 409 })
    local told = {}
    rows.check_luck(rows.client(script.base_url, {
      max_retries = 3, on_retry = function(info) told[#told + 1] = info.failure.may_have_applied end,
    }))
    assert.are.same({ false, true, true }, told)
    script.close()
  end)

  describe("of attempts that never left", function()
    it("is false when the service then refuses", function()
      local address = server.relay_to_come(service.base_url:match ":(%d+)")
      local refusals = 0
      local client = rows.client(address.base_url, {
        max_retries = 2,
        on_retry = function(info)
          assert.are.same({ "connection", false }, { info.failure.kind, info.failure.may_have_applied })
          refusals = refusals + 1
          if refusals == 2 then address.open() end
        end,
      })
      local row = { kind = "not_found", status = 404, attempts = 3, may = false, says = "%w" }
      rows.check_failure(row, client.cancel(rows.id))
      address.close()
    end)
  end)

  describe("tells the truth about the service, which", function()
    local client


    setup(function() client = rows.client(service.base_url, { max_retries = 2 }) end)

    local function cancel_while(answer, row)
      local id = service.make_uploads(1)[1]
      service.answer_next { answer }
      rows.check_failure(row, client.cancel(id))
      return service.upload(id).status
    end

    it("lost its answer after it had cancelled", function()
      local row = { kind = "bad_request", status = 400, attempts = 2, may = true, says = "no longer pending" }
      assert.are.equal("cancelled", cancel_while({ close = true, apply = true }, row))
    end)

    it("failed after it had cancelled", function()
      local row = { kind = "bad_request", status = 400, attempts = 2, may = true, says = "no longer pending" }
      assert.are.equal("cancelled", cancel_while({ status = 500, apply = true }, row))
    end)

    it("answered rubbish after it had cancelled", function()
      local row = { kind = "decode", status = 200, may = true, says = "decode" }
      assert.are.equal("cancelled", cancel_while({ status = 200, body = "<html>", apply = true }, row))
    end)

    it("refused without cancelling", function()
      local row = { kind = "permission_denied", status = 403, may = false, says = "403" }
      assert.are.equal("pending", cancel_while({ status = 403 }, row))
    end)
  end)
end)
