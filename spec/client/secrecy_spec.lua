-- SPDX-License-Identifier: MIT
-- A key is in no failure, no log, no text and no trace, whatever becomes of the call and whatever the server says.

local check = require "spec.support.check"
local script = require "spec.support.script"
local with_service = require "spec.support.with_service"

describe("the key", function()
  local told

  local service = with_service.emulator()

  before_each(function() told = {} end)

  local function listen(value) told[#told + 1] = check.all_text(value) end

  -- A client that hands all it says to `listen`.
  local function client_with(settings)
    return check.client(service, check.merged({ log = listen, on_retry = listen, max_retries = 1 }, settings or {}))
  end

  -- Cancels, and returns everything that could be learned of it.
  local function all_of(settings, options)
    local upload, failure, response =
      client_with(settings).cancel("upload_1", check.merged({ with_response = true }, options or {}))
    listen(upload or failure)
    listen(response)
    return table.concat(told, "\n"), failure
  end

  local function check_hidden(key, settings, options)
    local text, failure = all_of(settings, options)
    check.lacks(key, text)
    return failure
  end

  local dark_ways = {
    { "a refused key", { api_key = "sk-wrong-but-secret" }, "authentication", key = "sk-wrong-but-secret" },
    { "an unknown Upload", {}, "not_found" },
    { "a dead server", { base_url = check.dead_url }, "connection" },
    { "a dead proxy", { proxy = check.dead_url }, "connection" },
    { "a name that is no name", { base_url = "https://a..b.invalid/v1" }, "connection" },
    { "a certificate that is none of ours", { base_url = "unknown_issuer" }, "tls" },
    { "HTTP/2", { base_url = "good" }, "not_found" },
    { "a key with a line break", { api_key = check.key .. "\n" }, "configuration" },
    { "a key with a second header", { api_key = check.key .. "\r\nX-A: 1" }, "configuration" },
    { "a key that is too long", { api_key = check.key .. ("x"):rep(20000) }, "configuration" },
    { "a key in place of a URL", { base_url = check.key }, "configuration" },
    { "a key for a password", { base_url = ("https://user:%s@127.0.0.1/v1"):format(check.key) }, "configuration" },
    { "a key in a header with a line break", { headers = { ["X-A"] = check.key .. "\n" } }, "configuration" },
    { "a proxy's password", { proxy = ("http://user:%s@127.0.0.1:1"):format(check.key) }, "connection" },
  }
  for _, row in ipairs(dark_ways) do
    it(("is hidden when a call ends in %s"):format(row[1]), function()
      local settings = check.merged(row[2])
      settings.base_url = service.tls[settings.base_url] or settings.base_url
      local failure = check_hidden(row.key or check.key, settings)
      assert.are.equal(row[3], failure.kind, failure.message)
    end)
  end

  it("is hidden in what a client is", function()
    local client = client_with()
    listen(client)
    for _, value in pairs(client) do listen(value) end
    check.lacks(check.key, table.concat(told, "\n"))
  end)

  it("is hidden in the errors of misuse", function()
    local client = client_with()
    local misused = { { timeout = -1 }, { nonsense = 1 }, { headers = { Authorization = {} } }, { api_key = "x" } }
    for _, options in ipairs(misused) do
      local ok, message = pcall(client.cancel, "upload_1", options)
      assert.is_false(ok)
      check.lacks(check.key, message)
    end
  end)

  it("is hidden in a traceback", function()
    local client = client_with { api_key = function() error(debug.traceback("oh dear"), 0) end }
    check.lacks(check.key, check.all_text(select(2, client.cancel "upload_1")))
    local _, trace = xpcall(function() client.cancel "" end, debug.traceback)
    check.lacks(check.key, trace)
  end)

  describe("that a server echoes is hidden:", function()
    local header = "Bearer " .. check.key
    local echoes = {
      { "in its message", { body = { error = { message = "You sent Authorization: " .. header, code = check.key } } } },
      { "twice", { body = { error = { message = header .. header } } } },
      { "in a plain text", { body = header } },
      { "in HTML", { body = "<p>" .. header .. "</p>" } },
      { "in a JSON field that nobody reads", { body = { detail = { request = { header } } } } },
      { "in a header", { headers = { ["x-echo"] = header, ["x-request-id"] = check.key }, body = "" } },
      { "in a location", { status = 307, headers = { location = "https://a.example/?key=" .. check.key }, body = "" } },
      { "in an answer to be retried", { status = 500, body = { error = { message = header } } } },
      { "in an answer that is no Upload", { status = 200, body = header } },
      { "in an Upload that is another", { status = 200, body = { id = "upload_2", filename = header } } },
      { "in an error inside a 200", { status = 200, body = { error = { message = header, code = header } } } },
      { "in another status", { status = 418, body = { error = header } } },
    }
    for _, row in ipairs(echoes) do
      it(row[1], function()
        local answer = check.merged({ status = 400 }, row[2])
        service.answer_next { answer, answer }
        check_hidden(check.key, {})
      end)
    end

    it("in an answer over its size", function()
      service.answer_next { { status = 400, body = header .. (" "):rep(2000) } }
      check_hidden(check.key, { max_response_bytes = 1000 })
    end)

    it("over TLS, and from an api_key function", function()
      local key = "sk-from-a-function"
      service.answer_next { { status = 400, body = { error = { message = key } } } }
      check_hidden(key, { base_url = service.tls.good, api_key = function() return key end })
    end)

    it("as Azure's", function()
      service.answer_next { { status = 400, body = { error = { message = check.key } } } }
      check_hidden(check.key, { auth_header = "api-key" })
    end)

    it("with escapes in it, as JSON is written", function()
      local key = 'sk-of/the"specs\\0123456789'
      service.answer_next { { status = 400, body = { error = { message = "You sent " .. key } } } }
      check_hidden(key, { api_key = key })
    end)

    it("without the blanks around it", function()
      service.answer_next { { status = 400, body = { error = { message = check.key } } } }
      check_hidden(check.key, { api_key = check.key .. " " })
    end)

    it("when the program set the header itself", function()
      service.answer_next { { status = 400, body = { error = { message = header } } } }
      check_hidden(check.key, { api_key = "", headers = { Authorization = header } })
    end)
  end)

  describe("that the program put elsewhere is hidden in an echo:", function()
    local key = "sk-elsewhere/0123456789"
    local places = {
      { "X-Api-Key", { headers = { ["X-Api-Key"] = key } } },
      { "Cookie", { headers = { Cookie = key } } },
      { "the query", { query = { ["api-key"] = key } } },
      { "base_url", {}, "?a=b&token=sk-elsewhere%2F0123456789" },
    }
    for _, place in ipairs(places) do
      for _, spelled in ipairs { key, "sk-elsewhere\\/0123456789", "sk-elsewhere%2f0123456789" } do
        it(("%s, as %s"):format(place[1], spelled), function()
          service.answer_next { { status = 400, headers = { ["x-echo"] = spelled }, body = "You sent " .. spelled } }
          local settings = check.merged({ base_url = service.base_url .. (place[3] or "") }, place[2])
          local text, failure = all_of(settings)
          assert.are.equal("bad_request", failure.kind)
          check.lacks(key, text)
          check.lacks(spelled, text)
        end)
      end
    end
  end)

  describe("in a part of a header is hidden in an echo of that part:", function()
    local secret = "inner-secret-0123456789"
    local basic = "Basic dXNlcjppbm5lci1zZWNyZXQtMDEyMzQ1Njc4OQ==" -- user:inner-secret-0123456789
    local headers = {
      { "the first cookie", { Cookie = ("a=%s; b=c"):format(secret) } },
      { "a later cookie", { Cookie = ("b=c; a=%s"):format(secret) } },
      { "the password of Basic", { Authorization = basic } },
      { "the password of Basic for a proxy", { ["Proxy-Authorization"] = basic } },
      { "a parameter of credentials", { Authorization = ('Digest username="u", response="%s"'):format(secret) } },
    }
    for _, row in ipairs(headers) do
      it(row[1], function()
        service.answer_next { { status = 400, headers = { ["x-echo"] = secret }, body = "You sent " .. secret } }
        check_hidden(secret, { headers = row[2] })
      end)
    end
  end)

  describe("that is a word", function()
    local word = "fine-tune"

    local function failure_of(message, key)
      service.answer_next { { status = 400, body = { error = { message = message } } } }
      return check.failure("bad_request", client_with({ api_key = key or word }).cancel "upload_1")
    end

    it("leaves the sense of a message alone", function()
      local message = "Invalid value: 'x'. Supported values are: 'fine-tune' and 'not-needed'."
      assert.are.equal(message, failure_of(message).message)
      assert.are.equal(message, failure_of(message, "not-needed").message)
    end)

    for _, words in ipairs {
      "Incorrect API key provided: fine-tune.", "You sent Authorization: Bearer fine-tune",
      "The token 'fine-tune' is bad",
    } do
      it("is hidden where it is told as a key: " .. words, function()
        local failure = failure_of(words)
        assert.are.equal((words:gsub("fine%-tune", "*********")), failure.message)
        check.lacks(word, check.all_text(failure))
      end)
    end

    for _, key in ipairs { "sk-no-key-required", "correct-horse-battery-staple", "password1", "Fine-Tune-7" } do
      it(("is taken for no word when it is '%s'"):format(key), function()
        check.lacks(key, check.all_text(failure_of("Supported values are: " .. key, key)))
      end)
    end
  end)

  describe("never changes an answer that succeeds:", function()
    for _, key in ipairs { "fine-tune", "not-needed", "upload.object", check.key } do
      it(("'%s'"):format(key), function()
        local body = { id = "upload_1", purpose = key, filename = "my " .. key .. ".jsonl" }
        service.answer_next { { status = 200, headers = { ["x-purpose"] = key }, body = body } }
        local client = client_with { api_key = key }
        local upload, failure, response = client.cancel("upload_1", { with_response = true })
        assert.is_nil(failure)
        assert.are.same(body, upload)
        assert.are.equal(key, response.headers["x-purpose"])
        check.lacks(key, table.concat(told, "\n"))
      end)
    end

    it("that is polled more than once", function()
      local body = { id = "upload_1", purpose = check.key }
      service.answer_next { { status = 200, body = body } }
      local transfer = client_with().start.cancel "upload_1"
      transfer:wait()
      for _ = 1, 2 do assert.are.same(body, (select(2, transfer:poll()))) end
    end)
  end)

  it("values of a query are in no log", function()
    service.answer_next { { status = 500 } }
    local query = { secret = "word-of-the-query" }
    check_hidden(query.secret, { query = query }, { query = query })
    check_hidden(query.secret, { base_url = service.base_url .. "?secret=" .. query.secret })
  end)

  describe("in a program of its own", function()
    -- The program is given the key and its URL, and must not print the key, in no way it can end.
    local function printed(code, environment)
      local client = 'local uploads = require("openai_uploads").new { retry_delay = 0.001 }\n'
      local result = script.run(client .. code, check.merged({
        OPENAI_BASE_URL = service.base_url .. "?token=word-of-the-query", OPENAI_API_KEY = check.key,
        OPENAI_LOG = "debug",
      }, environment or {}))
      local text = result.stdout .. result.stderr
      check.lacks(check.key, text)
      check.lacks("word-of-the-query", text)
      check.holds("openai_uploads: done POST " .. service.base_url, text)
      return text
    end

    local programs = {
      { "prints a failure", "print(uploads.cancel 'upload_1')" },
      { "prints all it finds", [[
        local function show(value)
          print(value)
          if type(value) == "table" then for name, field in pairs(value) do show(name) show(field) end end
        end
        show(select(2, uploads.cancel("upload_1", { with_response = true, log = show, on_retry = show })))
        show(uploads)]] },
      { "dies of a failure", "error(tostring(select(2, uploads.cancel 'upload_1')))" },
      { "dies of an assert", "assert(uploads.cancel 'upload_1')" },
      { "dies of misuse", "uploads.cancel 'upload_1' uploads.cancel ''" },
    }
    for _, row in ipairs(programs) do
      it(("is hidden when it %s"):format(row[1]), function()
        local echo = { error = { message = "You sent Bearer " .. check.key } }
        service.answer_next { { status = 500, body = echo }, { status = 400, body = echo } }
        printed(row[2])
      end)
    end

    it("is hidden when it was set in OPENAI_CUSTOM_HEADERS", function()
      service.answer_next { { status = 401, body = "You sent Bearer " .. check.key } }
      printed(programs[2][2], { OPENAI_CUSTOM_HEADERS = "Authorization: Bearer " .. check.key })
    end)
  end)
end)
