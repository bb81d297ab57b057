-- SPDX-License-Identifier: MIT
-- What the settings of `new` and the options of a call do. More of them: base_url_spec, environment_spec; misuse:
-- arguments_spec; what comes of the times: retry_spec, connection_spec.

local check = require "spec.support.check"
local uploads = require "openai_uploads"
local with_service = require "spec.support.with_service"

describe("settings", function()
  local id, port

  local service = with_service.emulator()

  setup(function() port = service.base_url:match(":(%d+)/") end)

  before_each(function() id = service.make_uploads(1)[1] end)

  -- Cancels with these settings and options, and returns the request that was sent.
  local function sent(settings, options)
    check.client(service, settings).cancel(id, options)
    return check.only_request(service)
  end

  -- Nothing may be sent with these settings and options. Returns the failure's message.
  local function refused(settings, options)
    local failure = check.failure("configuration", check.client(service, settings).cancel(id, options))
    assert.are.same({ 0, false }, { failure.attempts, failure.may_have_applied })
    check.nothing_sent(service)
    return failure.message
  end

  describe("the key", function()
    it("is a bearer token, or with auth_header what Azure wants", function()
      assert.are.equal("Bearer " .. check.key, sent({}).headers.authorization)
      service.reset()
      local azure = "http://127.0.0.1:" .. port .. "/openai/v1"
      local request = sent { base_url = azure, auth_header = "api-key" }
      assert.are.equal(check.key, request.headers["api-key"])
      assert.is_nil(request.headers.authorization)
      assert.are.equal("/openai/v1/uploads/" .. id .. "/cancel", request.uri)
    end)

    it("that is missing is a failure that says what to do", function()
      assert.are.equal("no API key: set OPENAI_API_KEY, or pass api_key to new", refused { api_key = "" })
    end)

    local breaks = { ["a line feed"] = "sk-1\n", ["a second header"] = "sk-1\r\nX-Smuggled: 1", ["a NUL"] = "sk\0" }
    for name, key in pairs(breaks) do
      it(("with %s in it is never sent"):format(name), function()
        check.holds("api_key contains a line break or a NUL byte", refused { api_key = key })
        check.holds("api_key contains a line break or a NUL byte", refused { api_key = function() return key end })
      end)
    end

    it("is not needed, nor sent, with an Authorization of the program's own", function()
      for _, settings in ipairs { { api_key = "" }, {} } do
        service.reset()
        local request = sent(check.merged(settings, { headers = { AUTHORIZATION = "Bearer mine" } }))
        assert.are.equal("Bearer mine", request.headers.authorization)
      end
    end)

    it("gives way to the program's own header where Azure's is used", function()
      local request = sent { auth_header = "api-key", headers = { ["Api-Key"] = "mine" } }
      assert.are.equal("mine", request.headers["api-key"])
    end)

    it("can be kept back for one call", function()
      assert.is_nil(sent({}, { headers = { Authorization = false } }).headers.authorization)
    end)
  end)

  describe("headers", function()
    it("name the organization and the project", function()
      local headers = sent({ organization = "org-1", project = "proj-1" }).headers
      assert.are.same({ "org-1", "proj-1" }, { headers["openai-organization"], headers["openai-project"] })
      service.reset()
      headers = sent({ organization = "", project = "" }).headers
      assert.are.same({}, { headers["openai-organization"], headers["openai-project"] })
    end)

    it("of the client and of the call are sent, the call's before the client's, whatever their case", function()
      local headers = sent({ headers = { ["X-One"] = "client", ["X-Two"] = "client", ["X-Gone"] = "client" } },
        { headers = { ["x-two"] = "call", ["X-Three"] = "call", ["X-GONE"] = false } }).headers
      assert.are.same({ "client", "call", "call" }, { headers["x-one"], headers["x-two"], headers["x-three"] })
      assert.is_nil(headers["x-gone"])
    end)

    it("of one call stay with that call", function()
      local client = check.client(service)
      client.cancel(id, { headers = { ["X-Once"] = "1", Accept = false }, query = { once = 1 } })
      client.cancel(id)
      local again = service.requests()[2]
      assert.is_nil(again.headers["x-once"])
      assert.are.equal("application/json", again.headers.accept)
      assert.is_nil(again.uri:find("?", 1, true))
    end)

    it("override our own, or remove them", function()
      local own = { ACCEPT = "text/plain", ["openai-organization"] = "org-2" }
      local headers = sent({ organization = "org-1", headers = own }, { headers = { ["user-agent"] = false } }).headers
      assert.are.same({ "text/plain", "org-2" }, { headers.accept, headers["openai-organization"] })
      assert.is_nil(headers["user-agent"])
    end)

    it("may be empty, numbers, truths, and any text of one line", function()
      local headers = sent({ headers = { A = "", B = 5, C = true, D = "a: b; c\t\195\188" } }).headers
      assert.are.same({ "", "5", "true", "a: b; c\t\195\188" }, { headers.a, headers.b, headers.c, headers.d })
    end)

    local smuggling = {
      { { ["X-A"] = "1\r\nX-B: 2" }, "header 'X-A' contains a line break" },
      { { ["X-A"] = "1\nX-B: 2" }, "header 'X-A' contains a line break" },
      { { ["X-A"] = "1\0" }, "NUL" }, { { ["X-A\r\nX-B"] = "1" }, "name" }, { { ["X A"] = "1" }, "name" },
      { { ["X-A:"] = "1" }, "name" }, { { [""] = "1" }, "name" }, { { ["X\0"] = "1" }, "name" },
      { { ["Content-Length"] = "5" }, "is set by the client itself" },
      { { ["transfer-encoding"] = "chunked" }, "is set by the client itself" },
      { { Host = "elsewhere" }, "itself" }, { { connection = "close" }, "itself" }, { { Expect = "" }, "itself" },
    }
    for index, row in ipairs(smuggling) do
      it(("that would spoil the request are refused (%d: %s)"):format(index, row[2]), function()
        check.holds(row[2], refused({ headers = row[1] }))
        check.holds(row[2], refused({}, { headers = row[1] }))
      end)
    end

    for _, name in ipairs { "organization", "project", "user_agent" } do
      it(("cannot be smuggled in through %s"):format(name), function()
        check.holds(name .. " contains a line break", refused { [name] = "x\r\nX-Smuggled: 1" })
      end)
    end
  end)

  it("user_agent replaces ours, or leaves it out", function()
    assert.are.equal("mine/1", sent({ user_agent = "mine/1" }).headers["user-agent"])
    service.reset()
    assert.is_nil(sent({ user_agent = "" }).headers["user-agent"])
  end)

  it("query is encoded, the call's added to the client's", function()
    local uri = sent({ query = { ["a b"] = "c&d=\195\188" } }, { query = { ["a b"] = 5, } }).uri
    assert.are.equal("/v1/uploads/" .. id .. "/cancel?a%20b=c%26d%3D%C3%BC&a%20b=5", uri)
    service.reset()
    check.holds("query is longer than", refused({}, { query = { a = ("x"):rep(20000) } }))
  end)

  it("proxy carries the requests, and fails them when it is dead", function()
    local request = sent { base_url = check.dead_url, proxy = "http://127.0.0.1:" .. port }
    assert.are.equal("127.0.0.1:1", request.headers.host)
    service.reset()
    local dead = check.client(service, { proxy = "http://127.0.0.1:1", max_retries = 0 })
    assert.is_false(check.failure("connection", dead.cancel(id)).may_have_applied)
    check.nothing_sent(service)
  end)

  it("ca_path names a folder of issuers, and ca_file one file of them", function()
    local folder = os.tmpname()
    os.remove(folder)
    os.execute(("unset LD_PRELOAD; mkdir FOLDER && cp %s FOLDER/a.pem && openssl rehash FOLDER")
      :format(service.ca_file):gsub("FOLDER", folder))
    local client = check.client(service, { base_url = service.tls.good, ca_file = false, ca_path = folder })
    local upload, failure = client.cancel(id)
    os.execute("rm -r " .. folder)
    assert(upload, failure)
    client = check.client(service, { base_url = service.tls.good, ca_file = false })
    check.failure("tls", client.cancel(id))
    assert(check.client(service, { base_url = service.tls.good }).cancel(service.make_uploads(1)[1]))
  end)

  it("max_response_bytes caps an answer", function()
    assert(check.client(service, { max_response_bytes = 1024 }).cancel(id))
    local client = check.client(service, { max_response_bytes = 32, max_retries = 0 })
    local failure = check.failure("too_large",
      client.create { filename = "a", purpose = "user_data", bytes = 1, mime_type = "b" })
    check.holds("max_response_bytes (32)", failure.message)
    assert.is_true(failure.may_have_applied)
  end)

  it("take their whole range", function()
    local least = { timeout = 0.001, connect_timeout = 0.001, stall_timeout = 0.001, deadline = 0.001, max_retries = 0,
      retry_delay = 0, max_retry_delay = 0, max_retry_after = 0, max_response_bytes = 1, max_connections = 1,
      max_bytes_per_step = 1024,
      loop = "blocking" }
    local most = { timeout = 1e6, connect_timeout = 1e6, stall_timeout = 1e6, deadline = math.huge, max_retries = 1000,
      retry_delay = 1e6, max_retry_delay = 1e6, max_retry_after = 1e6, max_response_bytes = 2 ^ 30,
      max_connections = 10000, max_bytes_per_step = 2 ^ 30 }
    assert.is_function(uploads.new(least).cancel)
    assert(check.client(service, most).cancel(id))
  end)

  it("that a client has are its own, whatever others have", function()
    local one = check.client(service, { headers = { ["X-Whose"] = "one" }, user_agent = "one" })
    local two = check.client(service, { headers = { ["X-Whose"] = "two" }, user_agent = "two" })
    for index, client in ipairs { one, two, one } do
      client.cancel(id)
      local headers, whose = service.requests()[index].headers, client == one and "one" or "two"
      assert.are.same({ whose, whose }, { headers["x-whose"], headers["user-agent"] })
    end
  end)

  it("are copied: a table that changes later changes nothing", function()
    local settings = { base_url = service.base_url, api_key = check.key, headers = { ["X-A"] = "before" } }
    local client = uploads.new(settings)
    settings.base_url, settings.api_key, settings.headers["X-A"] = check.dead_url, "", "after"
    assert(client.cancel(id))
    assert.are.equal("before", check.only_request(service).headers["x-a"])
  end)
end)
