-- SPDX-License-Identifier: MIT
-- Connections that are dead, or out of step, while the client thinks of them as alive: none carries a further call.

local check = require "spec.support.check"
local drive = require "spec.support.drive"
local emulator = require "spec.support.emulator"
local fault = require "spec.support.fault"
local rows = require "spec.support.rows"
local with_service = require "spec.support.with_service"

local server = with_service.fault_server()
local service = with_service.emulator()

local params = { filename = "a.txt", purpose = "user_data", bytes = 3, mime_type = "text/plain" }

-- name, and what the emulator speaks there
local protocols = {
  { "HTTP/1.1", function() return service.base_url end },
  { "HTTP/1.1 over TLS", function() return service.tls.http1 end },
  { "HTTP/2 over TLS", function() return service.tls.good end },
}

-- A client whose connections go through a relay, and that relay.
local function relayed(base_url, settings)
  local scheme, port = base_url:match "^(%w+)://[^:]+:(%d+)"
  local line = server.relay(port)
  local all = check.merged({ ca_file = service.ca_file, max_retries = 0 }, settings or {})
  return rows.client(("%s://127.0.0.1:%d/v1"):format(scheme, line.port), all), line
end

local function create(client, options)
  return client.create(params, check.merged({ with_response = true }, options or {}))
end

