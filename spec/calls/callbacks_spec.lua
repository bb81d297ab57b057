-- SPDX-License-Identifier: MIT
-- The program's own functions: on_retry, log, api_key; and OPENAI_LOG, which needs none.

local check = require "spec.support.check"
local fault = require "spec.support.fault"
local script = require "spec.support.script"
local with_service = require "spec.support.with_service"

local id

local service = with_service.emulator()

before_each(function() id = service.make_uploads(1)[1] end)

local function fail_with(...)
  local answers = {}
  for index, status in ipairs { ... } do
    answers[index] = { status = status, headers = { ["x-request-id"] = "req_" .. index },
      body = { error = { message = "No " .. index } } }
  end
  service.answer_next(answers)
end

-- What is raised, and what is told of it.
local raisers = {
  { "a text", 'error("oh dear", 0)', "oh dear" },
  { "a number", "error(42, 0)", "42" },
  { "a table", "error({})", "table" },
  { "nothing", "error()", tostring(select(2, pcall(error))) }, -- Lua 5.5 has a text for it
  { "a long text of many lines", 'error(("oh dear\\n"):rep(1000), 0)', "oh dear" },
}
local compile = loadstring or load -- luacheck: ignore 113
for _, row in ipairs(raisers) do row.raise = assert(compile(row[2])) end

