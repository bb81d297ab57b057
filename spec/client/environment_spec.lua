-- SPDX-License-Identifier: MIT
-- What the module and `new` take from the environment, seen from child interpreters with an environment of their own.

local check = require "spec.support.check"
local script = require "spec.support.script"
local with_service = require "spec.support.with_service"

describe("the environment", function()
  local id

  local service = with_service.emulator()

  before_each(function() id = service.make_uploads(1)[1] end)

  local function run(code, environment)
    local all = check.merged(
      { OPENAI_BASE_URL = service.base_url, OPENAI_API_KEY = check.key, ID = id, DEAD_URL = check.dead_url },
      environment or {})
    local result = script.run(code, all)
    assert.are.same({ "", 0 }, { result.stderr, result.status })
    return result.stdout
  end

  -- What the cancel in the code came to: "cancelled", or the failure as text.
  local function outcome(settings, environment)
    return (run(([[
      local uploads = require "openai_uploads"
      local client = %s
      local upload, failure = client.cancel(os.getenv "ID", { max_retries = 0 })
      io.write(upload and upload.status or tostring(failure))
    ]]):format(settings), environment))
  end

  local clients = { { "the module", "uploads" }, { "new()", "uploads.new()" }, { "new {}", "uploads.new {}" } }
  for _, row in ipairs(clients) do
    it(("gives %s its key and its base URL"):format(row[1]), function()
      assert.are.equal("cancelled", outcome(row[2]))
      local request = check.only_request(service)
      assert.are.equal("Bearer " .. check.key, request.headers.authorization)
      assert.are.equal("/v1/uploads/" .. id .. "/cancel", request.uri)
    end)

    it(("gives %s organization, project and headers"):format(row[1]), function()
      outcome(row[2], {
        OPENAI_ORG_ID = "org-1", OPENAI_PROJECT_ID = "proj-1",
        OPENAI_CUSTOM_HEADERS = "X-One: 1\nX-Two:2\r\n\n  X-Three :  a: b  \nACCEPT: text/plain\n",
      })
      local headers = check.only_request(service).headers
      assert.are.same({ "org-1", "proj-1", "1", "2", "a: b", "text/plain" }, {
        headers["openai-organization"], headers["openai-project"], headers["x-one"], headers["x-two"],
        headers["x-three"], headers.accept,
      })
    end)
  end

  it("gives way to settings", function()
    local settings = [[uploads.new { base_url = os.getenv "URL", api_key = "sk-mine", organization = "org-2",
      project = "proj-2", headers = { ["x-one"] = "mine", ["X-Gone"] = false } }]]
    assert.are.equal("cancelled", outcome(settings, {
      URL = service.base_url, OPENAI_BASE_URL = check.dead_url, OPENAI_ORG_ID = "org-1", OPENAI_PROJECT_ID = "proj-1",
      OPENAI_CUSTOM_HEADERS = "X-One: 1\nX-Gone: 1\nX-Two: 2",
    }))
    local headers = check.only_request(service).headers
    assert.are.same({ "Bearer sk-mine", "org-2", "proj-2", "mine", "2" }, {
      headers.authorization, headers["openai-organization"], headers["openai-project"], headers["x-one"],
      headers["x-two"],
    })
    assert.is_nil(headers["x-gone"])
  end)

  it("gives way to an empty setting, too", function()
    outcome([[uploads.new { organization = "", project = "" }]],
      { OPENAI_ORG_ID = "org-1", OPENAI_PROJECT_ID = "proj-1" })
    local headers = check.only_request(service).headers
    assert.are.same({}, { headers["openai-organization"], headers["openai-project"] })
    check.holds("no API key", outcome [[uploads.new { api_key = "" }]])
  end)

  it("holds nothing in variables that are empty", function()
    outcome("uploads", { OPENAI_ORG_ID = "", OPENAI_PROJECT_ID = "", OPENAI_CUSTOM_HEADERS = "", OPENAI_LOG = "" })
    local headers = check.only_request(service).headers
    assert.are.same({ "accept", "accept-encoding", "authorization", "content-length", "host", "user-agent" },
      check.sorted_names(headers))
    assert.are.equal("configuration: no API key: set OPENAI_API_KEY, or pass api_key to new",
      outcome("uploads", { OPENAI_API_KEY = "" }))
  end)

  -- The proxy is there to see where the call is bound, and keeps it on this machine.
  it("leads to OpenAI itself when it names no other base URL", function()
    local events = run([[
      local uploads = require "openai_uploads"
      local client = uploads.new { proxy = "http://127.0.0.1:1", max_retries = 0,
        log = function(event) io.write(event.event, " ", event.url, "\n") end }
      client.cancel("upload_1")
    ]], { OPENAI_BASE_URL = "" })
    assert.are.equal(("request %s\ndone %s\n"):gsub("%%s", "https://api.openai.com/v1/uploads/upload_1/cancel"), events)
  end)

  local around = {
    { "a line feed", "", "\n" }, { "CR and LF", "", "\r\n" }, { "blanks", " \t", "\t " },
    { "a byte order mark", "\239\187\191", "" }, { "all of them", "\239\187\191\r\n ", " \r\n" },
    { "no-break spaces", "\194\160", "\194\160" },
  }
  for _, row in ipairs(around) do
    it(("is read without %s around its values"):format(row[1]), function()
      local function with(text) return row[2] .. text .. row[3] end
      assert.are.equal("cancelled", outcome("uploads", {
        OPENAI_API_KEY = with(check.key), OPENAI_BASE_URL = with(service.base_url), OPENAI_ORG_ID = with "org-1",
        OPENAI_PROJECT_ID = with "proj-1", OPENAI_CUSTOM_HEADERS = with("X-One: 1\nX-Two: 2"), OPENAI_LOG = with "off",
      }))
      local headers = check.only_request(service).headers
      assert.are.same({ "Bearer " .. check.key, "org-1", "proj-1", "1", "2" }, {
        headers.authorization, headers["openai-organization"], headers["openai-project"], headers["x-one"],
        headers["x-two"],
      })
    end)

    it(("holds nothing in values that are %s alone"):format(row[1]), function()
      local nothing = row[2] .. row[3]
      assert.are.equal("cancelled", outcome("uploads",
        { OPENAI_ORG_ID = nothing, OPENAI_PROJECT_ID = nothing, OPENAI_CUSTOM_HEADERS = nothing }))
      local headers = check.only_request(service).headers
      assert.are.same({ "accept", "accept-encoding", "authorization", "content-length", "host", "user-agent" },
        check.sorted_names(headers))
      check.holds("no API key", outcome("uploads", { OPENAI_API_KEY = nothing }))
    end)
  end

  it("does not reach a key that the program gives", function()
    check.holds("api_key contains a line break", outcome([[uploads.new { api_key = os.getenv "KEY" }]],
      { KEY = check.key .. "\n" }))
  end)

  describe("that names authorities", function()
    local function over_tls(settings, environment)
      return outcome(settings, check.merged({ OPENAI_BASE_URL = service.tls.good, CA = service.ca_file }, environment))
    end

    for _, variable in ipairs { "SSL_CERT_FILE", "CURL_CA_BUNDLE" } do
      it(("is heeded: %s"):format(variable), function()
        assert.are.equal("cancelled", over_tls("uploads", { [variable] = service.ca_file .. "\n" }))
        local text = over_tls("uploads", { [variable] = "/no/such/file" })
        check.holds(("tls: %s '/no/such/file' cannot be opened: there is no such file"):format(variable), text)
      end)

      it(("gives way to ca_file: %s"):format(variable), function()
        assert.are.equal("cancelled",
          over_tls([[uploads.new { ca_file = os.getenv "CA" }]], { [variable] = "/no/such/file" }))
        check.holds("tls: ", over_tls([[uploads.new { ca_file = "" }]], { [variable] = service.ca_file }))
      end)
    end

    it("is heeded: SSL_CERT_DIR", function()
      local folder = os.tmpname()
      os.remove(folder)
      os.execute(("unset LD_PRELOAD; mkdir FOLDER && cp %s FOLDER/a.pem && openssl rehash FOLDER")
        :format(service.ca_file):gsub("FOLDER", folder))
      local text = over_tls("uploads", { SSL_CERT_DIR = folder })
      os.execute("rm -r " .. folder)
      assert.are.equal("cancelled", text)
      check.holds("tls: ", over_tls("uploads", {}))
    end)
  end)

  local unusable = {
    { "OPENAI_API_KEY", "sk-1\nX-Smuggled: 1", "OPENAI_API_KEY contains a line break" },
    { "OPENAI_ORG_ID", "org\r\nX-Smuggled: 1", "OPENAI_ORG_ID contains a line break" },
    { "OPENAI_PROJECT_ID", "proj\n1", "OPENAI_PROJECT_ID contains a line break" },
    { "OPENAI_BASE_URL", "nonsense", "OPENAI_BASE_URL 'nonsense' is no URL that begins with https://" },
    { "OPENAI_BASE_URL", "http://api.openai.com/v1", "unencrypted" },
    { "OPENAI_CUSTOM_HEADERS", "X-One: 1\nnonsense", "OPENAI_CUSTOM_HEADERS has a line that is not 'Name: value'" },
    { "OPENAI_CUSTOM_HEADERS", "X One: 1", "header's name" },
    { "OPENAI_CUSTOM_HEADERS", "Content-Length: 5", "is set by the client itself" },
  }
  for _, row in ipairs(unusable) do
    it(("that cannot work is a failure of each call: %s=%s"):format(row[1], row[2]:gsub("%c", "?")), function()
      for _, client in ipairs { "uploads", "uploads.new()" } do
        local failure = outcome(client, { [row[1]] = row[2] })
        check.holds("configuration: ", failure)
        check.holds(row[3], failure)
      end
      check.nothing_sent(service)
    end)
  end

  describe("is read", function()
    -- A child's only way to change its environment on every Lua: C's clearenv, which takes nothing and returns 0.
    local forget = [[
      local clearenv = package.loadlib("libc.so.6", "clearenv")
      if not clearenv then io.write "no clearenv" os.exit(0) end
      local id = os.getenv "ID"
      local function show(upload, failure) io.write(upload and upload.status or failure.message, "\n") end
    ]]

    local function after_forgetting(code, expected)
      local output = run(forget .. code)
      if output == "no clearenv" then pending("this C library has no clearenv to call") end
      assert.are.equal(expected, output)
    end

    local missing = "no API key: set OPENAI_API_KEY, or pass api_key to new\n"

    it("by the module at its first call, not when it is loaded", function()
      after_forgetting([[
        local uploads = require "openai_uploads"
        clearenv()
        show(uploads.cancel(id))
      ]], missing)
    end)

    it("by the module once", function()
      after_forgetting([[
        local uploads = require "openai_uploads"
        uploads.cancel("upload_unknown")
        clearenv()
        show(uploads.cancel(id))
      ]], "cancelled\n")
    end)

    it("by new {} at once", function()
      after_forgetting([[
        local client = require("openai_uploads").new {}
        clearenv()
        show(client.cancel(id))
      ]], "cancelled\n")
    end)

    it("by new() at once", function()
      after_forgetting([[
        local client = require("openai_uploads").new()
        clearenv()
        show(client.cancel(id))
      ]], "cancelled\n")
    end)
  end)

  describe("that names a proxy", function()
    local dead = "http://127.0.0.1:1"
    local proxies = { http_proxy = dead, https_proxy = dead, HTTPS_PROXY = dead, all_proxy = dead, ALL_PROXY = dead }

    it("does not lead a plain loopback call off this machine", function()
      assert.are.equal("cancelled", outcome("uploads", proxies))
    end)

    it("is heeded over TLS", function()
      check.holds("connection: ", outcome("uploads", check.merged(proxies, { OPENAI_BASE_URL = service.tls.good })))
    end)

    it("gives way to the setting, which may be none", function()
      local environment = check.merged(proxies, { OPENAI_BASE_URL = service.tls.good, CA = service.ca_file })
      assert.are.equal("cancelled", outcome([[uploads.new { proxy = "", ca_file = os.getenv "CA" }]], environment))
    end)
  end)
end)
