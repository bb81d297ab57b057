-- SPDX-License-Identifier: MIT
-- What the time-outs of an attempt count: neither the time in line for a connection, nor the time in which the host did
-- not step, when the answer is there; and bytes that leave the machine slowly do leave it.

local check = require "spec.support.check"
local drive = require "spec.support.drive"
local fault = require "spec.support.fault"
local rows = require "spec.support.rows"
local script = require "spec.support.script"
local socket = require "socket"
local with_service = require "spec.support.with_service"

local server = with_service.fault_server()
local service = with_service.emulator()

local params = { filename = "a.txt", purpose = "user_data", bytes = 3, mime_type = "text/plain" }

-- The host does something else meanwhile: no client is stepped.
local be_busy = socket.sleep

local LATE = 0.4 -- seconds; beyond what the engine takes for normal scheduling

describe("in line for a connection", function()
  local function answers(count, bytes, seconds)
    local steps = {}
    for _ = 1, count do
      for _, step in ipairs { { "request" }, { "wait", seconds }, { "send", bytes } } do steps[#steps + 1] = step end
    end
    return steps
  end

  -- 32 answers of 25 ms each over two connections: the last call waits for longer than its timeout.
  for _, setting in ipairs { "timeout", "connect_timeout" } do
    it(("no %s counts"):format(setting), function()
      local played = server.script { answers(32, rows.good_answer, 0.025) }
      local client = rows.client(played.base_url, { max_connections = 2, [setting] = 0.3 })
      local transfers = {}
      for index = 1, 32 do transfers[index] = client.start.cancel("upload_" .. index) end
      drive.all(client)
      for index, transfer in ipairs(transfers) do
        local upload, failure = drive.result(transfer)
        assert.are.equal("upload_" .. index, upload and upload.id, tostring(failure))
      end
      assert.are.equal(32, #played.seen().requests)
      played.close()
    end)
  end

  it("no stall_timeout counts", function()
    local part = fault.answer(200, '{"id":"part_1","object":"upload.part","created_at":1}')
    local played = server.script { answers(16, part, 0.025) }
    local client = rows.client(played.base_url, { max_connections = 1, stall_timeout = 0.3, timeout = 0.3 })
    local transfers = {}
    for index = 1, 16 do transfers[index] = client.start.parts.create("upload_1", { data = "abc" }) end
    drive.all(client)
    for _, transfer in ipairs(transfers) do assert.are.equal("part_1", assert(drive.result(transfer)).id) end
    played.close()
  end)

  it("over TLS, where calls wait for each other's connection, no timeout counts", function()
    local client = check.client(service, { base_url = service.tls.http1, max_connections = 1, timeout = 0.3 })
    local delays = {}
    for index = 1, 8 do delays[index] = { delay = 0.05 } end
    service.answer_next(delays)
    for _ = 1, 8 do client.start.create(params):on_done(function() end) end
    local last = client.start.create(params, { max_retries = 0 })
    drive.all(client)
    assert.are.equal("pending", assert(drive.result(last)).status)
  end)

  it("the timeout counts from when the line is left", function()
    local played = server.script {
      { { "request" }, { "wait", 0.15 }, { "send", rows.good_answer }, { "request" }, { "stall" } },
    }
    local client = rows.client(played.base_url, { max_connections = 1, timeout = 0.3, with_response = true })
    local first, second = client.start.cancel "upload_1", client.start.cancel "upload_2"
    drive.till(client, function() return first:done() end)
    drive.till(client, function() return second:done() end)
    rows.check_failure({ kind = "timeout", may = true, says = "within 0.3 s" }, drive.result(second))
    assert.is_true(select(3, drive.result(second)).elapsed > 0.4)
    played.close()
  end)
end)

describe("an answer that came in time counts although the host stepped late,", function()
  for _, protocol in ipairs { "base_url", "http1", "good" } do
    for _, option in ipairs { "timeout", "deadline" } do
      it(("by its %s, over %s"):format(option, protocol), function()
        local client = check.client(service, { base_url = service.tls[protocol] or service.base_url, max_retries = 0 })
        assert(client.create(params))
        service.answer_next { { delay = 0.02 } }
        local transfer = client.start.create(params, { [option] = 0.1 })
        for _ = 1, 3 do client.step() end
        be_busy(0.2)
        drive.all(client)
        local upload, failure = drive.result(transfer)
        assert.are.equal("pending", upload and upload.status, tostring(failure))
      end)
    end
  end

  it("and so does a long one in many pieces", function()
    local long = fault.answer(200, '{"id":"upload_1","object":"upload","note":"' .. ("x"):rep(500000) .. '"}')
    local played = server.script { { { "request" }, { "wait", 0.02 }, { "send", long }, { "stall" } } }
    local client = rows.client(played.base_url)
    local transfer = client.start.cancel("upload_1", { timeout = 0.1 })
    for _ = 1, 3 do client.step() end
    be_busy(0.2)
    drive.all(client)
    assert.are.equal(500000, #assert(drive.result(transfer)).note)
    played.close()
  end)

  it("and so do those of many", function()
    local client = check.client(service, { max_retries = 0 })
    local transfers = {}
    for index = 1, 40 do transfers[index] = client.start.create(params, { timeout = 0.25 }) end
    for _ = 1, 100 do client.step() end
    be_busy(0.4)
    drive.all(client)
    for _, transfer in ipairs(transfers) do
      local upload, failure = drive.result(transfer)
      assert.are.equal("pending", upload and upload.status, tostring(failure))
    end
  end)

  it("but not one that has not come", function()
    local played = server.script { { { "request" }, { "stall" } } }
    local client = rows.client(played.base_url)
    local transfer = client.start.cancel("upload_1", { timeout = 0.05 })
    drive.till_seen(client, played, "requests", 1)
    be_busy(0.1)
    client.step()
    rows.check_failure({ kind = "timeout", may = true, says = "timed out" }, drive.result(transfer))
    played.close()
  end)

  it("as in a process that was stopped", function()
    service.answer_next { { delay = 0.05 } }
    local child = script.start([[
      io.stdout:setvbuf "no"
      local client = require("openai_uploads").new { max_retries = 0, timeout = 0.2 }
      local transfer = client.start.create { filename = "a", purpose = "batch", bytes = 1, mime_type = "c/d" }
      print "begun"
      local _, upload, failure = transfer:wait()
      print(upload and upload.status or tostring(failure))
    ]], { OPENAI_BASE_URL = service.base_url, OPENAI_API_KEY = check.key })
    service.wait_for_requests(1)
    child.pause()
    be_busy(0.3)
    child.go_on()
    assert.are.equal("pending", child.finish())
  end)
end)

describe("a host that steps late", function()
  -- The system's authorities would take longer to read than the timeouts here.
  local function tls_client(played, settings)
    local base_url = played.base_url:gsub("^http:", "https:")
    return rows.client(base_url, check.merged({ ca_file = service.ca_file }, settings))
  end

  local options = { "connect_timeout", "timeout" }

  for _, protocol in ipairs { "base_url", "http1", "good" } do
    for _, option in ipairs(options) do
      it(("loses no connection that was being made, by %s, over %s"):format(option, protocol), function()
        local base_url = service.tls[protocol] or service.base_url
        local clients, transfers = {}, {}
        for index, steps in ipairs { 0, 3 } do
          local client = check.client(service, { base_url = base_url, max_retries = 0 })
          clients[index] = client
          transfers[index] = client.start.create(params, { [option] = 0.2, with_response = true })
          for _ = 1, steps do client.step() end
        end
        be_busy(0.2 + LATE)
        for index, client in ipairs(clients) do
          drive.all(client)
          local upload, failure, response = drive.result(transfers[index])
          assert.are.same({ "pending", 1 }, { upload and upload.status, response.attempts }, tostring(failure))
        end
      end)
    end
  end

  for _, option in ipairs(options) do
    it(("gives one that is never made its %s once more, and no oftener"):format(option), function()
      local played = server.script { { { "stall" } } }
      local client = tls_client(played, { [option] = 0.1 })
      local transfer = client.start.cancel "upload_1"
      client.step()
      be_busy(LATE)
      assert.are.equal(1, client.step())
      be_busy(LATE)
      assert.are.equal(0, client.step())
      rows.check_failure({ kind = "timeout", may = false, says = "time" }, drive.result(transfer))
      played.close()
    end)
  end

  it("gives a connection no time beyond the deadline", function()
    local played = server.script { { { "stall" } } }
    local client = tls_client(played)
    local transfer = client.start.cancel("upload_1", { deadline = 0.1 })
    client.step()
    be_busy(LATE)
    client.step()
    rows.check_failure({ kind = "timeout", may = false, says = "deadline" }, drive.result(transfer))
    played.close()
  end)
end)

describe("the last bytes of a part", function()
  -- The kernel takes megabytes at once; the peer reads them over three times the timeout.
  it("have the whole timeout since the last of them left, not since the kernel took them", function()
    local part = fault.answer(200, '{"id":"part_1","object":"upload.part","created_at":1}')
    local size = 3000000
    local played = server.script {
      { { "sip", size / 30, 0.03, 30 }, { "send", part }, { "half_close" }, { "await_close" } },
    }
    local client = rows.client(played.base_url, { timeout = 0.3, stall_timeout = 0.3 })
    local created, failure = client.parts.create("upload_1", { data = ("x"):rep(size) })
    assert.are.equal("part_1", created and created.id, tostring(failure))
    played.close()
  end)
end)
