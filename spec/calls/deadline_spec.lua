-- SPDX-License-Identifier: MIT
-- The time for all attempts and waits of a call together.

local socket = require "socket"
local openai_uploads = require "openai_uploads"
local fault = require "spec.support.fault"
local rows = require "spec.support.rows"
local with_service = require "spec.support.with_service"

-- Computes, so to speak, until so much time has gone.
local function dawdle(seconds)
  local until_then = socket.gettime() + seconds
  repeat until socket.gettime() > until_then
end

describe("a deadline", function()

  local server = with_service.fault_server()

  -- Calls where the attempts meet these events, and good luck after them. Returns what on_retry was told.
  local function check(events, options, row)
    local told = {}
    local script = server.script(rows.connections(events))
    local client = rows.client(script.base_url, { on_retry = function(info) told[#told + 1] = info end })
    local upload, failure = client.cancel(rows.id, options)
    rows.check_failure(row, upload, failure)
    rows.check_luck(client)
    script.close()
    return told
  end

  local named = "deadline of 0%.15 s"

  describe("that passes", function()
    it("ends the one attempt under way, and there is no other", function()
      local told = check({ "stall" }, { deadline = 0.15, max_retries = 1000, retry_delay = 0 },
        { kind = "timeout", attempts = 1, may = true, says = named })
      assert.are.equal(0, #told)
    end)

    it("ends a later attempt", function()
      check({ 503, "stall" }, { deadline = 0.15, max_retries = 2 },
        { kind = "timeout", attempts = 2, may = true, says = named })
    end)

    it("ends the last of those that had a timeout of their own", function()
      local told = {}
      local client = rows.client((server.silent()), { on_retry = function(info) told[#told + 1] = info.failure end })
      local options = { deadline = 0.3, timeout = 0.05, max_retries = 1000, retry_delay = 0 }
      local upload, failure = client.cancel(rows.id, options)
      local row = { kind = "timeout", attempts = #told + 1, may = true, says = "deadline" }
      rows.check_failure(row, upload, failure)
      assert.is_true(#told >= 1)
      for index, earlier in ipairs(told) do
        rows.check_failure({ kind = "timeout", attempts = index, may = true, says = "timed out" }, nil, earlier)
      end
    end)

    it("leaves no doubt after a refusal alone", function()
      check({ 429 }, { deadline = 0.15, max_retries = 2, on_retry = function() dawdle(0.16) end },
        { kind = "timeout", status = 429, attempts = 1, may = false, says = "deadline" })
    end)

    it("in the api_key function lets no request begin", function()
      local script = server.script { rows.lucky }
      local client = rows.client(script.base_url, {
        api_key = function()
          dawdle(0.06)
          return "sk-late"
        end,
      })
      local row = { kind = "timeout", attempts = 0, may = false, says = "deadline" }
      rows.check_failure(row, client.cancel(rows.id, { deadline = 0.05 }))
      assert.are.equal(0, #script.seen().requests)
      rows.check_luck(client)
      script.close()
    end)

    for _, row in ipairs { { "a connect", "http", "full" }, { "a TLS handshake", "https", "silent" } } do
      it(("ends %s, and nothing was sent"):format(row[1]), function()
        local base_url = server[row[3]]():gsub("^http:", row[2] .. ":")
        local client = rows.client(base_url)
        local failure = { kind = "timeout", attempts = 1, may = false, says = named }
        rows.check_failure(failure, client.cancel(rows.id, { deadline = 0.15, max_retries = 2 }))
        rows.check_failure(failure, client.cancel(rows.id, { deadline = 0.15, max_retries = 2 }))
      end)
    end

    it("ends a drip", function()
      local script = server.script { { { "request" }, { "drip", rows.good_answer, 0.02 } }, rows.lucky }
      local client = rows.client(script.base_url)
      local row = { kind = "timeout", may = true, says = named }
      rows.check_failure(row, client.cancel(rows.id, { deadline = 0.15 }))
      rows.check_luck(client)
      script.close()
    end)
  end)

  describe("that a wait would reach beyond ends the call at once, with the failure before the wait:", function()
    local function slow_down(status)
      return fault.answer(status, "", { ["retry-after"] = "4" }, { connection = "close" })
    end
    local own, asked = { deadline = 2, retry_delay = 4, max_retry_delay = 4 }, { deadline = 2 }
    local before_waits = {
      { "503", 503, own, kind = "server", status = 503, may = true, says = "503" },
      { "429", 429, own, kind = "rate_limit", status = 429, may = false, says = "429" },
      { "a reset", "reset", own, kind = "connection", may = true, says = "reset" },
      { "a cut answer", "cut", own, kind = "connection", status = 200, may = true, says = "cut off" },
      { "429 with retry-after", slow_down(429), asked, kind = "rate_limit", status = 429, may = false, says = "429",
        fields = { retry_after = 4 } },
      { "503 with retry-after", slow_down(503), asked, kind = "server", status = 503, may = true, says = "503",
        fields = { retry_after = 4 } },
    }
    for _, row in ipairs(before_waits) do
      it(row[1], function()
        row.attempts = 1
        local options = { max_retries = 2 }
        for name, value in pairs(row[3]) do options[name] = value end
        local told = check({ row[2] }, options, row)
        assert.are.equal(0, #told)
      end)
    end

    it("a timeout of its own", function()
      local told = check({ "stall" }, { deadline = 2, timeout = 0.1, retry_delay = 4, max_retries = 2 },
        { kind = "timeout", attempts = 1, may = true, says = "timed out" })
      assert.are.equal(0, #told)
    end)

    it("a refused connection", function()
      local client = rows.client((server.refused()), { max_retries = 2, retry_delay = 4, deadline = 2 })
      rows.check_failure({ kind = "connection", may = false, says = "[Cc]onnect" }, client.cancel(rows.id))
    end)
  end)

  describe("that is far enough", function()
    local function check_good(events, settings, options)
      local script = server.script(rows.connections(events))
      local client = rows.client(script.base_url, settings)
      local upload, failure = client.cancel(rows.id, options)
      assert.is_nil(failure)
      assert.are.equal(rows.id, upload.id)
      script.close()
    end

    it("changes nothing", function() check_good({ 503, "reset", 429 }, nil, { deadline = 60, max_retries = 3 }) end)
    it("changes nothing when it never comes", function()
      check_good({ 503 }, nil, { deadline = math.huge, max_retries = 1 })
    end)
    it("leaves each attempt its own timeout", function()
      check_good({ "stall", "stall" }, nil, { deadline = 60, timeout = 0.1, max_retries = 2 })
    end)
    it("of a call goes before the client's", function()
      check_good({ "stall" }, { deadline = 0.001, timeout = 0.1, max_retries = 1 }, { deadline = 60 })
    end)
  end)

  describe("that several calls share", function()
    local function shared(seconds)
      local deadline = openai_uploads.deadline(seconds)
      return deadline
    end

    -- A call whose only attempt the deadline ends.
    local function check_stalled(client, options)
      rows.check_failure({ kind = "timeout", attempts = 1, may = true, says = named }, client.cancel(rows.id, options))
    end

    it("counts from the moment when it was made, and a call that begins too late sends nothing", function()
      local script = server.script(rows.connections { "stall" })
      local client = rows.client(script.base_url)
      local options = { deadline = shared(0.15), max_retries = 0 }
      check_stalled(client, options)
      local row = { kind = "timeout", attempts = 0, may = false, says = named }
      rows.check_failure(row, client.cancel(rows.id, options))
      rows.check_failure(row, select(2, client.start.cancel(rows.id, options):wait()))
      assert.are.equal(1, #script.seen().requests)
      rows.check_luck(client)
      script.close()
    end)

    it("tells how much is left", function()
      local deadline = shared(60)
      local before = deadline:left()
      dawdle(0.01)
      assert.are.equal(60, deadline:seconds())
      assert.is_true(before <= 60 and deadline:left() <= before - 0.005)
    end)

    it("is past after its time", function()
      local deadline = shared(0.001)
      dawdle(0.002)
      assert.is_true(deadline:left() < 0)
    end)

    it("may be none", function()
      assert.are.equal(math.huge, shared(math.huge):left())
      local script = server.script { rows.lucky }
      local client = rows.client(script.base_url, { deadline = 0.001 })
      assert.are.equal(rows.id, assert(client.cancel(rows.id, { deadline = shared(math.huge) })).id)
      script.close()
    end)

    it("goes before the client's, and a number in the next call before it", function()
      local script = server.script(rows.connections { "stall", "stall" })
      local client = rows.client(script.base_url, { deadline = 0.001 })
      check_stalled(client, { deadline = shared(0.15) })
      check_stalled(client, { deadline = 0.15 })
      script.close()
    end)

    it("says what is left as text", function()
      assert.matches("^openai_uploads.deadline: 59%.%d%d%d s left$", tostring(shared(59.5)))
    end)

    it("belongs to calls, and not to a client", function()
      local deadline = shared(60)
      local fine, raised = pcall(openai_uploads.new, { deadline = deadline })
      assert.are.same({ false, "bad option 'deadline' (number expected, got userdata)" }, { fine, raised })
    end)

    it("is made with a dot", function()
      local fine, raised = pcall(openai_uploads.deadline, openai_uploads, 30)
      assert.is_false(fine)
      assert.is_truthy(raised:find("it is a client: write client.deadline(...), with a dot", 1, true), raised)
    end)

    for _, value in ipairs { 0, -1, 0 / 0, "30", {}, false } do
      it("is not made of " .. tostring(value):gsub(": .*", ""), function()
        local fine, raised = pcall(shared, value)
        assert.is_false(fine)
        local wanted = "^[^:]*deadline_spec.lua:%d+: bad argument #1 to 'deadline' %(a number of seconds from 0.001 on"
        assert.is_truthy(raised:find(wanted), raised)
      end)
    end

    it("is no other userdata", function()
      local fine, raised = pcall(openai_uploads.cancel, rows.id, { deadline = io.stderr })
      assert.are.same({ false, "bad option 'deadline' (number or deadline expected, got userdata)" }, { fine, raised })
    end)

    it("is not made of another", function() assert.is_false(pcall(shared, shared(1))) end)
  end)

  it("of the client is each call's own", function()
    local script = server.script(rows.connections { "stall", "stall" })
    local client = rows.client(script.base_url, { deadline = 0.15 })
    local row = { kind = "timeout", may = true, says = named }
    rows.check_failure(row, client.cancel(rows.id))
    rows.check_failure(row, client.cancel(rows.id))
    rows.check_luck(client)
    script.close()
  end)
end)
