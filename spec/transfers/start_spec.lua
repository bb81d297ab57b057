-- SPDX-License-Identifier: MIT
-- What start does, and what it leaves for the next step: it calls no function of the program.

local socket = require "socket"
local check = require "spec.support.check"
local drive = require "spec.support.drive"
local rows = require "spec.support.rows"
local with_service = require "spec.support.with_service"

local service = with_service.emulator()
local server = with_service.fault_server()

local function new_id() return service.make_uploads(1)[1] end

local calls = {
  cancel = function(client, options) return client.start.cancel(new_id(), options) end,
  create = function(client, options)
    return client.start.create({ filename = "a", purpose = "batch", bytes = 1, mime_type = "text/plain" }, options)
  end,
  ["parts.create"] = function(client, options)
    return client.start.parts.create(new_id(), { data = function() end }, options)
  end,
  upload_file_chunked = function(client)
    return client.start.upload_file_chunked { data = "abc", filename = "a.txt", purpose = "batch" }
  end,
}

-- Functions of the program, which note that they were called: all of them, in `calls`.
local function noting()
  local noted = {}
  local function note(name)
    return function() noted[#noted + 1] = name end
  end
  return noted, { log = note "log", on_retry = note "on_retry", api_key = function()
    note "api_key"()
    return check.key
  end }
end

-- Starts calls until the service has answered the first one of this client.
local function start_until(client, is_answered)
  local begun = {}
  for _ = 1, 1000 do
    if is_answered() then break end
    begun[#begun + 1] = calls.cancel(client)
  end
  begun[#begun + 1] = calls.cancel(client)
  return begun
end

-- Whether the client's descriptor is readable within a moment: its timer goes off by itself.
local function is_readable(client)
  local descriptor = client.fd()
  local object = { getfd = function() return descriptor end, dirty = function() return false end }
  return socket.select({ object }, nil, 0.01)[object] ~= nil
end

describe("start", function()
  for name, begin in pairs(calls) do
    it(("of %s calls none of its own functions, and a step is due that calls them"):format(name), function()
      local noted, functions = noting()
      local client = check.client(service, functions)
      local transfer = begin(client)
      assert.are.same({ {}, 0 }, { noted, client.timeout() })
      drive.till(client, function() return transfer:done() end)
      assert.are.equal("api_key", noted[1])
    end)
  end

  it("tells nobody of what others have come to, and the next step does", function()
    local client, told = check.client(service), 0
    local first = calls.cancel(client)
    first:on_done(function() told = told + 1 end)
    start_until(client, function() return first:done() end)
    assert.is_true(first:done())
    assert.are.same({ 0, 0 }, { told, client.timeout() })
    client.step()
    assert.are.equal(1, told)
  end)

  it("tells nobody that another is tried again", function()
    local retries = 0
    service.answer_next { { status = 503 } }
    local client = check.client(service)
    local first = client.start.cancel(new_id(), { on_retry = function() retries = retries + 1 end })
    start_until(client, function() return client.timeout() == 0 end)
    assert.are.equal(0, retries)
    drive.till(client, function() return first:done() end)
    assert.are.equal(1, retries)
  end)

  it("leaves its own end for the next step, where it cannot begin", function()
    local client, told = check.client(service, { api_key = "" }), 0
    local transfer = client.start.cancel "upload_1"
    transfer:on_done(function() told = told + 1 end)
    assert.are.same({ true, 0, 0 }, { transfer:done(), told, client.timeout() })
    client.step()
    assert.are.equal(1, told)
    check.failure("configuration", drive.result(transfer))
  end)

  it("makes the descriptor readable where it has left something, until the next step", function()
    local client = check.client(service, { api_key = "" })
    if not client.fd() then return pending "this build has no descriptor" end
    assert.is_false(is_readable(client))
    local transfer = client.start.cancel "upload_1"
    assert.is_true(is_readable(client))
    client.step()
    assert.are.same({ false, true }, { is_readable(client), transfer:done() })
    check.failure("configuration", client.cancel "upload_1")
    assert.is_false(is_readable(client))
  end)

  it("asks for no chunk of another's data", function()
    local client, asked = check.client(service), 0
    local part = client.start.parts.create(new_id(), { data = function()
      asked = asked + 1
      return nil
    end })
    for _ = 1, 100 do calls.cancel(client) end
    assert.are.equal(0, asked)
    drive.till(client, function() return part:done() end)
    assert.are.equal(1, asked)
  end)

  it("sends what can be sent at once", function()
    local played = server.script { { { "request" }, { "stall" } } }
    local client = rows.client(played.base_url)
    local transfer = client.start.cancel "upload_1"
    assert.is_true(played.wait_for("requests", 1))
    transfer:abort()
    played.close()
  end)
end)

-- Twelve functions of the program, each of which waits for the call whose function is the next one.
describe("a function of the program may wait for a call that was started outside of it, twelve deep,", function()
  local waits = {
    { "by wait", function(_, transfer) transfer:wait() end },
    { "by steps without end", function(client, transfer)
      while not transfer:done() do client.step(math.huge) end
    end },
  }
  for _, row in ipairs(waits) do
    it(row[1], function()
      local transfers, asked, client = {}, 0, nil
      client = check.client(service, { api_key = function()
        asked = asked + 1
        if transfers[asked + 1] then row[2](client, transfers[asked + 1]) end
        return check.key
      end })
      for index = 1, 12 do transfers[index] = calls.cancel(client) end
      transfers[1]:wait()
      for _, transfer in ipairs(transfers) do assert.are.equal("cancelled", drive.result(transfer).status) end
      assert.are.equal(12, asked)
    end)
  end
end)
