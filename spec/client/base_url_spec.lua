-- SPDX-License-Identifier: MIT

local check = require "spec.support.check"
local with_service = require "spec.support.with_service"

describe("base_url", function()
  local id, port

  local service = with_service.emulator()

  setup(function() port = service.base_url:match(":(%d+)/") end)

  before_each(function() id = service.make_uploads(1)[1] end)

  local function sent(settings)
    check.client(service, settings).cancel(id)
    return check.only_request(service)
  end

  -- Returns the message of the failure that says so; nothing is sent.
  local function refused(settings)
    local failure = check.failure("configuration", check.client(service, settings).cancel(id))
    check.nothing_sent(service)
    return failure.message
  end

  local joined = {
    { "", "" }, { "/", "" }, { "/v1", "/v1" }, { "/v1/", "/v1" }, { "/v1///", "/v1" },
    { "/openai/v1", "/openai/v1" }, { "/a%20b/v1", "/a%20b/v1" },
  }
  for _, row in ipairs(joined) do
    it(("ending in '%s' is what the path is joined to"):format(row[1]), function()
      local request = sent { base_url = "http://127.0.0.1:" .. port .. row[1] }
      assert.are.equal(row[2] .. "/uploads/" .. id .. "/cancel", request.uri)
    end)
  end

  it("keeps its query behind the path", function()
    for _, path in ipairs { "/v1?api-version=1&x", "/v1/?api-version=1&x" } do
      service.reset()
      local request = sent { base_url = "http://127.0.0.1:" .. port .. path, query = { y = 2 } }
      assert.are.equal("/v1/uploads/" .. id .. "/cancel?api-version=1&x&y=2", request.uri)
    end
  end)

  it("may be any loopback address over plain HTTP", function()
    for _, host in ipairs { "localhost", "LOCALHOST", "127.0.0.1", "127.1" } do
      assert(check.client(service, { base_url = ("HTTP://%s:%s/v1"):format(host, port) })
        .cancel(service.make_uploads(1)[1]), host)
    end
    for _, host in ipairs { "127.255.255.254", "[::1]", "[0:0:0:0:0:0:0:1]" } do -- nobody listens there
      check.failure("connection",
        check.client(service, { base_url = ("http://%s:1/v1"):format(host), max_retries = 0 }).cancel(id))
    end
  end)

  local off_this_machine = {
    "10.0.0.1", "api.openai.com", "localhost.example.com", "127.0.0.1.example.com", "128.0.0.1", "0.0.0.0", "[::2]",
    "[fe80::1]", "[::]",
  }
  for _, host in ipairs(off_this_machine) do
    it(("is refused over plain HTTP to %s"):format(host), function()
      local message = refused { base_url = ("http://%s:%s/v1"):format(host, port) }
      check.holds(("would send the key to '%s' unencrypted"):format(host), message)
      check.holds("allow_plain_http", message)
    end)
  end

  it("may lead off this machine over plain HTTP when that is allowed", function()
    local settings = { base_url = "http://uploads.example/v1", proxy = "http://127.0.0.1:" .. port }
    check.holds("unencrypted", refused(settings))
    settings.allow_plain_http = true
    assert.are.equal("uploads.example", sent(settings).headers.host)
  end)

  local unusable = {
    { "", "base_url '' is no URL that begins with https://: write it as https://api.openai.com/v1" },
    { "v1", "base_url 'v1' is no URL that begins with https://: write it as https://api.openai.com/v1" },
    { "127.0.0.1:80/v1", "base_url '127.0.0.1:80/v1' " }, { "://127.0.0.1", "base_url '://127.0.0.1' is no URL" },
    { "http://", "base_url 'http://' has no host: write it as https://api.openai.com/v1" },
    { "https://%31.1/v1", "base_url 'https://%31.1/v1' has a host that is not written plainly" },
    { "http://127.0.0.1:99999/v1", "has a port that is no number up to 65535" },
    { "http://127.0.0.1:x/v1", "has a port that is no number up to 65535" },
    { "http://a b/v1", "base_url 'http://a b/v1' is no URL" },
    { "http://[::1/v1", "base_url 'http://[::1/v1' is no URL" },
    { "ftp://127.0.0.1/v1", "base_url 'ftp://127.0.0.1/v1' begins with neither https:// nor http://: write it as " },
    { "file:///etc/passwd", "neither https:// nor http://" },
    { "sk-a-key-that-was-put-into-the-wrong-setting", "base_url is no URL that begins with https://" },
    { "https://127.0.0.1/v1#part", "has a fragment" }, { "https://user@127.0.0.1/v1", "user name or password" },
    { "https://user:word@127.0.0.1/v1", "user name or password" },
    { "https://127.0.0.1/" .. ("a"):rep(20000), "base_url is longer than" },
    { "https://127.0.0.1/v1?key=x#y", "base_url has a fragment" },
  }
  for _, row in ipairs(unusable) do
    it(("is refused in words: %s"):format(row[1]:sub(1, 40):gsub("%c", "?")), function()
      check.holds(row[2], refused { base_url = row[1] })
    end)
  end

  it("without /v1 is named where the service knows no such path", function()
    local base_url = "http://127.0.0.1:" .. port
    local failure = check.failure("not_found", check.client(service, { base_url = base_url }).cancel(id))
    check.holds(("; base_url '%s' has no /v1 in it: is it complete?"):format(base_url), failure.message)
    failure = check.failure("not_found", check.client(service).cancel "upload_unknown")
    check.lacks("/v1", failure.message)
  end)

  it("cannot smuggle in a header", function()
    for _, bytes in ipairs { "\r\nX-Smuggled: 1", " HTTP/1.1\r\nX-Smuggled: 1\r\n\r\n", "\n", "\r", "\0", "/\0/v2" } do
      check.holds("base_url contains a line break or a NUL byte", refused { base_url = service.base_url .. bytes })
    end
  end)
end)
