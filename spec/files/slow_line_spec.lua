-- SPDX-License-Identifier: MIT
-- Files over lines that are slow, long, or away for a while. Nothing is given up while bytes move, those that the
-- kernel holds included. The limits are small, so that a file takes several times as long as any of them allows.

local resident_kib = require "bench.support.resident_kib"
local check = require "spec.support.check"
local drive = require "spec.support.drive"
local rows = require "spec.support.rows"
local upload_file = require "spec.support.upload_file"
local with_service = require "spec.support.with_service"

local LIMIT = 0.5 -- seconds, of timeout and stall_timeout
local MAX_GROWTH_KIB = 8 * 1024
local PATIENCE = 30 -- seconds; only what is broken takes so long

-- Each takes the line a second or more. A single connection goes slower than the rate: the kernel waits before it
-- sends into the small buffers of a slow line.
local BYTES_PER_SECOND = 1000 * 1000
local BYTES, BYTES_OF_ONE_CONNECTION = 2000 * 1000, 400 * 1000

local server = with_service.fault_server()
local service = with_service.emulator()

local function relayed(name, settings)
  local base_url = service.tls[name] or service.base_url
  local scheme, port = base_url:match "^(%w+)://[^:]+:(%d+)"
  local line = server.relay(port, { bytes_per_second = BYTES_PER_SECOND, delay = 0.005 })
  return rows.client(("%s://127.0.0.1:%d/v1"):format(scheme, line.port), check.merged({
    ca_file = service.ca_file, timeout = LIMIT, stall_timeout = LIMIT,
  }, settings or {})), line
end

local function start(client, bytes, more, options)
  return client.start.upload_file_chunked(check.merged({
    data = bytes and ("x"):rep(bytes), filename = "a.txt", purpose = "batch", mime_type = "text/plain",
  }, more or {}), options)
end

local function assert_sent(job, bytes)
  local done, upload, failure = job:wait(PATIENCE)
  assert.is_true(done)
  assert.are.equal("completed", upload and upload.status, tostring(failure))
  assert.are.equal(bytes, upload.bytes)
end

-- The clients try nothing again, unless a spec says so.
describe("a file", function()
  -- name, what the emulator speaks there, bytes, further params
  for _, row in ipairs {
    { "in one part", "http1", BYTES_OF_ONE_CONNECTION, { concurrency = 1 } },
    { "in parts beside each other", "good", BYTES },
    { "in parts one after the other", "good", BYTES_OF_ONE_CONNECTION, { concurrency = 1, part_size = 100 * 1000 } },
    { "in small parts by HTTP/2", "good", BYTES_OF_ONE_CONNECTION, { part_size = 64000 } },
    { "without TLS", "plain", BYTES },
  } do
    it("is sent at once over a line that takes few bytes a second: " .. row[1], function()
      local client, line = relayed(row[2])
      assert_sent(start(client, row[3], row[4]), row[3])
      line.close()
    end)
  end

  it("is sent at once where the line is away for less than its limits", function()
    local client, line = relayed "good"
    local job = start(client, BYTES)
    for eighth = 1, 3 do
      drive.till_seen(client, line, "bytes_received", eighth * BYTES / 8)
      line.hold()
      job:wait(LIMIT / 4)
      line.go_on()
    end
    assert_sent(job, BYTES)
    line.close()
  end)

  it("is sent all the same where the line is away for longer", function()
    local client, line = relayed("good", { max_retries = 100, retry_delay = 0 })
    local retries = 0
    local job = start(client, BYTES, nil, { on_retry = function() retries = retries + 1 end })
    drive.till_seen(client, line, "bytes_received", BYTES / 4)
    line.hold()
    drive.till(client, function() return retries >= 4 end)
    line.go_on()
    assert_sent(job, BYTES)
    assert.are.equal(1, upload_file.counts(service).create)
    line.close()
  end)

  -- Its parts have 64 MiB each.
  it("takes no more memory than its pieces, while a slow line takes it", function()
    if os.getenv "LD_PRELOAD" then pending "a preloaded sanitizer keeps memory that is free" return end
    if not io.open "/proc/self/status" then pending "this system has no /proc/self/status" return end
    local client, line = relayed "good"
    local before = resident_kib()
    local job = start(client, nil, { file = upload_file.sparse(1024 * 1024 * 1024) })
    drive.till_seen(client, line, "bytes_received", BYTES)
    assert.is_true(resident_kib() - before < MAX_GROWTH_KIB, resident_kib() - before)
    line.close()
    job:abort()
    job:abort()
    assert.is_true(job:wait(PATIENCE))
  end)
end)
