-- SPDX-License-Identifier: MIT
-- Connections that are opened ahead of need: nothing is sent on them, and the next call finds them. A relay counts
-- them.

local check = require "spec.support.check"
local drive = require "spec.support.drive"
local rows = require "spec.support.rows"
local with_service = require "spec.support.with_service"

local server = with_service.fault_server()
local service = with_service.emulator()

local params = { filename = "a.txt", purpose = "user_data", bytes = 3, mime_type = "text/plain" }

local function relayed(base_url, settings)
  local scheme, port = base_url:match "^(%w+)://[^:]+:(%d+)"
  local line = server.relay(port)
  local all = check.merged({ ca_file = service.ca_file, max_retries = 0 }, settings or {})
  return rows.client(("%s://127.0.0.1:%d/v1"):format(scheme, line.port), all), line
end

-- Some bytes follow the handshake of TLS 1.3. libcurl 8 takes a connection of HTTP/1.1 for broken that has any.
-- waits: those before the connection was made.
local function wait_for_tickets(line, waits) assert.is_true(line.wait_for("waits", (waits or 0) + 3)) end

describe("connect", function()
  -- name, and what the emulator speaks there
  for _, protocol in ipairs {
    { "HTTP/1.1", function() return service.base_url end },
    { "HTTP/1.1 over TLS", function() return service.tls.http1 end, is_tls = true },
    { "HTTP/2 over TLS", function() return service.tls.good end, is_tls = true },
  } do
    it(("lets the next call need no connection, with %s, and sends nothing"):format(protocol[1]), function()
      local client, line = relayed(protocol[2]())
      assert.is_true(client.connect())
      assert.are.same({}, (service.requests()))
      if protocol.is_tls then wait_for_tickets(line) end
      for _ = 1, 2 do
        local upload, failure, response = client.create(params, { with_response = true })
        assert.is_nil(failure)
        assert.are.same({ "pending", true, 1 }, { upload.status, response.connection_reused, response.attempts })
      end
      assert.are.equal(1, line.seen().connections)
      line.close()
    end)

    it(("is shared by calls that begin meanwhile, with %s"):format(protocol[1]), function()
      local client, line = relayed(protocol[2]())
      local connecting = client.start.connect()
      assert.are.same({ true, true }, { connecting:wait() })
      assert.is_true(client.connect()) -- there is one already
      assert(client.create(params))
      assert.are.equal(1, line.seen().connections)
      line.close()
    end)

    it(("leaves nothing that the service has ended in use, with %s"):format(protocol[1]), function()
      local client, line = relayed(protocol[2]())
      assert.is_true(client.connect())
      assert.is_true(line.wait_for("connections", 1))
      line.cut()
      assert.is_true(line.wait_for("finished", 1))
      assert(client.create(params))
      assert.are.equal(2, line.seen().connections)
      line.close()
    end)
  end

  it("tells why there is no connection", function()
    local client = rows.client(server.refused(), { max_retries = 0 })
    local connected, failure = client.connect()
    assert.is_nil(connected)
    assert.are.same({ "connection", false, 1 }, { failure.kind, failure.may_have_applied, failure.attempts })
    local _, _, failed = client.start.connect():wait()
    assert.are.equal("connection", failed.kind)
  end)

  it("tries again as other calls do", function()
    local client = rows.client(server.refused(), { max_retries = 2, retry_delay = 0 })
    assert.are.equal(3, select(2, client.connect()).attempts)
  end)

  it("takes options alone, and checks them", function()
    local client = rows.client(service.base_url)
    for _, misuse in ipairs {
      { function() client.connect(5) end, "bad argument #1 to 'connect' (options must be a table, got number)" },
      { function() client.connect { timeout = -1 } end, "timeout" },
    } do
      local fine, message = pcall(misuse[1])
      assert.is_false(fine)
      check.holds(misuse[2], message)
    end
  end)

  it("that is given up leaves nothing behind", function()
    local client, line = relayed(service.tls.good)
    local connecting = client.start.connect()
    connecting:abort()
    assert(client.create(params))
    connecting = nil -- luacheck: ignore
    drive.collect()
    assert(client.create(params))
    line.close()
  end)

  it("for a part opens a connection beside the one that calls share", function()
    local client, line = relayed(service.tls.good)
    local upload = assert(client.create(params))
    local waits = line.seen().waits
    assert.is_true(client.parts.connect())
    assert.are.equal(2, line.seen().connections)
    wait_for_tickets(line, waits)
    local _, failure, response = client.parts.create(upload.id, { data = ("x"):rep(64001) }, { with_response = true })
    assert.are.same({ nil, true, "1.1" }, { failure, response.connection_reused, response.http_version })
    assert.are.equal(2, line.seen().connections)
    line.close()
  end)
end)
