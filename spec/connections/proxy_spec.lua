-- SPDX-License-Identifier: MIT
-- Proxies that refuse, are dead, speak TLS, must not see the key; and what is said of them, their passwords never.

local b64 = require("mime").b64
local check = require "spec.support.check"
local fault = require "spec.support.fault"
local libcurl = require "spec.support.libcurl"
local rows = require "spec.support.rows"
local script = require "spec.support.script"
local with_service = require "spec.support.with_service"

local password = "word/of@the:proxy"
local written = "word%2Fof%40the%3Aproxy"
local secrets = { password, written, b64("me:" .. password) }

describe("a proxy", function()

  local server = with_service.fault_server()
  local service = with_service.emulator()

  local function check_hidden(value)
    local text = check.all_text(value)
    for _, secret in ipairs(secrets) do check.lacks(secret, text) end
    return text
  end

  local function with_password(address) return ("http://me:%s@%s"):format(written, address) end

  -- A client of a service that is beyond that proxy, if at all.
  local function client_beyond(proxy, settings)
    return rows.client("https://service.invalid/v1", check.merged({ proxy = proxy }, settings or {}))
  end

  local function answering(status, headers)
    return server.script { { { "head" }, { "send", fault.answer(status, "", headers) }, { "close" } } }
  end

  describe("that refuses is asked once, and named:", function()
    for _, status in ipairs { 407, 403, 400, 404, 429, 500, 501, 302 } do
      it("HTTP " .. status, function()
        local refusing = answering(status, { ["Proxy-Authenticate"] = 'Basic realm="x"', ["retry-after"] = 1 })
        local client = client_beyond(with_password(refusing.address), { max_retries = 2 })
        local failure = check.failure("connection", client.cancel "upload_1")
        check.holds(("the proxy %s (from proxy) refused the connection: HTTP %d"):format(refusing.address, status),
          failure.message)
        assert.are.same({ 1, false }, { failure.attempts, failure.may_have_applied })
        assert.are.equal(1, refusing.seen().connections)
        check_hidden(failure)
        refusing.close()
      end)
    end

    it("for each part", function()
      local refusing = answering(407)
      local client = client_beyond("http://" .. refusing.address, { max_retries = 2 })
      local failure = check.failure("connection", client.parts.create("upload_1", { data = ("x"):rep(100000) }))
      assert.are.same({ 1, false, 1 }, { failure.attempts, failure.may_have_applied, refusing.seen().connections })
      refusing.close()
    end)
  end)

  local socks = {
    { "its password", "\5\2\1\1", 1 },
    { "all ways to tell who one is", "\5\255", 1 },
    { "the service's address", "\5\0\5\2\0\1\0\0\0\0\0\0", 1 },
    { "nothing, and cannot reach the service", "\5\0\5\4\0\1\0\0\0\0\0\0", 3 },
  }
  for _, row in ipairs(socks) do
    it(("of SOCKS that refuses %s is asked %d times"):format(row[1], row[3]), function()
      local refusing = server.script { { { "send", row[2] }, { "await_close" } } }
      local client = client_beyond("socks5h://me:" .. written .. "@" .. refusing.address, { max_retries = 2 })
      local failure = check.failure("connection", client.cancel "upload_1")
      check.holds(("no connection through the proxy %s (from proxy): "):format(refusing.address), failure.message)
      assert.are.same({ row[3], false, row[3] },
        { failure.attempts, failure.may_have_applied, refusing.seen().connections })
      check_hidden(failure)
      refusing.close()
    end)
  end

  for _, status in ipairs { 502, 503, 504 } do
    it(("that could not reach the service is asked again: HTTP %d"):format(status), function()
      local refusing = answering(status)
      local client = client_beyond("http://" .. refusing.address, { max_retries = 2 })
      local failure = check.failure("connection", client.cancel "upload_1")
      check.holds("HTTP " .. status, failure.message)
      assert.are.same({ 3, false, 3 }, { failure.attempts, failure.may_have_applied, refusing.seen().connections })
      refusing.close()
    end)
  end

  it("that breaks off is asked again", function()
    local breaking = server.script { { { "head" }, { "close" } } }
    local client = client_beyond("http://" .. breaking.address, { max_retries = 2 })
    local failure = check.failure("connection", client.cancel "upload_1")
    check.holds(("no connection through the proxy %s (from proxy): "):format(breaking.address), failure.message)
    assert.are.same({ 3, false, 3 }, { failure.attempts, failure.may_have_applied, breaking.seen().connections })
    breaking.close()
  end)

  it("is given name and password as they are meant, whatever had to be encoded", function()
    local refusing = answering(407)
    client_beyond(with_password(refusing.address)).cancel "upload_1"
    check.holds("Proxy-Authorization: Basic " .. b64("me:" .. password), refusing.seen().requests[1])
    refusing.close()
  end)

  describe("that is dead is named, and so is what named it:", function()
    it("the setting", function()
      local failure = check.failure("connection", client_beyond(with_password "127.0.0.1:1").cancel "upload_1")
      check.holds("no connection through the proxy 127.0.0.1:1 (from proxy): ", check_hidden(failure))
      failure = check.failure("connection", client_beyond("http://no.such.invalid").cancel "upload_1")
      check.holds("no connection through the proxy no.such.invalid:1080 (from proxy): ", failure.message)
    end)

    for _, variable in ipairs { "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY" } do
      it(variable, function()
        local result = script.run([[print(require "openai_uploads".cancel("upload_1", { max_retries = 0 }))]], {
          [variable] = with_password "127.0.0.1:1", OPENAI_BASE_URL = "https://service.invalid/v1",
          OPENAI_API_KEY = check.key, OPENAI_LOG = "debug",
        })
        check.holds(("no connection through the proxy 127.0.0.1:1 (from %s): "):format(variable), result.stdout)
        check.holds("127.0.0.1:1", result.stderr)
        check_hidden(result)
      end)
    end
  end)

  describe("that speaks TLS is held against", function()
    local function through(settings, name)
      local proxy = service.tls[name or "good"]:match "^https://[^/]+"
      return client_beyond(proxy, check.merged({ max_retries = 1 }, settings)).cancel "upload_1"
    end

    -- nginx is no proxy, and says so: over TLS, so that was taken.
    it("ca_file", function()
      local failure = check.failure("connection", through { ca_file = service.ca_file })
      check.holds("refused the connection: HTTP 4", failure.message)
      assert.are.equal(1, failure.attempts)
      failure = check.failure("tls", through { ca_file = "" })
      check.holds("no connection through the proxy ", failure.message)
      assert.are.same({ 1, false }, { failure.attempts, failure.may_have_applied })
    end)

    it("the ca_file that was there when its client was made", function()
      local reason = libcurl.takes_no_authorities_from_memory(service)
      if reason then pending(reason) return end
      local copy = os.tmpname()
      assert(os.execute(("cp '%s' '%s'"):format(service.ca_file, copy)))
      local client = client_beyond(service.tls.good:match "^https://[^/]+", { ca_file = copy })
      os.remove(copy)
      check.holds("refused the connection: HTTP 4", check.failure("connection", client.cancel "upload_1").message)
    end)

    it("its name", function() check.failure("tls", through({ ca_file = service.ca_file }, "wrong_host")) end)

    it("nothing without verify_tls", function()
      check.holds("refused the connection: HTTP 4", check.failure("connection", through { verify_tls = false }).message)
    end)
  end)

  describe("of plain HTTP", function()
    -- What is answered, and by whom, when the service is on this machine.
    local function cancel(settings)
      return check.client(service, check.merged({ max_retries = 0 }, settings)).cancel(service.make_uploads(1)[1])
    end

    for _, proxy in ipairs { "http://10.0.0.1:3128", "10.0.0.1", "https://proxy.invalid", "socks5h://proxy.invalid",
      "http://localhost.proxy.invalid:3128" } do
      it("is not sent the key off this machine: " .. proxy, function()
        local failure = check.failure("configuration", cancel { proxy = proxy })
        check.holds("would see the key", failure.message)
        check.holds("allow_plain_http", failure.message)
        assert.are.equal(0, failure.attempts)
        check.nothing_sent(service)
      end)
    end

    it("is sent it when that is allowed", function()
      local failure = check.failure("connection", cancel { proxy = "http://no.such.invalid", allow_plain_http = true })
      check.holds("no connection through the proxy no.such.invalid:1080 (from proxy)", failure.message)
    end)

    it("on this machine is used", function()
      local address = service.base_url:match "//([^/]+)"
      assert(cancel { proxy = "http://" .. address, base_url = "http://127.0.0.1:1/v1" })
      assert.are.equal("127.0.0.1:1", check.only_request(service).headers.host)
    end)

    it("that echoes what it was sent shows no password", function()
      local header = "Proxy-Authorization: Basic " .. secrets[3]
      local echoing = server.script { rows.answered(fault.answer(407, header .. " " .. password .. " " .. written)) }
      local failure = check.failure("status", cancel { proxy = with_password(echoing.address) })
      check_hidden(failure)
      echoing.close()
    end)
  end)

  describe("whose URL has a slip is refused without showing it:", function()
    local slips = {
      { "http://me:PASSWORD@127.0.0.1:port", "is not the URL of a proxy" },
      { "http://me:PASSWORD@127.0.0.1:99999", "is not the URL of a proxy" },
      { "http://me:PASSWORD@[::1:3128", "is not the URL of a proxy" },
      { "http://me:PASSWORD@a b", "is not the URL of a proxy" },
      { "htp://me:PASSWORD@127.0.0.1:1", "has a scheme that is none of http" },
      { "PASSWORD://127.0.0.1:1", "has a scheme that is none of http" },
      { "http:/me:PASSWORD@127.0.0.1:1", "" },
      { "http//me:PASSWORD@127.0.0.1:1", "has a '/', '?' or '#' in its user name or password" },
      { "http://me:1/PASSWORD@127.0.0.1:1", "has a '/', '?' or '#' in its user name or password" },
      { "http://me:1?PASSWORD@127.0.0.1:1", "has a '/', '?' or '#' in its user name or password" },
      { "http://me:1#PASSWORD@127.0.0.1:1", "has a '/', '?' or '#' in its user name or password" },
      { "http://me:#PASSWORD@127.0.0.1:1", "" },
      { "http://me:%00PASSWORD@127.0.0.1:1", "is not the URL of a proxy" },
      { "http://me:PASSWORD@", "is not the URL of a proxy" },
    }
    for _, row in ipairs(slips) do
      it(row[1], function()
        local proxy = row[1]:gsub("PASSWORD", "word-of-the-proxy")
        local told = {}
        local client = client_beyond(proxy, { log = function(event) told[#told + 1] = check.all_text(event) end })
        local failure = check.failure("configuration", client.cancel "upload_1")
        check.holds("proxy " .. row[2], failure.message)
        assert.are.equal(0, failure.attempts)
        check.lacks("word-of-the-proxy", check.all_text(failure) .. table.concat(told, "\n"))
        local result = script.run([[error(tostring(select(2, require "openai_uploads".cancel "upload_1")))]], {
          https_proxy = proxy, OPENAI_BASE_URL = "https://service.invalid/v1", OPENAI_API_KEY = "sk",
          OPENAI_LOG = "debug",
        })
        check.holds("https_proxy " .. row[2], result.stderr)
        check.lacks("word-of-the-proxy", result.stdout .. result.stderr)
      end)
    end
  end)

  describe("is passed by", function()
    for _, variable in ipairs { "no_proxy", "NO_PROXY" } do
      for _, source in ipairs { "https_proxy", "the setting" } do
        it(("for hosts in %s, whether it is from %s"):format(variable, source), function()
          local program = [[
            local uploads = require("openai_uploads").new { ca_file = os.getenv "CA", proxy = os.getenv "SETTING" }
            local upload, failure = uploads.cancel(os.getenv "ID", { max_retries = 0 })
            print(upload and upload.status or failure)
          ]]
          local result = script.run(program, {
            [source == "https_proxy" and source or "SETTING"] = "http://127.0.0.1:1",
            [variable] = "example.com, 127.0.0.0/8 localhost",
            OPENAI_BASE_URL = service.tls.good, OPENAI_API_KEY = check.key, CA = service.ca_file,
            ID = service.make_uploads(1)[1],
          })
          assert.are.same({ "cancelled\n", "" }, { result.stdout, result.stderr })
        end)
      end
    end
  end)
end)
