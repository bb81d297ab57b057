-- SPDX-License-Identifier: MIT
-- TLS sessions: a new connection resumes one of an earlier connection of its client. nginx tells which connections did.

local check = require "spec.support.check"
local drive = require "spec.support.drive"
local rows = require "spec.support.rows"
local with_service = require "spec.support.with_service"

local service = with_service.emulator()

local params = { filename = "a.txt", purpose = "user_data", bytes = 3, mime_type = "text/plain" }

local function client_of(name, settings)
  return rows.client(service.tls[name], check.merged({ ca_file = service.ca_file }, settings or {}))
end

-- How many of the connections that requests came on were resumed, and how many there were.
local function connections()
  local resumed, seen, count = 0, {}, 0
  for _, request in ipairs(service.requests()) do
    if not seen[request.connection] then
      seen[request.connection], count = true, count + 1
      if request.tls_resumed then resumed = resumed + 1 end
    end
  end
  return resumed, count
end

-- A call that is not answered before `action` has returned keeps its connection and its handle busy meanwhile.
local function while_busy(client, action)
  service.answer_next { { call = "create", gate = true } }
  local asked = #service.requests()
  local busy = client.start.create(params)
  drive.till(client, function() return #service.requests() > asked end)
  action()
  service.open_gate()
  assert.is_nil(select(3, busy:wait()))
end

describe("a new connection", function()
  it("resumes a TLS session that another handle of its client has got", function()
    local client = client_of "http1"
    assert(client.create(params))
    while_busy(client, function() assert(client.create(params)) end)
    assert.are.same({ 1, 2 }, { connections() })
  end)

  it("for a part resumes the session of the calls before it", function()
    local client = client_of "good"
    local upload = assert(client.create(params))
    while_busy(client, function() assert(client.parts.create(upload.id, { data = ("x"):rep(64001) })) end)
    assert.are.same({ 1, 2 }, { connections() })
  end)

  it("resumes none of another client", function()
    assert(client_of("http1").create(params))
    assert(client_of("http1").create(params))
    assert.are.same({ 0, 2 }, { connections() })
  end)

  it("resumes none from before its client was closed", function()
    local client = client_of "http1"
    assert(client.create(params))
    client.close()
    assert(client.create(params))
    assert.are.same({ 0, 2 }, { connections() })
  end)
end)
