-- SPDX-License-Identifier: MIT
-- A status that refuses stands, whatever becomes of the body that would explain it.

local check = require "spec.support.check"
local fault = require "spec.support.fault"
local rows = require "spec.support.rows"
local with_service = require "spec.support.with_service"

local kinds = {
  [302] = "redirect", [400] = "bad_request", [401] = "authentication", [403] = "permission_denied",
  [404] = "not_found", [410] = "gone", [413] = "status", [418] = "status", [501] = "server",
}

local function sorted(map)
  local keys = {}
  for key in pairs(map) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

describe("a refusal", function()

  local server = with_service.fault_server()

  local close, reset, stall = { "close" }, { "reset" }, { "stall" }

  local function announced(status) return fault.answer(status, '{"error":', nil, { length = 900 }) end
  local function chunked(status)
    return ("HTTP/1.1 %d No\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<html\r\n"):format(status)
  end
  local function none_of_it(status) return fault.answer(status, "", nil, { length = 190 }) end
  local function rubbish_for_chunks(status)
    return ("HTTP/1.1 %d No\r\nTransfer-Encoding: chunked\r\n\r\nno chunk\r\n"):format(status)
  end

  local cuts = {
    { "has fewer bytes than it announced", announced, close },
    { "has no byte of what it announced", none_of_it, close },
    { "is reset", announced, reset },
    { "is in chunks, and ends without the last one", chunked, close },
    { "is in chunks, and is reset", chunked, reset },
    { "is in chunks that are none", rubbish_for_chunks, close },
    { "never ends", announced, stall, { timeout = 0.1 } },
    { "never begins", none_of_it, stall, { timeout = 0.1 } },
    { "is not there by the deadline", announced, stall, { deadline = 0.1 } },
  }
  for _, cut in ipairs(cuts) do
    describe("whose body " .. cut[1], function()
      for _, status in ipairs(sorted(kinds)) do
        it(("is a %d, is not tried again, and leaves no doubt"):format(status), function()
          local _, seen = rows.check(server, {
            answer = cut[2](status), ending = cut[3], options = cut[4], settings = { max_retries = 2 },
            kind = kinds[status], status = status, may = false, says = "HTTP " .. status,
          })
          assert.are.equal(1, #seen.requests)
        end)
      end

      if cut[4] and cut[4].deadline then return end -- which leaves no time for another try
      it("is judged by its status: a 503 is tried again, and leaves a doubt", function()
        local script = server.script {
          rows.answered(cut[2](503), cut[3]), rows.answered(cut[2](503), cut[3]), rows.lucky,
        }
        local client = rows.client(script.base_url, { max_retries = 1 })
        local expected = { kind = "server", status = 503, may = true, attempts = 2, says = "HTTP 503" }
        rows.check_failure(expected, client.cancel(rows.id, cut[4]))
        rows.check_luck(client)
        script.close()
      end)
    end)
  end

  it("whose body is cut off is waited for as its headers say", function()
    local headers = { ["retry-after"] = "0.01" }
    local script = server.script { rows.answered(fault.answer(429, "{", headers, { length = 90 }), close), rows.lucky }
    local wait
    rows.check_luck(rows.client(script.base_url, {
      max_retries = 1, retry_delay = 4, on_retry = function(info) wait = info.wait end,
    }))
    assert.are.equal(0.01, wait)
    script.close()
  end)

  it("whose body is cut off keeps what came of it, and its headers", function()
    local answer = fault.answer(404, "No such Upl", { ["x-request-id"] = "req_1" }, { length = 90 })
    rows.check(server, {
      answer = answer, ending = close, kind = "not_found", status = 404, may = false, says = "^No such Upl$",
      body = "No such Upl", fields = { request_id = "req_1" },
    })
  end)

  it("whose body is cut off says so where there are no words", function()
    rows.check(server, {
      answer = announced(401), ending = close, kind = "authentication", status = 401, may = false,
      says = "^the service answered HTTP 401, and its answer was cut off or cannot be read$",
    })
  end)

  describe("of a part whose body is cut off", function()
    for _, row in ipairs { { "a string", { data = ("x"):rep(100000) } }, { "much", { data = ("x"):rep(8000000) } } } do
      it(("is not sent again: %s"):format(row[1]), function()
        local script = server.script { rows.answered(none_of_it(413), close), rows.lucky }
        local client = rows.client(script.base_url, { max_retries = 2 })
        local part, failure = client.parts.create(rows.id, row[2])
        rows.check_failure({ kind = "status", status = 413, may = false, says = "HTTP 413" }, part, failure)
        assert.are.equal(1, #script.seen().requests)
        script.close()
      end)
    end
  end)

  describe("over HTTP/2 whose stream is reset", function()

    local service = with_service.emulator()

    for _, row in ipairs {
      { 401, "authentication", false, 1 }, { 404, "not_found", false, 1 }, { 503, "server", true, 2 },
    } do
      it(("is a %d"):format(row[1]), function()
        service.reset()
        local canned = { status = row[1], body = '{"error":', cut = true }
        service.answer_next { canned, canned }
        local client = check.client(service, { base_url = service.tls.good, max_retries = 1 })
        local upload, failure, response = client.cancel("upload_1", { with_response = true })
        local expected = { kind = row[2], status = row[1], may = row[3], attempts = row[4], says = "HTTP " .. row[1] }
        rows.check_failure(expected, upload, failure)
        assert.are.equal("2", response.http_version)
        local _, count = service.requests()
        assert.are.equal(row[4], count)
      end)
    end

    it("is no success of a 2xx", function()
      service.reset()
      service.answer_next { { status = 200, body = '{"id":', cut = true } }
      local client = check.client(service, { base_url = service.tls.good, max_retries = 0 })
      local upload, failure = client.cancel "upload_1"
      rows.check_failure({ kind = "connection", status = 200, may = true, says = "%w" }, upload, failure)
    end)
  end)
end)

describe("a 501", function()

  local server = with_service.fault_server()

  it("is not tried again, and leaves no doubt", function()
    local _, seen = rows.check(server, {
      answer = fault.answer(501, "Not Implemented"), settings = { max_retries = 2 },
      kind = "server", status = 501, may = false, says = "^Not Implemented$",
    })
    assert.are.equal(1, #seen.requests)
  end)

  it("is tried again when the service says so", function()
    local answer = fault.answer(501, "", { ["x-should-retry"] = "true" })
    local script = server.script { rows.then_luck(rows.answered(answer)) }
    rows.check_luck(rows.client(script.base_url, { max_retries = 1 }))
    assert.are.equal(2, #script.seen().requests)
    script.close()
  end)

  it("takes no doubt of an earlier attempt away", function()
    local script = server.script(rows.connections { "reset", 501 })
    local upload, failure = rows.client(script.base_url, { max_retries = 1 }).cancel(rows.id)
    rows.check_failure({ kind = "server", status = 501, may = true, attempts = 2, says = "HTTP 501" }, upload, failure)
    script.close()
  end)
end)