describe("on_retry", function()
  it("is told of every retry, before the wait", function()
    local infos = {}
    fail_with(500, 503)
    local client = check.client(service, { max_retry_delay = 0.002, on_retry = function(info)
      local _, count = service.requests()
      info.requests = count
      infos[#infos + 1] = info
    end })
    assert(client.cancel(id))
    assert.are.equal(2, #infos)
    for index, info in ipairs(infos) do
      assert.are.same({ "attempt", "failure", "max_retries", "requests", "wait" }, check.sorted_names(info))
      assert.are.same({ index, 2, index }, { info.attempt, info.max_retries, info.requests })
      assert.is_true(info.wait > 0 and info.wait <= 0.002)
      local failure = info.failure
      assert.are.same({ "server", index, true, "req_" .. index, "No " .. index },
        { failure.kind, failure.attempts, failure.may_have_applied, failure.request_id, failure.message })
      check.holds("server: No " .. index .. " (HTTP 50", tostring(failure))
    end
  end)

  it("is not called for a final failure, nor for a success", function()
    local calls = 0
    local client = check.client(service, { on_retry = function() calls = calls + 1 end })
    client.cancel(id)
    client.cancel(id)
    client.cancel(id, { max_retries = 0 })
    assert.are.equal(0, calls)
    fail_with(500, 500, 500)
    check.failure("server", client.cancel(id))
    assert.are.equal(2, calls)
  end)

  it("of a call stands in for the client's, for that call", function()
    local told = {}
    local function teller(name) return function() told[#told + 1] = name end end
    local client = check.client(service, { on_retry = teller "client" })
    for _, options in ipairs { {}, { on_retry = teller "call" }, {} } do
      fail_with(500)
      client.cancel(id, options)
    end
    assert.are.same({ "client", "call", "client" }, told)
  end)

  for _, row in ipairs(raisers) do
    it(("that raises %s ends the call"):format(row[1]), function()
      fail_with(500)
      local client = check.client(service, { on_retry = row.raise })
      local failure = check.failure("aborted", client.cancel(id))
      check.holds("on_retry raised an error: " .. row[3], failure.message)
      assert.are.same({ 1, true }, { failure.attempts, failure.may_have_applied })
      assert.are.equal(1, (select(2, service.requests())))
      assert(client.cancel(id))
    end)
  end

  it("that raises the failure ends the call in the failure's words", function()
    fail_with(500)
    local client = check.client(service, { on_retry = function(info) error(info.failure) end })
    check.holds("server: No 1", check.failure("aborted", client.cancel(id)).message)
  end)
end)

describe("log", function()
  local function logged(...)
    fail_with(...)
    local events = {}
    local client = check.client(service, { max_retries = 1, log = function(event) events[#events + 1] = event end })
    client.cancel(id, { query = { a = "b" } })
    return events
  end

  local function check_event(event, expected)
    local elapsed, wait = event.elapsed, event.wait
    assert.is_true(elapsed >= 0 and elapsed < 50)
    if expected.event == "retry" then assert.is_true(wait > 0 and wait <= 0.001) else assert.is_nil(wait) end
    assert.matches(expected.request_id or "^$", event.request_id or "")
    event.elapsed, event.wait, event.request_id, expected.request_id = nil, nil, nil, nil
    expected.method, expected.url = "POST", service.base_url .. "/uploads/" .. id .. "/cancel"
    assert.are.same(expected, event)
  end

  it("is told of requests, retries and the end", function()
    local events = logged(500)
    assert.are.equal(4, #events)
    check_event(events[1], { event = "request", attempt = 1 })
    check_event(events[2], { event = "retry", attempt = 1, status = 500, kind = "server",
      message = "the service answered HTTP 500", request_id = "^req_1$" })
    check_event(events[3], { event = "request", attempt = 2 })
    check_event(events[4], { event = "done", attempt = 2, status = 200, request_id = "^req_%x+$" })
  end)

  it("is told of a failure", function()
    local events = logged(404)
    assert.are.equal(2, #events)
    check_event(events[2], { event = "done", attempt = 1, status = 404, kind = "not_found",
      message = "the service answered HTTP 404", request_id = "^req_1$" })
  end)

  it("is told of a failure before anything was sent", function()
    local events = {}
    local client = check.client(service, { api_key = "", log = function(event) events[#events + 1] = event end })
    client.cancel(id)
    assert.are.equal(1, #events)
    check_event(events[1], { event = "done", attempt = 0, kind = "configuration",
      message = "no API key: set OPENAI_API_KEY, or pass api_key to new" })
  end)

  it("is told what the call tells when the answer was no Upload", function()
    local events = {}
    service.answer_next { { status = 200, body = "<html>" } }
    local failure = check.failure("decode", check.client(service).cancel(id, { log = function(event)
      events[#events + 1] = event
    end }))
    local last = events[#events]
    assert.are.same({ "done", 200, "decode", failure.message }, { last.event, last.status, last.kind, last.message })
  end)

  -- The decoder of lua-cjson, as the core keeps it.
  local function count_decoding(body)
    local registry, key, count = debug.getregistry(), "openai_uploads.json.decode", 0
    local decode = registry[key]
    registry[key] = function(text)
      count = count + 1
      return decode(text)
    end
    local ran, raised = pcall(body)
    registry[key] = decode
    assert(ran, raised)
    return count
  end

  for _, way in ipairs { "of a client", "of a call" } do
    it(way .. " has each answer decoded once", function()
      local log = function() end
      local client = check.client(service, way == "of a client" and { log = log } or nil)
      local options = way == "of a call" and { log = log } or nil
      assert.are.equal(1, count_decoding(function() assert(client.cancel(id, options)) end))
      local other, transfer = service.make_uploads(1)[1], nil
      assert.are.equal(1, count_decoding(function()
        transfer = client.start.cancel(other, options)
        assert(select(2, transfer:wait()))
      end))
      local _, again = transfer:wait()
      assert.are.equal("cancelled", again.status)
    end)
  end

  it("of a call stands in for the client's, for that call", function()
    local told = {}
    local function teller(name) return function(event) told[#told + 1] = name .. " " .. event.event end end
    local client = check.client(service, { log = teller "client" })
    client.cancel(id, { log = teller "call" })
    client.cancel(id)
    assert.are.same({ "call request", "call done", "client request", "client done" }, told)
  end)

  for _, row in ipairs(raisers) do
    it(("that raises %s spoils nothing, and is told on stderr"):format(row[1]), function()
      local result = script.run(([[
        local client = require("openai_uploads").new { log = function() %s end }
        io.write(assert(client.cancel(os.getenv "ID")).status)
      ]]):format(row[2]), { OPENAI_BASE_URL = service.base_url, OPENAI_API_KEY = check.key, ID = id })
      assert.are.same({ "cancelled", 0 }, { result.stdout, result.status })
      check.holds("openai_uploads: the log function raised an error: " .. row[3], result.stderr)
    end)
  end
end)

describe("an api_key function", function()
  it("is called before every attempt, and what it returns is the key of that attempt", function()
    local calls = 0
    fail_with(500, 429)
    local client = check.client(service, { api_key = function()
      calls = calls + 1
      return "sk-number-" .. calls
    end })
    assert(client.cancel(id))
    client.cancel(id)
    local keys = {}
    for index, request in ipairs((service.requests())) do keys[index] = request.headers.authorization end
    assert.are.same({ "Bearer sk-number-1", "Bearer sk-number-2", "Bearer sk-number-3", "Bearer sk-number-4" }, keys)
  end)

  it("is called without arguments", function()
    local count
    check.client(service, { api_key = function(...) count = select("#", ...) return check.key end }).cancel(id)
    assert.are.equal(0, count)
  end)

  it("serves Azure's header as well", function()
    check.client(service, { auth_header = "api-key", api_key = function() return "azure-key" end }).cancel(id)
    assert.are.equal("azure-key", check.only_request(service).headers["api-key"])
  end)

  it("is not asked when the program sends an Authorization itself", function()
    local settings = { api_key = function() error "asked" end, headers = { authorization = "Bearer a" } }
    assert(check.client(service, settings).cancel(id))
  end)

  it("stands in for the environment's key, whatever it returns", function()
    local result = script.run([[
      local client = require("openai_uploads").new { api_key = function() return nil, "vault is shut" end }
      io.write(select(2, client.cancel(os.getenv "ID")).message)
    ]], { OPENAI_BASE_URL = service.base_url, OPENAI_API_KEY = check.key, ID = id })
    assert.are.equal("the api_key function returned no string: vault is shut", result.stdout)
  end)

  local useless = {
    { "nothing", function() end, "the api_key function returned no string: nil" },
    { "a number", function() return 5 end, "the api_key function returned no string: number" },
    { "a reason", function() return nil, "vault is shut" end, "function returned no string: vault is shut" },
    { "an empty text", function() return "" end, "no API key" },
    { "a text of 20 000 bytes", function() return ("k"):rep(20000) end, "longer than" },
  }
  for _, row in ipairs(raisers) do
    useless[#useless + 1] =
      { "with an error: " .. row[1], row.raise, "the api_key function raised an error: " .. row[3] }
  end
  for _, row in ipairs(useless) do
    it(("that ends with no key is a failure of the call: %s"):format(row[1]), function()
      local failure = check.failure("configuration", check.client(service, { api_key = row[2] }).cancel(id))
      check.holds(row[3], failure.message)
      assert.are.same({ 0, false }, { failure.attempts, failure.may_have_applied })
      check.nothing_sent(service)
    end)
  end

  it("that fails on a retry leaves the doubt of the first attempt", function()
    local calls = 0
    fail_with(500)
    local client = check.client(service, { api_key = function()
      calls = calls + 1
      return calls == 1 and check.key or nil
    end })
    local failure = check.failure("configuration", client.cancel(id))
    assert.are.same({ 1, true }, { failure.attempts, failure.may_have_applied })
  end)
end)

describe("OPENAI_LOG", function()
  local function stderr_of(level)
    fail_with(500)
    return script.run([[
      local client = require("openai_uploads").new { retry_delay = 0.001 }
      assert(client.cancel(os.getenv "ID", { query = { a = 1 } }))
    ]], { OPENAI_BASE_URL = service.base_url, OPENAI_API_KEY = check.key, ID = id, OPENAI_LOG = level }).stderr
  end

  local function lines_of(level)
    local lines = {}
    for line in stderr_of(level):gmatch("[^\n]+") do lines[#lines + 1] = line end
    return lines, " POST " .. service.base_url .. "/uploads/" .. id .. "/cancel attempt "
  end

  it("as debug tells of requests, retries and the end on stderr, a line each", function()
    local lines, what = lines_of "debug"
    assert.are.equal(4, #lines)
    assert.are.equal("openai_uploads: request" .. what .. "1", lines[1])
    check.holds("openai_uploads: retry" .. what .. "1, HTTP 500 (request req_1), again in 0.00", lines[2])
    check.holds(" s: the service answered HTTP 500", lines[2])
    assert.are.equal("openai_uploads: request" .. what .. "2", lines[3])
    check.holds("openai_uploads: done" .. what .. "2, HTTP 200 (request req_", lines[4])
  end)

  it("as info tells how attempts ended", function()
    local lines, what = lines_of "info"
    assert.are.equal(2, #lines)
    check.holds("openai_uploads: retry" .. what .. "1, HTTP 500 (request req_1), again in 0.00", lines[1])
    check.holds("openai_uploads: done" .. what .. "2, HTTP 200 (request req_", lines[2])
  end)

  it("shows a request id as a text of one line, whatever is in it", function()
    local server = fault.start()
    local id_sent = "req_\27[2J\194\155" .. ("x"):rep(300)
    local odd = server.script { { { "request" }, { "send", fault.answer(404, "", { ["x-request-id"] = id_sent }) } } }
    local stderr = script.run('require("openai_uploads").cancel "upload_1"',
      { OPENAI_BASE_URL = odd.base_url, OPENAI_API_KEY = check.key, OPENAI_LOG = "info" }).stderr
    server.stop()
    check.holds("HTTP 404 (request req_?[2J??" .. ("x"):rep(90) .. ") in ", stderr)
  end)

  it("says that there was no answer", function()
    local stderr = script.run('require("openai_uploads").cancel("upload_1", { max_retries = 0 })',
      { OPENAI_BASE_URL = check.dead_url, OPENAI_API_KEY = check.key, OPENAI_LOG = "info" }).stderr
    check.holds("attempt 1, no answer in 0.", stderr)
  end)

  for _, level in ipairs { "off", "error", "warn", "", " " } do
    it(("as '%s' tells nothing"):format(level), function() assert.are.equal("", stderr_of(level)) end)
  end

  it("as anything else says so once", function()
    local program = [[local uploads = require "openai_uploads" uploads.new {} uploads.new {} uploads.new {}]]
    local stderr = script.run(program, { OPENAI_API_KEY = check.key, OPENAI_LOG = "verbose" }).stderr
    local line = "openai_uploads: OPENAI_LOG is 'verbose', which is none of off, error, warn, info, debug\n"
    assert.are.equal(line, stderr)
  end)

  it("as a key, put into the wrong variable, is not shown", function()
    local program = [[require("openai_uploads").new {}]]
    local stderr = script.run(program, { OPENAI_API_KEY = check.key, OPENAI_LOG = check.key }).stderr
    assert.are.equal("openai_uploads: OPENAI_LOG is none of off, error, warn, info, debug\n", stderr)
  end)
end)
