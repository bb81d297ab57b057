-- SPDX-License-Identifier: MIT
-- How often a file that is sent waits for the service: for each connection, and for each answer before the next
-- request. A relay counts the connections, and the waits from the order of the bytes. Nothing is timed.

local check = require "spec.support.check"
local drive = require "spec.support.drive"
local upload_file = require "spec.support.upload_file"
local with_service = require "spec.support.with_service"
local rows = require "spec.support.rows"

local DELAY = 0.03 -- seconds each way, in which a client sends what it sends at once
local TRIES = 3    -- a client that was held up for longer seems to wait more often

local server = with_service.fault_server()
local service = with_service.emulator()

after_each(upload_file.remove_all)

local function relayed(base_url, shape)
  local scheme, port = base_url:match "^(%w+)://[^:]+:(%d+)"
  local line = server.relay(port, shape)
  return rows.client(("%s://127.0.0.1:%d/v1"):format(scheme, line.port), { ca_file = service.ca_file }), line
end

local function send(client, bytes, more)
  assert(client.upload_file_chunked(check.merged({
    data = ("x"):rep(bytes), filename = "a.txt", purpose = "batch", mime_type = "text/plain",
  }, more or {})))
end

-- Sends so many bytes through a relay, and returns the number of connections that it needed: the fewest of some tries,
-- because a part whose connection is not ready yet makes one of its own.
local function connections_for(base_url, bytes, more, wanted)
  local fewest = math.huge
  for _ = 1, TRIES do
    local client, line = relayed(base_url)
    send(client, bytes, more)
    fewest = math.min(fewest, line.seen().connections)
    line.close()
    if fewest <= (wanted or 1) then break end
  end
  return fewest
end

-- The waits of a first file, and of a second one after it, over a long line. The fewest of some tries.
local function waits_for(base_url, bytes, more)
  local cold, warm = math.huge, math.huge
  for _ = 1, TRIES do
    local client, line = relayed(base_url, { delay = DELAY })
    send(client, bytes, more)
    local first = line.seen().waits
    send(client, bytes, more)
    cold, warm = math.min(cold, first), math.min(warm, line.seen().waits - first)
    client.close()
    line.close()
    if cold <= 5 and warm <= 3 then break end
  end
  return { cold, warm }
end

describe("a file that is sent to a service that was not spoken to before", function()
  -- name, what the emulator speaks there, bytes, further params, connections
  for _, row in ipairs {
    { "a small one, by HTTP/2", "good", 1000, {}, 1 },
    { "a small one, by HTTP/1.1", "http1", 1000, {}, 1 },
    { "the largest that shares a connection of HTTP/2", "good", 64000, {}, 1 },
    { "many small parts, by HTTP/2", "good", 1000, { part_size = 100 }, 1 },
    { "one byte more, which goes on a connection of its own", "good", 64001, {}, 2 },
    { "four large parts, by HTTP/2", "good", 4 * 64001, { part_size = 64001 }, 5 },
    { "more parts than go at a time", "good", 6 * 64001, { part_size = 64001, concurrency = 2 }, 3 },
  } do
    it("waits for a connection no more often than it must: " .. row[1], function()
      local connections = connections_for(service.tls[row[2]], row[3], row[4], row[5])
      assert.is_true(connections <= row[5], connections)
    end)
  end

  -- The connection is made, TLS is agreed on, and each of three requests is answered.
  -- name, what the emulator speaks there, bytes, further params
  for _, row in ipairs {
    { "a small one, by HTTP/2", "good", 1000 },
    { "a small one, by HTTP/1.1", "http1", 1000 },
    { "four large parts, on connections that were made meanwhile", "good", 4 * 64001, { part_size = 64001 } },
  } do
    it(("waits five times, and the next one three times: %s"):format(row[1]), function()
      assert.are.same({ 5, 3 }, waits_for(service.tls[row[2]], row[3], row[4]))
    end)
  end

  it("sends three requests where it is small", function()
    assert.are.equal(1, connections_for(service.tls.good, 1000))
    assert.are.same({ create = 1, parts = 1, complete = 1, cancel = 0 }, upload_file.counts(service))
    assert.are.equal(3, #service.requests())
  end)

  it("has connections for its first parts before the Upload is created", function()
    local client, line = relayed(service.tls.good)
    service.answer_next { { call = "create", gate = true } }
    local job = client.start.upload_file_chunked {
      data = ("x"):rep(3 * 64001), filename = "a.txt", purpose = "batch", mime_type = "text/plain", part_size = 64001,
    }
    drive.till(client, function() return #(service.requests()) == 1 end)
    drive.till_seen(client, line, "connections", 2)
    assert.are.equal(0, upload_file.counts(service).parts)
    service.open_gate()
    local _, upload = job:wait()
    assert.are.equal("completed", upload.status)
    assert.is_true(line.seen().connections <= 4)
    line.close()
  end)

  it("leaves no connection half made where the creation is refused", function()
    service.answer_next { { call = "create", status = 403 } }
    local client = rows.client(service.tls.good, { ca_file = service.ca_file })
    local upload, failure = client.upload_file_chunked {
      data = ("x"):rep(3 * 64001), filename = "a.txt", purpose = "batch", mime_type = "text/plain", part_size = 64001,
    }
    assert.is_nil(upload)
    assert.are.equal("permission_denied", failure.kind)
    assert.are.equal(0, client.step())
  end)
end)
