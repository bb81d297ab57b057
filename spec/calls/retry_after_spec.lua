-- SPDX-License-Identifier: MIT
-- The wait that the service asks for. No spec waits for as long: on_retry reads the wait, and ends the call.

local fault = require "spec.support.fault"
local rows = require "spec.support.rows"
local with_service = require "spec.support.with_service"

local function date_of(time) return os.date("!%a, %d %b %Y %H:%M:%S GMT", time) end

local function date_in(seconds) return date_of(os.time() + seconds) end

describe("a wait that the service asks for", function()

  local server = with_service.fault_server()

  -- Returns the failure, and the wait begun after it (nil: none).
  local function call(headers, settings, status)
    local wait
    local refusal = fault.answer(status or 429, '{"error":{"message":"Slow down"}}', headers)
    local script = server.script { rows.then_luck(rows.answered(refusal)) }
    local client = rows.client(script.base_url, settings)
    local _, failure = client.cancel(rows.id, {
      max_retries = 2, retry_delay = 0.5, on_retry = function(info)
        wait = info.wait
        error("the wait is known")
      end,
    })
    assert.are.equal(1, #script.seen().requests)
    rows.check_luck(client)
    script.close()
    return failure, wait
  end

  -- `asked`: seconds; `slack`: how much less a date may have become by now.
  local function check_taken(asked, slack, headers, settings)
    local failure, wait = call(headers, settings)
    assert.are.equal("aborted", failure.kind)
    assert.is_true(wait <= asked and wait >= asked - slack, ("%.6f is not %.6f"):format(wait, asked))
    assert.are.equal(wait, failure.retry_after)
  end

  local function check_own_backoff(headers)
    local failure, wait = call(headers)
    assert.are.equal("aborted", failure.kind)
    assert.is_nil(failure.retry_after)
    assert.is_true(wait >= 0.375 and wait <= 0.5, ("%.6f is not our own"):format(wait))
  end

  local function check_too_long(asked, slack, headers, settings)
    local failure, wait = call(headers, settings)
    assert.is_nil(wait)
    rows.check_failure({ kind = "rate_limit", status = 429, may = false, says = "^Slow down$" }, nil, failure)
    assert.is_true(failure.retry_after <= asked and failure.retry_after >= asked - slack)
  end

  describe("in retry-after is taken:", function()
    for _, row in ipairs {
      { "20", 20 }, { "60", 60 }, { "1", 1 }, { "007", 7 },
      { "0.25", 0.25 }, { "1.5", 1.5 }, { "2.", 2 }, { " 3 ", 3 },
    } do
      it(("'%s'"):format(row[1]), function() check_taken(row[2], 0, { ["retry-after"] = row[1] }) end)
    end

    it("a date that is to come", function() check_taken(30, 5, { ["retry-after"] = date_in(30) }) end)

    it("a date in the style of RFC 850", function()
      local date = os.date("!%A, %d-%b-%y %H:%M:%S GMT", os.time() + 30)
      check_taken(30, 5, { ["retry-after"] = date })
    end)

    it("a date in the style of C", function()
      check_taken(30, 5, { ["retry-after"] = os.date("!%a %b %d %H:%M:%S %Y", os.time() + 30) })
    end)

    -- The service's clock and ours may differ.
    for _, row in ipairs {
      { "an hour late", -3600 }, { "an hour early", 3600 }, { "late by less than the wait", -20 },
      { "early by less than the wait", 20 },
      { "a year late", -365 * 86400 }, { "a year early", 365 * 86400 },
    } do
      it("a date of a service whose clock is " .. row[1], function()
        local theirs = os.time() + row[2]
        check_taken(30, 0, { date = date_of(theirs), ["retry-after"] = date_of(theirs + 30) })
      end)
    end

    it("a date beside a date of the answer that is none", function()
      check_taken(30, 5, { date = "soon", ["retry-after"] = date_in(30) })
    end)

    it("a date beside a date of the answer in another age", function()
      check_taken(30, 5, { date = "Thu, 01 Jan 1970 00:00:00 GMT", ["retry-after"] = date_in(30) })
    end)

    it("whatever the case of the name", function() check_taken(20, 0, { ["Retry-After"] = "20" }) end)

    it("after any failure that is retried", function()
      local failure, wait = call({ ["retry-after"] = "20" }, nil, 503)
      assert.are.same({ 20, 20, "aborted" }, { wait, failure.retry_after, failure.kind })
    end)
  end)

  describe("in retry-after in no sensible way makes it our own backoff:", function()
    for _, value in ipairs {
      "0", "0.0", "-10", "-1100", "-0.5", "", "inf", "Infinity", "-inf", "nan", "NaN", "soon", "20 seconds", "20s",
      "20,5", "0x20", "1e1", "+20", ".5", "1 2", "--20", "20;30", "12:00", "May", "Mon", "\1\2\3",
      ("9"):rep(1000) .. "s",
    } do
      it(("'%s'"):format(#value < 40 and value:gsub("%c", "?") or "a thousand digits and a letter"), function()
        check_own_backoff { ["retry-after"] = value }
      end)
    end

    it("a date that is past", function() check_own_backoff { ["retry-after"] = date_in(-30) } end)
    it("a date that is past for a service whose clock is early", function()
      check_own_backoff { date = date_in(3600), ["retry-after"] = date_in(3570) }
    end)
    it("a date long past", function() check_own_backoff { ["retry-after"] = "Thu, 01 Jan 1970 00:00:00 GMT" } end)
    it("a date that is none", function() check_own_backoff { ["retry-after"] = "Fri, 32 Foo 2031 25:61:61 GMT" } end)
    it("nothing at all", function() check_own_backoff {} end)
  end)

  describe("beyond max_retry_after ends the call at once, and is told:", function()
    for _, row in ipairs {
      { "61", 61 }, { "60.01", 60.01 }, { "120", 120 }, { "121", 121 }, { "86400", 86400 }, { ("9"):rep(30), 1e30 },
    } do
      it(("'%s'"):format(row[1]), function()
        check_too_long(row[2] * (1 + 1e-9), row[2] * 2e-9, { ["retry-after"] = row[1] })
      end)
    end

    for _, digits in ipairs { 309, 400, 1000, 100000 } do
      it(("%d digits, told as the largest number"):format(digits), function()
        local failure, wait = call { ["retry-after"] = ("9"):rep(digits) }
        assert.is_nil(wait)
        rows.check_failure({ kind = "rate_limit", status = 429, may = false, says = "^Slow down$" }, nil, failure)
        assert.is_true(failure.retry_after > 1.79e308 and failure.retry_after < math.huge)
      end)
    end

    it("a date far to come", function() check_too_long(3600, 5, { ["retry-after"] = date_in(3600) }) end)
    it("a date in another age", function()
      check_too_long(2 ^ 33, 2 ^ 33, { ["retry-after"] = "Tue, 31 Dec 2199 23:59:59 GMT" })
    end)
    it("milliseconds", function() check_too_long(60.001, 0, { ["retry-after-ms"] = "60001" }) end)
    it("more than this call's own", function()
      check_too_long(3, 0, { ["retry-after"] = "3" }, { max_retry_after = 2.9 })
    end)
  end)

  it("as long as max_retry_after is taken", function()
    check_taken(300, 0, { ["retry-after"] = "300" }, { max_retry_after = 300 })
    check_taken(0.01, 0, { ["retry-after"] = "0.01" }, { max_retry_after = 0.01 })
  end)

  it("may be longer than max_retry_delay", function()
    check_taken(20, 0, { ["retry-after"] = "20" }, { max_retry_delay = 1 })
  end)

  describe("in retry-after-ms", function()
    for _, row in ipairs {
      { "goes before retry-after", "1500", "20", 1.5 },
      { "may be alone", "40", nil, 0.04 },
      { "may have a fraction", "12.5", nil, 0.0125 },
      { "leaves the say to retry-after when it is rubbish", "soon", "20", 20 },
      { "leaves the say to retry-after when it is empty", "", "20", 20 },
      { "leaves the say to retry-after when it is no number", "nan", "20", 20 },
    } do
      it(row[1], function() check_taken(row[4], 0, { ["retry-after-ms"] = row[2], ["retry-after"] = row[3] }) end)
    end

    it("may be rubbish as retry-after is", function()
      check_own_backoff { ["retry-after-ms"] = "soon", ["retry-after"] = "later" }
    end)
  end)

  it("is waited for", function()
    local wait
    local script = server.script { rows.then_luck(rows.answered(fault.answer(429, "", { ["retry-after-ms"] = "2" }))) }
    local client = rows.client(script.base_url, { max_retries = 1, retry_delay = 4 })
    assert.are.equal(rows.id, (client.cancel(rows.id, { on_retry = function(info) wait = info.wait end })).id)
    assert.are.equal(0.002, wait)
    script.close()
  end)

  it("is told of the last answer, not of one before", function()
    local first = fault.answer(429, "", { ["retry-after-ms"] = "2" }, { connection = "close" })
    local script = server.script(rows.connections { first, 400 })
    local _, failure = rows.client(script.base_url, { max_retries = 1 }).cancel(rows.id)
    assert.are.equal("bad_request", failure.kind)
    assert.is_nil(failure.retry_after)
    script.close()
  end)

  it("is told when a refusal is final anyway", function()
    local failure, wait = call({ ["retry-after"] = "20" }, nil, 403)
    assert.is_nil(wait)
    assert.are.same({ "permission_denied", 20 }, { failure.kind, failure.retry_after })
  end)
end)