describe("an idle connection", function()
  for _, protocol in ipairs(protocols) do
    it(("of %s that is well serves the next call"):format(protocol[1]), function()
      local client, line = relayed(protocol[2]())
      assert(create(client))
      for _ = 1, 3 do
        local _, _, response = create(client)
        assert.is_true(response.connection_reused)
      end
      assert.are.equal(1, line.seen().connections)
      line.close()
    end)

    it(("of %s that its peer has cut does not"):format(protocol[1]), function()
      local client, line = relayed(protocol[2]())
      assert(create(client))
      line.cut()
      assert.is_true(line.wait_for("finished", 1))
      local upload, failure, response = create(client)
      assert.is_nil(failure)
      assert.are.same({ "pending", false, 1 }, { upload.status, response.connection_reused, response.attempts })
      line.close()
    end)

    -- nginx ends idle connections in order when it gets a new configuration: TLS and HTTP/2 say goodbye.
    it(("of %s that the service has ended in order does not"):format(protocol[1]), function()
      local own = emulator.start()
      local name = ({ ["HTTP/1.1 over TLS"] = "http1", ["HTTP/2 over TLS"] = "good" })[protocol[1]]
      local client, line = relayed(name and own.tls[name] or own.base_url, { ca_file = own.ca_file })
      assert(create(client))
      own.renew()
      assert.is_true(line.wait_for("finished", 1))
      local upload, failure, response = create(client)
      assert.is_nil(failure)
      assert.are.same({ "pending", false }, { upload.status, response.connection_reused })
      line.close()
      own.stop()
    end)
  end

  for _, stray in ipairs {
    { "an answer to nothing", fault.answer(200, '{"id":"upload_1","object":"upload","status":"cancelled"}') },
    { "a late time-out", fault.answer(408, "", nil, { connection = "close" }) },
    { "rubbish", "hello" },
    { "a line feed", "\n" },
  } do
    it(("in which %s waits does not serve the next call"):format(stray[1]), function()
      local played = server.script {
        { { "request" }, { "send", rows.good_answer }, { "wait", 0.02 }, { "send", stray[2] }, { "stall" } },
        rows.lucky,
      }
      local client = rows.client(played.base_url)
      rows.check_luck(client)
      assert.is_true(played.wait_for("bytes_sent", #rows.good_answer + #stray[2]))
      local upload, failure, response = client.cancel("upload_7", { with_response = true })
      assert.is_nil(failure)
      assert.are.same({ "upload_7", false, 1 }, { upload.id, response.connection_reused, response.attempts })
      played.close()
    end)
  end

  it("is looked at however many others are busy", function()
    local played = server.script {
      { { "request" }, { "send", rows.good_answer }, { "wait", 0.02 }, { "close" } }, { { "request" }, { "stall" } },
    }
    local client = rows.client(played.base_url, { max_connections = 200, timeout = 20 })
    rows.check_luck(client)
    assert.is_true(played.wait_for("finished", 1))
    for index = 1, 150 do client.start.cancel("upload_" .. index):on_done(function() end) end
    drive.till_seen(client, played, "requests", 151)
    client.close()
    played.close()
  end)

  it("that carried another Upload's answer carries no further one", function()
    local forged = fault.answer(200, '{"id":"upload_2","object":"upload","status":"cancelled"}')
    local played = server.script { { { "request" }, { "send", forged }, { "stall" } }, rows.lucky }
    local client = rows.client(played.base_url)
    check.failure("decode", client.cancel "upload_1")
    local _, failure, response = client.cancel("upload_1", { with_response = true })
    assert.is_nil(failure)
    assert.is_false(response.connection_reused)
    played.close()
  end)
end)

describe("a connection that has gone silent", function()
  for _, protocol in ipairs(protocols) do
    it(("of %s is used by neither the retry nor a later call"):format(protocol[1]), function()
      local retries = 0
      local client, line = relayed(protocol[2](), {
        max_retries = 1, timeout = 0.15, on_retry = function() retries = retries + 1 end,
      })
      assert(create(client))
      line.silence()
      for _ = 1, 3 do assert.are.equal("pending", assert(create(client)).status) end
      assert.are.equal(1, retries)
      assert.are.equal(2, line.seen().connections)
      line.close()
    end)

    it(("of %s in the middle of an answer is not used by the retry"):format(protocol[1]), function()
      local client, line = relayed(protocol[2](), { max_retries = 1, timeout = 0.15 })
      assert(create(client))
      service.answer_next { { status = 200, body = "{", cut = true, hold = 5 } }
      local upload, failure, response = create(client)
      assert.is_nil(failure)
      assert.are.same({ "pending", 2, false }, { upload.status, response.attempts, response.connection_reused })
      assert.are.equal(2, line.seen().connections)
      line.close()
    end)
  end

  it("takes the idle ones of its age with it", function()
    local retries = 0
    local client, line = relayed(service.base_url, {
      max_retries = 1, timeout = 0.15, on_retry = function() retries = retries + 1 end,
    })
    local side_by_side = { delay = 0.05 }
    service.answer_next { side_by_side, side_by_side, side_by_side, side_by_side }
    for _ = 1, 4 do client.start.create(params):on_done(function() end) end
    drive.all(client)
    assert.are.equal(4, line.seen().connections)
    line.silence()
    for _ = 1, 3 do assert(create(client)) end
    assert.are.equal(1, retries)
    line.close()
  end)

  it("leaves a file that was half sent whole", function()
    local client, line = relayed(service.tls.good, { max_retries = 2, timeout = 0.3, stall_timeout = 0.3 })
    local done = 0
    local upload, failure = client.upload_file_chunked {
      data = ("x"):rep(1200), filename = "a.txt", purpose = "user_data", part_size = 100, concurrency = 2,
      on_progress = function(sent)
        if sent >= 600 and done == 0 then
          done = sent
          line.silence()
        end
      end,
    }
    assert.is_nil(failure)
    assert.are.same({ "completed", 1200 }, { upload.status, upload.file.bytes })
    line.close()
  end)

  -- Calls that share it have time left of their own: they are neither ended nor joined by further ones.
  it("stays for the others that use it, and no further one does", function()
    local client, line = relayed(service.tls.good, { timeout = 20 })
    assert(create(client))
    service.answer_next { { call = "cancel", delay = 0.8 }, { call = "create", delay = 0.8 } }
    local id = service.make_uploads(1)[1]
    local slow = client.start.cancel(id)
    drive.till(client, function() return #(service.requests()) >= 2 end)
    local short = client.start.create(params, { timeout = 0.2 })
    drive.till(client, function() return short:done() end)
    check.failure("timeout", drive.result(short))
    local _, failure, response = create(client)
    assert.is_nil(failure)
    assert.is_false(response.connection_reused)
    assert.is_false(slow:done())
    local _, upload = slow:wait(10)
    assert.are.equal("cancelled", upload.status)
    line.close()
  end)
end)
