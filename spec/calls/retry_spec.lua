-- SPDX-License-Identifier: MIT
-- Which attempts are made again, how often, and after which waits of our own.

local uploads = require "openai_uploads"
local fault = require "spec.support.fault"
local rows = require "spec.support.rows"
local with_service = require "spec.support.with_service"

describe("a retry", function()

  local server = with_service.fault_server()

  -- Calls where the attempts meet these events, good luck after them. Returns the result, what on_retry was told, and
  -- what the server saw; the same client goes on.
  local function call(events, settings, options)
    local told = {}
    local script = server.script(rows.connections(events))
    local all = { on_retry = function(info) told[#told + 1] = info end }
    for name, value in pairs(settings or {}) do all[name] = value end
    local client = rows.client(script.base_url, all)
    local upload, failure = client.cancel(rows.id, options)
    local seen = script.seen()
    rows.check_luck(client)
    script.close()
    return { upload = upload, failure = failure }, told, seen
  end

  local function answer(status, headers) return fault.answer(status, "", headers, { connection = "close" }) end

  local function check_retried(event, retried, settings)
    local all = { max_retries = 1 }
    for name, value in pairs(settings or {}) do all[name] = value end
    local result, told, seen = call({ event }, all)
    assert.are.equal(retried, result.upload ~= nil)
    assert.are.equal(retried and 2 or 1, #seen.requests)
    assert.are.equal(retried and 1 or 0, #told)
    if not retried then assert.are.equal(1, result.failure.attempts) end
  end

  describe("happens", function()
    for _, status in ipairs { 408, 409, 429, 500, 502, 503, 504, 529, 599 } do
      it("after " .. status, function() check_retried(status, true) end)
    end
    for _, event in ipairs { "reset", "close", "cut", "rubbish" } do
      it("after a connection failure: " .. event, function() check_retried(event, true) end)
    end
    it("after a timeout, which is one for each attempt", function()
      local result, _, seen = call({ "stall", "stall", "stall" }, { max_retries = 3, timeout = 0.1 })
      assert.are.equal(rows.id, result.upload.id)
      assert.are.equal(4, #seen.requests)
    end)
  end)

  describe("does not happen", function()
    for _, status in ipairs { 300, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405, 410, 413, 422, 451, 501 } do
      it("after " .. status, function() check_retried(status, false) end)
    end
    it("after a 2xx that is no Upload", function() check_retried(answer(200), false) end)
    it("after an answer that is too large", function()
      check_retried(fault.answer(200, ("x"):rep(2000)), false, { max_response_bytes = 1000 })
    end)
  end)

  describe("that the service advises on by x-should-retry", function()
    local advice = {
      { 400, "true", true }, { 401, "true", true }, { 404, "True", true }, { 410, "true", true }, { 302, "true", true },
      { 408, "false", false }, { 409, "false", false }, { 429, "false", false }, { 500, "false", false },
      { 503, "FALSE", false },
      { 400, "yes", false }, { 400, "", false }, { 429, "no", true }, { 503, "0", true }, { 200, "true", false },
    }
    for _, row in ipairs(advice) do
      it(("'%s' with %d %s"):format(row[2], row[1], row[3] and "happens" or "does not"), function()
        check_retried(answer(row[1], { ["x-should-retry"] = row[2] }), row[3])
      end)
    end
  end)

  describe("happens max_retries times at most:", function()
    local always = {}
    for index = 1, 9 do always[index] = 503 end
    for _, row in ipairs { { 0, 0 }, { 1, 1 }, { 5, 5 }, { nil, 2 } } do
      local max_retries, times = row[1], row[2]
      it(("%d for %s"):format(times, tostring(max_retries or "the default")), function()
        local script = server.script(rows.connections(always))
        local told = {}
        local client = uploads.new {
          base_url = script.base_url, api_key = "sk", proxy = "", max_retries = max_retries, retry_delay = 0.001,
          on_retry = function(info) told[#told + 1] = info end,
        }
        local row_of_failure = { kind = "server", status = 503, attempts = times + 1, may = true, says = "503" }
        rows.check_failure(row_of_failure, client.cancel(rows.id))
        assert.are.equal(times + 1, #script.seen().requests)
        assert.are.equal(times, #told)
        for index, info in ipairs(told) do
          assert.are.same({ index, times, "server", 503, index },
            { info.attempt, info.max_retries, info.failure.kind, info.failure.status, info.failure.attempts })
        end
        script.close()
      end)
    end

    it("of the call rather than of the client", function()
      local result, _, seen = call({ 503, 503 }, { max_retries = 0 }, { max_retries = 2 })
      assert.are.equal(rows.id, result.upload.id)
      assert.are.equal(3, #seen.requests)
    end)
  end)

  describe("waits", function()
    local function waits_of(settings)
      local events, waits = {}, {}
      for index = 1, settings.max_retries do events[index] = 503 end
      local result, told = call(events, settings)
      assert.are.equal(rows.id, result.upload.id)
      for index, info in ipairs(told) do waits[index] = info.wait end
      return waits
    end

    local function check_jitter(longest, wait)
      assert.is_true(wait >= 0.75 * longest and wait <= longest,
        ("%.9f is not within 0.75 and 1 of %.9f"):format(wait, longest))
    end

    it("twice as long each time, up to max_retry_delay, less up to a quarter", function()
      local waits = waits_of { max_retries = 6, retry_delay = 0.001, max_retry_delay = 0.006 }
      local longest = { 0.001, 0.002, 0.004, 0.006, 0.006, 0.006 }
      assert.are.equal(#longest, #waits)
      for index, wait in ipairs(waits) do check_jitter(longest[index], wait) end
    end)

    it("max_retry_delay at once when that is less than retry_delay", function()
      check_jitter(0.002, waits_of({ max_retries = 1, retry_delay = 7, max_retry_delay = 0.002 })[1])
    end)

    it("not at all when retry_delay is 0", function()
      assert.are.same({ 0, 0 }, waits_of { max_retries = 2, retry_delay = 0 })
    end)

    it("half a second by default", function()
      local script = server.script(rows.connections { 503 })
      local wait
      local client = uploads.new { base_url = script.base_url, api_key = "sk", proxy = "" }
      client.cancel(rows.id, { on_retry = function(info) wait = info.wait error("enough") end })
      check_jitter(0.5, wait)
      script.close()
    end)

    it("not as long as all others do", function()
      local different, count = {}, 0
      for _ = 1, 10 do different[waits_of({ max_retries = 1, retry_delay = 0.001 })[1]] = true end
      for _ in pairs(different) do count = count + 1 end
      assert.is_true(count > 1)
    end)
  end)

  describe("sends", function()
    it("the same request again, body and all", function()
      local script = server.script(rows.connections { 503, "close" })
      local client = rows.client(script.base_url, { max_retries = 2 })
      local params = { filename = "a.jsonl", purpose = "batch", bytes = 7, mime_type = "text/jsonl" }
      assert.are.equal(rows.id, (client.create(params)).id)
      local requests = script.seen().requests
      assert.is_truthy(requests[1]:find('"filename":"a.jsonl"', 1, true))
      assert.are.same({ requests[1], requests[1], requests[1] }, requests)
      script.close()
    end)

    it("the key that api_key gives for each attempt", function()
      local count = 0
      local function api_key()
        count = count + 1
        return ("sk-number-%d"):format(count)
      end
      local _, _, seen = call({ 503, "reset" }, { max_retries = 2, api_key = api_key })
      for index, request in ipairs(seen.requests) do
        assert.are.equal("sk-number-" .. index, request:match("\r\nAuthorization: Bearer ([^\r]*)\r\n"))
      end
      assert.are.equal(3, #seen.requests)
    end)
  end)

  describe("is given up", function()
    local function check_given_up(row, settings)
      local script = server.script(rows.connections { 503 })
      local client = rows.client(script.base_url, settings)
      row.status = 503
      rows.check_failure(row, client.cancel(rows.id, { max_retries = 2, on_retry = row.on_retry }))
      assert.are.equal(1, #script.seen().requests)
      script.close()
    end

    for _, row in ipairs {
      { "a text", function() error("enough", 0) end, "on_retry raised an error: enough$" },
      { "a table", function() error {} end, "on_retry raised an error: table" },
      { "nothing", function() error() end, "on_retry raised an error: " .. tostring(select(2, pcall(error))) },
    } do
      it("when on_retry raises " .. row[1], function()
        check_given_up { on_retry = row[2], kind = "aborted", may = true, says = row[3] }
      end)
    end

    local function key_once(second)
      local asked = false
      return function()
        if asked then return second() end
        asked = true
        return "sk-of-the-specs"
      end
    end
    for _, row in ipairs {
      { "raises", function() error("no vault", 0) end, "raised an error: no vault" },
      { "has none", function() return nil, "vault is closed" end, "vault is closed" },
      { "has an empty one", function() return "" end, "no API key" },
    } do
      it("when the api_key function then " .. row[1], function()
        check_given_up({ kind = "configuration", may = true, says = row[3] }, { api_key = key_once(row[2]) })
      end)
    end
  end)
end)
