-- SPDX-License-Identifier: MIT
-- Calls that are begun and not waited for: start.*, and what can be done with the transfer.
-- Without a descriptor: too

local socket = require "socket"
local check = require "spec.support.check"
local drive = require "spec.support.drive"
local fault = require "spec.support.fault"
local rows = require "spec.support.rows"
local script = require "spec.support.script"
local with_service = require "spec.support.with_service"

local params = { filename = "a.jsonl", purpose = "batch", bytes = 10, mime_type = "text/jsonl" }

local service = with_service.emulator()
local server = with_service.fault_server()

local function new_id() return service.make_uploads(1)[1] end

local stalled = { { "request" }, { "stall" } }
local busy = fault.answer(503, "", nil, { connection = "close" })

-- A client without retries of a server that plays these connections, and the script.
local function client_of(connections, settings)
  local played = server.script(connections)
  return rows.client(played.base_url, settings), played
end

-- A transfer whose request has reached a server that does not answer.
local function stalled_transfer(settings, options)
  local client, played = client_of({ stalled }, settings)
  local transfer = client.start.cancel(rows.id, options)
  drive.till_seen(client, played, "requests", 1)
  return transfer, client, played
end

describe("a started call", function()
  it("ends with the Upload that the call would have given", function()
    local client, id = check.client(service), new_id()
    local transfer = client.start.cancel(id)
    drive.all(client)
    local done, upload, failure, response = transfer:poll()
    assert.are.same({ true, nil, nil }, { done, failure, response })
    local stored = service.upload(id)
    assert.are.same({ id, "cancelled", stored.bytes, stored.created_at },
      { upload.id, upload.status, upload.bytes, upload.created_at })
    assert.is_nil(getmetatable(upload))
  end)

  it("has as many results as it needs, and no more", function()
    local client = check.client(service)
    service.answer_next { { delay = 0.2 } }
    local transfer = client.start.cancel(new_id())
    assert.are.equal(1, select("#", transfer:poll()))
    drive.all(client)
    assert.are.equal(2, select("#", transfer:poll()))
    transfer = client.start.cancel "upload_unknown"
    drive.all(client)
    assert.are.equal(3, select("#", transfer:poll()))
  end)

  it("ends with the failure that the call would have given", function()
    local client = check.client(service)
    local transfer = client.start.cancel "upload_unknown"
    drive.all(client)
    local failure = check.failure("not_found", drive.result(transfer))
    local _, expected = client.cancel "upload_unknown"
    for _, name in ipairs { "kind", "status", "message", "attempts", "may_have_applied", "code", "param", "type" } do
      assert.are.equal(expected[name], failure[name], name)
    end
    check.holds("not_found: ", tostring(failure))
  end)

  it("creates Uploads, too", function()
    local client = check.client(service)
    local transfer = client.start.create(params)
    local done, upload = transfer:wait()
    assert.is_true(done)
    assert.are.same({ "pending", 10, "a.jsonl" }, { upload.status, upload.bytes, upload.filename })
    assert.is_table(service.upload(upload.id))
  end)

  it("tells how it went, when asked", function()
    local client = check.client(service)
    service.answer_next { { status = 500 } }
    local transfer = client.start.cancel(new_id(), { with_response = true })
    local done, upload, failure, response = transfer:wait()
    assert.are.same({ true, "cancelled", nil, 200, 2 },
      { done, upload.status, failure, response.status, response.attempts })
    transfer = client.start.cancel("upload_unknown", { with_response = true })
    done, upload, failure, response = transfer:wait()
    assert.are.same({ true, "not_found", 404, 1 }, { done, failure.kind, response.status, response.attempts })
    assert.is_nil(upload)
  end)

  it("returns at once, whatever becomes of it", function()
    local client = rows.client((server.full()))
    local transfer = client.start.cancel(rows.id, { timeout = 0.5 })
    assert.is_false(transfer:done())
    transfer:abort()
    assert.are.equal(0, client.step())
  end)

  it("ends as the call does when the answer is no Upload", function()
    local client = check.client(service)
    service.answer_next { { status = 200, body = "<html>" } }
    local transfer = client.start.cancel(new_id())
    drive.all(client)
    rows.check_failure({ kind = "decode", status = 200, may = true, says = "answer" }, drive.result(transfer))
  end)

  it("that cannot be sent is done when it begins, and says why", function()
    local client = check.client(service)
    local transfer = client.start.cancel("upload_1", { headers = { ["X-A"] = "b\r\nc: d" } })
    assert.is_true(transfer:done())
    rows.check_failure({ kind = "configuration", attempts = 0, may = false, says = "header" }, drive.result(transfer))
    assert.are.equal(0, client.step())
    check.nothing_sent(service)
  end)

  it("tells functions of its own, and else the client's", function()
    local told = {}
    local function tell(what) return function() told[#told + 1] = what end end
    local client = check.client(service, { log = tell "client's log", on_retry = tell "client's on_retry" })
    service.answer_next { { status = 500 } }
    local transfer = client.start.cancel(new_id(), { log = tell "log" })
    drive.all(client)
    assert.are.equal("cancelled", drive.result(transfer).status)
    assert.are.equal("log log client's on_retry log log", table.concat(told, " "))
  end)

  it("that meets a kept-alive connection closed under it goes on a new one, at once", function()
    local dying = { { "request" }, { "wait", 0.1 }, { "send", rows.good_answer }, { "request" }, { "close" } }
    local client = client_of({ dying, dying, dying, dying, rows.lucky },
      { max_retries = 1, retry_delay = 20, max_retry_delay = 20 })
    for index = 1, 4 do client[index] = client.start.cancel(rows.id) end
    drive.all(client)
    local done, upload, _, response = client.start.cancel(rows.id, { with_response = true }):wait(10)
    assert.are.same({ true, rows.id, 2, false },
      { done, upload and upload.id, response.attempts, response.connection_reused })
  end)

  it("sends the very request of the call", function()
    local client, id = check.client(service), new_id()
    local options = { headers = { ["X-A"] = "b" }, query = { c = "d" } }
    client.start.cancel(id, options):wait()
    client.cancel(id, options)
    local requests = service.requests()
    assert.are.equal(2, #requests)
    for _, request in ipairs(requests) do request.connection = nil end
    assert.are.same(requests[2], requests[1])
  end)

  it("is begun by the module as well", function()
    local result = script.run([[
      local uploads = require "openai_uploads"
      assert(uploads.step() == 0 and uploads.timeout() == nil)
      local transfer = uploads.start.cancel(os.getenv "ID")
      for _ = 1, 1000 do
        if uploads.step(0.1) == 0 then break end
      end
      local done, upload = transfer:poll()
      io.write(tostring(done), " ", upload.status)
    ]], { OPENAI_BASE_URL = service.base_url, OPENAI_API_KEY = check.key, ID = new_id() })
    assert.are.same({ "true cancelled", "", 0 }, { result.stdout, result.stderr, result.status })
  end)

  it("that lacks a key fails without a request, and is a transfer all the same", function()
    local result = script.run([[
      local transfer = require("openai_uploads").start.cancel "upload_1"
      local done, upload, failure = transfer:wait()
      io.write(tostring(done), " ", tostring(upload), " ", failure.kind, " ", failure.attempts, " ", tostring(transfer))
    ]])
    assert.are.same({ "true nil configuration 0 openai_uploads.transfer: done", "" }, { result.stdout, result.stderr })
  end)

  describe("raises for the misuse that the call raises for:", function()
    local misuses = {
      { "no id", function(start) start.cancel() end },
      { "an empty id", function(start) start.cancel "" end, "upload id is empty" },
      { "a number as id", function(start) start.cancel(12) end },
      { "an id of dots", function(start) start.cancel ".." end },
      { "an unknown option", function(start) start.cancel("upload_1", { time_out = 1 }) end, "'timeout'?" },
      { "an option of a client", function(start) start.cancel("upload_1", { api_key = "sk" }) end, "setting" },
      { "no params", function(start) start.create() end, "create" },
      { "a param missing", function(start) start.create { filename = "a" } end, "create" },
      { "a colon", function(start) start:cancel "upload_1" end },
    }
    for _, row in ipairs(misuses) do
      it(row[1], function()
        local client = check.client(service)
        local fine, message = pcall(row[2], client.start)
        assert.is_false(fine)
        check.holds("transfer_spec.lua:", message)
        check.holds(row[3] or "'cancel'", message)
        assert.are.equal(0, client.step())
        check.nothing_sent(service)
      end)
    end
  end)
end)

describe("poll", function()
  it("gives false while the transfer runs, and the same answer however often it is asked after that", function()
    local transfer, client, played = stalled_transfer()
    for _ = 1, 100 do assert.is_false(transfer:poll()) end
    assert.are.equal("openai_uploads.transfer: running", tostring(transfer))
    transfer:abort()
    local failure = check.failure("aborted", drive.result(transfer))
    for _ = 1, 3 do
      assert.are.equal(tostring(failure), tostring(select(2, drive.result(transfer))))
    end
    assert.are.equal("openai_uploads.transfer: done", tostring(transfer))
    assert.are.equal(0, client.step())
    played.close()
  end)

  it("alone brings a call to its end, retries included", function()
    local client, id = check.client(service), new_id()
    service.answer_next { { status = 500 }, { status = 503 } }
    local transfer = client.start.cancel(id, { with_response = true })
    local last = os.time() + 10
    local done, upload, failure, response
    repeat done, upload, failure, response = transfer:poll() until done or os.time() > last
    assert.are.same({ true, nil, id, 3 }, { done, failure, upload.id, response.attempts })
  end)

  it("gives the same Upload again", function()
    local client, id = check.client(service), new_id()
    local transfer = client.start.cancel(id)
    drive.all(client)
    local first, second = drive.result(transfer), drive.result(transfer)
    assert.are.same(first, second)
    drive.collect()
    assert.are.same(first, (drive.result(transfer)))
  end)

  it("gives the same answer after other calls of the client", function()
    local client, id = check.client(service), new_id()
    local transfer = client.start.cancel(id, { with_response = true })
    local refused = client.start.cancel("upload_unknown", { with_response = true })
    drive.all(client)
    for _ = 1, 3 do client.create(params) end
    local upload, _, response = drive.result(transfer)
    assert.are.same({ id, "cancelled", 200 }, { upload.id, upload.status, response.status })
    local _, failure, other = drive.result(refused)
    assert.are.same({ "not_found", 404 }, { failure.kind, other.status })
    assert.are.equal(response.elapsed, select(3, drive.result(transfer)).elapsed)
  end)

  it("never waits", function()
    local transfer, client, played = stalled_transfer(nil, { timeout = 2 })
    for _ = 1, 20 do transfer:poll() end
    assert.is_false(transfer:done())
    client.close()
    played.close()
  end)
end)

describe("done", function()
  it("only looks", function()
    local late = { { "request" }, { "wait", 0.1 }, { "send", rows.good_answer }, { "stall" } }
    local client, played = client_of { late }
    local transfer = client.start.cancel(rows.id)
    drive.till_seen(client, played, "requests", 1)
    assert.is_true(played.wait_for("bytes_sent", #rows.good_answer))
    for _ = 1, 20 do assert.is_false(transfer:done()) end
    drive.all(client)
    assert.is_true(transfer:done())
    assert.are.equal(rows.id, drive.result(transfer).id)
    played.close()
  end)

  it("is true of a transfer that was finalized, of which nothing else is known", function()
    local transfer, client, played = stalled_transfer()
    local methods = getmetatable(transfer)
    for _ = 1, 2 do methods.__gc(transfer) end
    assert.is_true(transfer:done())
    assert.are.equal("openai_uploads.transfer: closed", tostring(transfer))
    for _, name in ipairs { "poll", "wait", "abort", "on_done" } do
      local fine, message = pcall(transfer[name], transfer, name == "on_done" and print or nil)
      assert.is_false(fine)
      check.holds("the transfer is closed", message)
    end
    assert.are.equal(0, select("#", methods.__close(transfer)))
    assert.is_true(played.wait_for("closed_by_peer", 1))
    assert.are.equal(0, client.step())
    played.close()
  end)
end)

describe("on_done", function()
  it("is called once, from the step that ends the transfer, and with the transfer", function()
    local transfer, client, played = stalled_transfer()
    local told = {}
    transfer:on_done(function(...) told[#told + 1] = { select("#", ...), ..., (...):done() } end)
    client.step()
    assert.are.same({}, told)
    transfer:abort()
    for _ = 1, 3 do client.step() end
    assert.are.equal(1, #told)
    assert.are.same({ 1, true }, { told[1][1], told[1][3] })
    assert.is_true(rawequal(transfer, told[1][2]))
    played.close()
  end)

  local endings = {
    { "an Upload", "upload", function(client, transfer) drive.all(client) transfer:poll() end },
    { "a failure", "upload_none", function(client) drive.all(client) end },
    { "a wait", "upload", function(_, transfer) transfer:wait() end },
    { "an abort", "upload", function(_, transfer) transfer:abort() end },
    { "the client's close", "upload", function(client) client.close() end },
    { "another's wait", "upload", function(client) drive.till(client, function() return client.step() == 0 end) end },
  }
  for _, row in ipairs(endings) do
    it("is called for " .. row[1], function()
      local client = check.client(service)
      service.answer_next { { delay = 0.1 } }
      local transfer = client.start.cancel(row[2] == "upload" and new_id() or row[2])
      local told = 0
      transfer:on_done(function() told = told + 1 end)
      assert.are.equal(0, told)
      row[3](client, transfer)
      assert.are.equal(1, told)
      transfer:poll()
      client.step()
      assert.are.equal(1, told)
    end)
  end

  it("is called at once when it has ended, and each time it is asked for", function()
    local client = check.client(service)
    local transfer = client.start.cancel "upload_none"
    drive.all(client)
    local told = 0
    for _ = 1, 2 do transfer:on_done(function(ended) told = told + (rawequal(ended, transfer) and 1 or 0) end) end
    client.step()
    assert.are.equal(2, told)
  end)

  it("is called once, too, when it is asked for between the end and the telling of it", function()
    local late = { { "request" }, { "wait", 0.1 }, { "send", rows.good_answer }, { "stall" } }
    local client, played = client_of { late }
    local transfers, told, expected = {}, {}, {}
    local function ask(event, ended) -- the others have ended in the same step, or will in one of the next
      if event.event ~= "done" or #expected > 0 then return end
      for index, transfer in ipairs(transfers) do
        told[index], expected[index] = 0, index == ended and 0 or 1
        if index ~= ended then transfer:on_done(function() told[index] = told[index] + 1 end) end
      end
    end
    for index = 1, 16 do
      transfers[index] = client.start.cancel(rows.id, { log = function(event) ask(event, index) end })
    end
    drive.till_seen(client, played, "requests", 16)
    assert.is_true(played.wait_for("bytes_sent", 16 * #rows.good_answer))
    drive.all(client)
    assert.are.equal(16, #told)
    assert.are.same(expected, told)
    played.close()
  end)

  it("is one for each transfer, and the last one counts", function()
    local transfer, client, played = stalled_transfer()
    local told = {}
    for _, name in ipairs { "first", "second" } do transfer:on_done(function() told[#told + 1] = name end) end
    client.close()
    assert.are.same({ "second" }, told)
    played.close()
  end)

  it("takes a function and nothing else", function()
    local transfer, client, played = stalled_transfer()
    for _, wrong in ipairs { "soon", {}, true, 12 } do assert.is_false(pcall(transfer.on_done, transfer, wrong)) end
    assert.is_false(pcall(transfer.on_done, transfer))
    client.close()
    played.close()
  end)

  it("that raises spoils nothing, and is told on stderr", function()
    local result = script.run([[
      local uploads = require "openai_uploads"
      local transfer = uploads.start.cancel(os.getenv "ID")
      transfer:on_done(function() error("oh dear", 0) end)
      io.write(select(2, transfer:wait()).status)
    ]], { OPENAI_BASE_URL = service.base_url, OPENAI_API_KEY = check.key, ID = new_id() })
    assert.are.same({ "cancelled", 0 }, { result.stdout, result.status })
    check.holds("openai_uploads: the on_done function raised an error: oh dear", result.stderr)
  end)

  it("may do what any function of the program may", function()
    local client, played = client_of { rows.lucky }
    local first, second = client.start.cancel(rows.id), client.start.cancel(rows.id)
    local told = 0
    for _, transfer in ipairs { first, second } do
      transfer:on_done(function()
        told = told + 1
        rows.check_luck(client)
        client.step()
        drive.collect()
      end)
    end
    drive.all(client)
    assert.are.equal(2, told)
    played.close()
  end)
end)

describe("wait", function()
  it("without an argument waits for the end", function()
    local client, id = check.client(service), new_id()
    service.answer_next { { delay = 0.1 } }
    local done, upload = client.start.cancel(id):wait()
    assert.are.same({ true, id }, { done, upload.id })
  end)

  it("gives false when the time is up, and can be asked again", function()
    local transfer, _, played = stalled_transfer()
    assert.is_false(transfer:wait(0))
    assert.is_false(transfer:wait(0.02))
    assert.is_false(transfer:wait(0.02))
    transfer:abort()
    local done, _, failure = transfer:wait()
    assert.are.same({ true, "aborted" }, { done, failure.kind })
    played.close()
  end)

  it("comes back at once from a transfer that is done, whatever else runs", function()
    local other, client, played = stalled_transfer(nil, { timeout = 2 })
    local transfer = client.start.cancel "upload_2"
    transfer:abort()
    for _, seconds in ipairs { 0, 10, math.huge } do
      local done, _, failure = transfer:wait(seconds)
      assert.are.same({ true, "aborted" }, { done, failure.kind })
      assert.is_false(other:poll())
    end
    transfer:wait()
    assert.is_false(other:poll())
    other:abort()
    played.close()
  end)

  it("of one transfer drives the others", function()
    local client = check.client(service)
    local transfers = {}
    for index = 1, 5 do transfers[index] = client.start.cancel(new_id()) end
    service.answer_next { {}, { delay = 0.1 } }
    for index = 5, 1, -1 do
      local done, upload = transfers[index]:wait(10)
      assert.are.same({ true, "cancelled" }, { done, upload.status })
    end
    assert.are.equal(0, client.step())
  end)

  it("takes a number and nothing else, and methods take a transfer", function()
    local transfer, client, played = stalled_transfer()
    for _, wrong in ipairs { "soon", {}, true, -1, 0 / 0 } do
      assert.is_false(pcall(transfer.wait, transfer, wrong))
    end
    for _, name in ipairs { "poll", "wait", "abort", "done", "on_done" } do
      for _, wrong in ipairs { false, {}, "transfer", io.stdout } do
        assert.is_false(pcall(transfer[name], wrong))
      end
    end
    assert.is_false(transfer:poll())
    transfer:abort()
    assert.are.equal(0, client.step())
    played.close()
  end)
end)

describe("many at once", function()
  it("all end as each would alone", function()
    local client = check.client(service)
    local ids, answers, transfers = service.make_uploads(64), {}, {}
    for index = 1, 64 do answers[index] = { delay = (index * 37 % 64) / 640 } end
    service.answer_next(answers)
    for _, id in ipairs(ids) do transfers[id] = client.start.cancel(id) end
    drive.all(client)
    for id, transfer in pairs(transfers) do
      local upload, failure = drive.result(transfer)
      assert.is_nil(failure)
      assert.are.same({ id, "cancelled" }, { upload.id, upload.status })
      assert.are.equal("cancelled", service.upload(id).status)
    end
    assert.are.equal(64, (select(2, service.requests())))
  end)

  it("run at the same time", function()
    local client, played = client_of { stalled }
    local transfers = {}
    for index = 1, 64 do transfers[index] = client.start.cancel("upload_" .. index) end
    drive.till_seen(client, played, "requests", 64)
    assert.are.equal(64, played.seen().most_open)
    assert.are.equal(64, client.step())
    for index = 1, 64 do
      assert.is_false(transfers[index]:poll())
      assert.is_true(transfers[index]:abort())
      assert.are.equal(64 - index, client.step())
    end
    assert.is_true(played.wait_for("closed_by_peer", 64))
    played.close()
  end)

  it("are no more at a time than max_connections", function()
    local client, played = client_of({ rows.lasting }, { max_connections = 3 })
    local transfers = {}
    for index = 1, 20 do transfers[index] = client.start.cancel(rows.id) end
    drive.all(client)
    for _, transfer in ipairs(transfers) do assert.are.equal(rows.id, drive.result(transfer).id) end
    assert.are.equal(20, #played.seen().requests)
    assert.is_true(played.seen().most_open <= 3)
    played.close()
  end)

  it("are as many at a time as max_connections, where there are more", function()
    local client, played = client_of({ stalled }, { max_connections = 3 })
    for index = 1, 8 do client[index] = client.start.cancel(rows.id) end
    drive.till_seen(client, played, "requests", 3)
    for _ = 1, 5 do client.step(0.01) end
    local seen = played.seen()
    assert.are.same({ 3, 3 }, { #seen.requests, seen.most_open })
    client.close()
    played.close()
  end)

  it("share one connection of HTTP/2", function()
    local client = check.client(service, { base_url = service.tls.good })
    local transfers = {}
    for index, id in ipairs(service.make_uploads(64)) do
      transfers[index] = client.start.cancel(id, { with_response = true })
    end
    drive.all(client)
    for _, transfer in ipairs(transfers) do
      local upload, _, response = drive.result(transfer)
      assert.are.same({ "cancelled", "2" }, { upload.status, response.http_version })
    end
    local requests = service.requests()
    for _, request in ipairs(requests) do assert.are.equal(requests[1].connection, request.connection) end
  end)

  it("end in the order of the answers, not of their beginnings", function()
    local client, played = client_of { stalled, rows.lucky }
    local first = client.start.cancel "upload_1"
    drive.till_seen(client, played, "requests", 1)
    local second = client.start.cancel "upload_1"
    local done, upload = second:wait()
    assert.are.same({ true, rows.id }, { done, upload.id })
    assert.is_false(first:poll())
    assert.are.equal(1, client.step())
    first:abort()
    played.close()
  end)

  it("meet the end of the server together", function()
    local doomed = fault.start()
    local played = doomed.script { stalled }
    local client = rows.client(played.base_url)
    local transfers = {}
    for index = 1, 64 do transfers[index] = client.start.cancel("upload_" .. index) end
    drive.till_seen(client, played, "requests", 64)
    doomed.stop()
    drive.all(client)
    for _, transfer in ipairs(transfers) do
      local failure = check.failure("connection", drive.result(transfer))
      assert.are.same({ 1, true }, { failure.attempts, failure.may_have_applied })
    end
  end)

  it("mix luck and bad luck, and each has its own", function()
    local client = check.client(service)
    local ids = service.make_uploads(10)
    client.cancel(ids[10])
    local expected, transfers = { upload_none = "not_found", [ids[10]] = "bad_request" }, {}
    for index = 1, 9 do expected[ids[index]] = "cancelled" end
    for id in pairs(expected) do transfers[id] = client.start.cancel(id) end
    drive.all(client)
    local got = {}
    for id, transfer in pairs(transfers) do
      local upload, failure = drive.result(transfer)
      got[id] = upload and upload.status or failure.kind
    end
    assert.are.same(expected, got)
  end)
end)

describe("retries of a started call", function()
  it("are driven by step alone", function()
    local client, id = check.client(service), new_id()
    service.answer_next { { status = 500 } }
    local waits = 0
    local transfer = client.start.cancel(id, { with_response = true, on_retry = function() waits = waits + 1 end })
    drive.all(client)
    local upload, failure, response = drive.result(transfer)
    assert.are.same({ "cancelled", 2, 1 }, { upload.status, response.attempts, waits })
    assert.is_nil(failure)
  end)

  it("end when they are used up", function()
    local client = client_of(rows.connections { 503, 503, 503 }, { max_retries = 2 })
    local transfer = client.start.cancel(rows.id)
    drive.all(client)
    local upload, failure = drive.result(transfer)
    rows.check_failure({ kind = "server", status = 503, attempts = 3, may = true, says = "503" }, upload, failure)
  end)

  it("keep the doubt of an attempt before", function()
    local unknown = rows.answered(fault.answer(404, ""), { "stall" })
    local client = client_of({ rows.answered(busy, { "close" }), unknown }, { max_retries = 1 })
    local transfer = client.start.cancel(rows.id)
    drive.all(client)
    rows.check_failure({ kind = "not_found", status = 404, attempts = 2, may = true, says = "404" },
      drive.result(transfer))
  end)

  it("are begun when they are due, however long others wait", function()
    local lists = { stalled }
    for index = 2, 41 do lists[index] = rows.answered(busy, { "close" }) end
    lists[42] = rows.lucky
    local client, played = client_of(lists, { max_retries = 40, retry_delay = 0.005, max_retry_delay = 0.005 })
    local other = client.start.cancel(rows.id, { timeout = 20 })
    drive.till_seen(client, played, "requests", 1)
    local done, upload = client.start.cancel(rows.id, { deadline = 6, on_retry = function(info)
      if info.attempt % 2 == 0 then return end
      local last = socket.gettime() + 0.01 -- every other wait is over when this is
      repeat until socket.gettime() > last
    end }):wait()
    assert.are.same({ true, rows.id }, { done, upload and upload.id })
    other:abort()
    played.close()
  end)

  it("wait without keeping the others", function()
    local client, played = client_of { rows.answered(busy), rows.lucky }
    local told
    local slow = client.start.cancel(rows.id,
      { max_retries = 1, retry_delay = 8, on_retry = function() told = true end })
    drive.till(client, function() return told end)
    local done, upload = client.start.cancel(rows.id):wait(10)
    assert.are.same({ true, rows.id }, { done, upload.id })
    assert.is_false(slow:poll())
    slow:abort()
    played.close()
  end)

  it("follow a refused connection", function()
    local attempts = 0
    local function count() attempts = attempts + 1 end
    local client = rows.client((server.refused()), { max_retries = 2, on_retry = count })
    local transfer = client.start.cancel(rows.id)
    drive.all(client)
    local upload, failure = drive.result(transfer)
    rows.check_failure({ kind = "connection", attempts = 3, may = false, says = "[Cc]onnect" }, upload, failure)
    assert.are.equal(2, attempts)
  end)
end)

describe("time runs out for a started call", function()
  local outcomes = {
    { "by its timeout", { timeout = 0.1 }, kind = "timeout", may = true, says = "timed out" },
    { "by its deadline", { deadline = 0.1 }, kind = "timeout", may = true, says = "deadline of 0%.1 s" },
    { "by its timeout, again and again", { timeout = 0.05, max_retries = 2 },
      kind = "timeout", attempts = 3, may = true, says = "timed out" },
  }
  for _, row in ipairs(outcomes) do
    it(row[1], function()
      local client, played = client_of { stalled }
      local transfer = client.start.cancel(rows.id, row[2])
      drive.all(client)
      rows.check_failure(row, drive.result(transfer))
      played.close()
    end)
  end

  it("by its connect_timeout, however long the attempt may take", function()
    local client = rows.client((server.full()), { timeout = 20, connect_timeout = 0.3 })
    local transfer = client.start.cancel(rows.id)
    drive.all(client)
    rows.check_failure({ kind = "timeout", may = false, says = "[Cc]onnect" }, drive.result(transfer))
  end)

  it("while the program is asked for the key, and nothing was sent", function()
    local events = {}
    local client = check.client(service, {
      api_key = function()
        local last = socket.gettime() + 0.05
        repeat until socket.gettime() > last
        return check.key
      end,
      log = function(event) events[#events + 1] = event.event .. " " .. (event.kind or "") end,
    })
    local transfer = client.start.cancel(new_id(), { deadline = 0.02 })
    drive.all(client)
    rows.check_failure({ kind = "timeout", attempts = 0, may = false, says = "deadline" }, drive.result(transfer))
    assert.are.same({ "done timeout" }, events)
    check.nothing_sent(service)
  end)

  it("while it connects, and nothing was sent", function()
    local client = rows.client((server.full()))
    local transfer = client.start.cancel(rows.id, { timeout = 0.1 })
    drive.all(client)
    rows.check_failure({ kind = "timeout", may = false, says = "timed out" }, drive.result(transfer))
  end)

  it("by its deadline when others hold all connections, and nothing was sent", function()
    local client, played = client_of({ stalled }, { max_connections = 1 })
    local first = client.start.cancel "upload_1"
    drive.till_seen(client, played, "requests", 1)
    local second = client.start.cancel("upload_2", { deadline = 0.1 })
    drive.till(client, function() return (second:poll()) end)
    rows.check_failure({ kind = "timeout", may = false, says = "" }, drive.result(second))
    assert.is_false(first:poll())
    assert.are.equal(1, #played.seen().requests)
    first:abort()
    played.close()
  end)

  it("and the connection it held goes to the next", function()
    local client, played = client_of({ stalled, rows.lucky }, { max_connections = 1 })
    local first = client.start.cancel("upload_1", { timeout = 0.1 })
    drive.till_seen(client, played, "requests", 1)
    local second = client.start.cancel "upload_1"
    drive.all(client)
    rows.check_failure({ kind = "timeout", may = true, says = "timed out" }, drive.result(first))
    assert.are.equal(rows.id, drive.result(second).id)
    played.close()
  end)
end)

describe("abort", function()
  local function check_aborted(transfer, attempts, may)
    assert.is_true(transfer:abort())
    local upload, failure = drive.result(transfer)
    check.failure("aborted", upload, failure)
    assert.are.same({ attempts, may }, { failure.attempts, failure.may_have_applied })
    assert.is_false(transfer:abort())
    assert.are.equal("openai_uploads.transfer: done", tostring(transfer))
    check.holds("aborted: ", tostring(failure))
    return failure
  end

  it("ends a call just begun, and knows whether the request has left", function()
    local client, played = client_of { stalled, rows.lucky } -- an answer might be here before start returns
    local transfer = client.start.cancel(rows.id)
    assert.is_true(transfer:abort())
    local failure = check.failure("aborted", drive.result(transfer))
    assert.are.equal(0, client.step())
    rows.check_luck(client)
    local expected = failure.may_have_applied and 2 or 1
    assert.are.same({ true, expected }, { played.wait_for("requests", expected) })
    played.close()
  end)

  it("ends a connect", function()
    local client = rows.client((server.full()))
    local transfer = client.start.cancel(rows.id)
    for _ = 1, 5 do client.step(0.01) end
    check_aborted(transfer, 1, false)
    assert.are.equal(0, client.step())
  end)

  it("ends a TLS handshake", function()
    local base_url, played = server.silent()
    local client = rows.client((base_url:gsub("^http:", "https:")))
    local transfer = client.start.cancel(rows.id)
    drive.till(client, function() return played.seen().bytes_received > 0 end)
    check_aborted(transfer, 1, false)
    assert.is_true(played.wait_for("closed_by_peer", 1))
    played.close()
  end)

  it("ends a wait for one of max_connections", function()
    local client, played = client_of({ stalled, rows.lucky }, { max_connections = 1 })
    local first = client.start.cancel(rows.id)
    drive.till_seen(client, played, "requests", 1)
    local second = client.start.cancel(rows.id)
    for _ = 1, 5 do client.step(0.01) end
    check_aborted(second, 1, false)
    check_aborted(first, 1, true)
    rows.check_luck(client)
    assert.are.equal(2, #played.seen().requests)
    played.close()
  end)

  it("ends a call that was sent and has no answer", function()
    local transfer, client, played = stalled_transfer()
    check_aborted(transfer, 1, true)
    assert.is_true(played.wait_for("closed_by_peer", 1))
    assert.are.equal(0, client.step())
    played.close()
  end)

  it("ends a call in the midst of its answer", function()
    local half = fault.answer(200, '{"id"', nil, { length = 56 })
    local client, played = client_of { { { "request" }, { "send", half }, { "stall" } } }
    local transfer = client.start.cancel(rows.id)
    drive.till(client, function() return played.seen().bytes_sent == #half end)
    for _ = 1, 5 do client.step(0.01) end
    assert.are.equal(200, check_aborted(transfer, 1, true).status)
    played.close()
  end)

  local waits = {
    { "503, which may have been carried out", rows.answered(busy), true, "server" },
    { "429, which was not", rows.answered(fault.answer(429, "", nil, { connection = "close" })), false, "rate_limit" },
    { "a reset", { { "request" }, { "reset" } }, true, "connection" },
  }
  for _, row in ipairs(waits) do
    it("ends a wait for a retry after " .. row[1], function()
      local client, played = client_of { row[2], rows.lucky }
      local told
      local transfer = client.start.cancel(rows.id,
        { max_retries = 2, retry_delay = 8, on_retry = function(info) told = info.failure.kind end })
      drive.till(client, function() return told end)
      assert.are.equal(row[4], told)
      check_aborted(transfer, 1, row[3])
      assert.is_nil(client.timeout())
      assert.are.equal(0, client.step())
      rows.check_luck(client)
      assert.are.equal(2, #played.seen().requests)
      played.close()
    end)
  end

  it("ends a wait for a retry after a refused connect", function()
    local told
    local client = rows.client((server.refused()), { max_retries = 2, retry_delay = 8,
      on_retry = function() told = true end })
    local transfer = client.start.cancel(rows.id)
    drive.till(client, function() return told end)
    check_aborted(transfer, 1, false)
  end)

  it("remembers the doubt of an earlier attempt", function()
    local client, played = client_of { rows.answered(busy, { "close" }), stalled }
    local transfer = client.start.cancel(rows.id, { max_retries = 2 })
    drive.till_seen(client, played, "requests", 2)
    check_aborted(transfer, 2, true)
    played.close()
  end)

  it("remembers it in a wait, too", function()
    local slow_down = fault.answer(429, "", nil, { connection = "close" })
    local client, played = client_of { rows.answered(busy, { "close" }), rows.answered(slow_down, { "close" }) }
    local told = 0
    local transfer = client.start.cancel(rows.id, { max_retries = 5, retry_delay = 0.2, on_retry = function()
      told = told + 1
    end })
    drive.till(client, function() return told == 2 end)
    check_aborted(transfer, 2, true)
    played.close()
  end)

  it("remembers it while the next attempt waits for a connection, too", function()
    local client, played = client_of({ rows.answered(busy, { "close" }), stalled }, { max_connections = 1 })
    local last
    local doubtful = client.start.cancel(rows.id, { max_retries = 1, retry_delay = 0.3, log = function(event)
      last = event
    end })
    drive.till(client, function() return last and last.event == "retry" end)
    local other = client.start.cancel(rows.id)
    drive.till_seen(client, played, "requests", 2)
    drive.till(client, function() return last.event == "request" and last.attempt == 2 end)
    check_aborted(doubtful, 2, true)
    check_aborted(other, 1, true)
    assert.are.equal(2, #played.seen().requests)
    played.close()
  end)

  it("comes too late for a call that is done", function()
    local client, id = check.client(service), new_id()
    local transfer = client.start.cancel(id)
    drive.all(client)
    assert.is_false(transfer:abort())
    assert.are.equal(id, drive.result(transfer).id)
    local refused = client.start.cancel(id)
    drive.all(client)
    assert.is_false(refused:abort())
    check.failure("bad_request", drive.result(refused))
  end)

  it("of one leaves the others", function()
    local client, played = client_of { stalled, rows.lucky }
    local first = client.start.cancel(rows.id)
    drive.till_seen(client, played, "requests", 1)
    local second, third = client.start.cancel(rows.id), client.start.cancel(rows.id)
    client.step()
    check_aborted(first, 1, true)
    for _, transfer in ipairs { second, third } do
      local done, upload = transfer:wait(10)
      assert.are.same({ true, rows.id }, { done, upload.id })
    end
    played.close()
  end)

  it("is told to the log", function()
    local events = {}
    local transfer, client, played = stalled_transfer(nil,
      { log = function(event) events[#events + 1] = event.event .. " " .. (event.kind or "") end })
    transfer:abort()
    assert.are.same({ "request ", "done aborted" }, events)
    client.step()
    transfer:poll()
    assert.are.same({ "request ", "done aborted" }, events)
    played.close()
  end)

  it("comes at the end of a scope that closes it", function()
    local load_text = loadstring or load -- luacheck: ignore 113
    local block = load_text [[
      local begin = ...
      local seen
      do
        local transfer <close> = begin()
        seen = transfer
      end
      return seen
    ]]
    if not block then pending "this Lua has no <close>" return end
    local client, played = client_of { stalled }
    local transfer = block(function()
      local begun = client.start.cancel(rows.id)
      drive.till_seen(client, played, "requests", 1)
      return begun
    end)
    local failure = check.failure("aborted", drive.result(transfer))
    assert.is_true(failure.may_have_applied)
    assert.is_true(played.wait_for("closed_by_peer", 1))
    played.close()
  end)
end)

describe("the collector", function()
  it("aborts transfers that nobody has", function()
    local client, played = client_of { stalled }
    local function hold()
      local transfers = {}
      for index = 1, 8 do transfers[index] = client.start.cancel("upload_" .. index) end
      drive.till_seen(client, played, "requests", 8)
      assert.are.equal(8, #transfers)
    end
    hold()
    drive.collect()
    assert.is_true(played.wait_for("closed_by_peer", 8))
    assert.are.equal(0, client.step())
    assert.is_nil(client.timeout())
    played.close()
  end)

  it("aborts transfers that have not begun, wait for a retry or are done", function()
    local client, played = client_of { rows.answered(busy), rows.lucky }
    local told
    local function tell() told = true end
    local function hold()
      local waiting = client.start.cancel(rows.id, { max_retries = 2, retry_delay = 8, on_retry = tell })
      drive.till(client, function() return told end)
      local done = client.start.cancel(rows.id)
      assert.is_true((done:wait(10)))
      client.start.cancel(rows.id)
      assert.is_false(waiting:poll())
      client.start.cancel(rows.id)
    end
    hold()
    drive.collect()
    assert.are.equal(0, client.step())
    rows.check_luck(client)
    played.close()
  end)

  it("leaves a transfer whose client nobody has", function()
    local function begin(id, told)
      local client = check.client(service, {
        api_key = function() told[#told + 1] = "key" return check.key end,
        on_retry = function() told[#told + 1] = "retry" end,
      })
      return client.start.cancel(id)
    end
    local told, id = {}, new_id()
    service.answer_next { { status = 500 } }
    local transfer = begin(id, told)
    drive.collect()
    local done, upload, failure
    local last = os.time() + 10
    repeat
      done, upload, failure = transfer:wait(0.01)
      drive.collect()
    until done or os.time() > last
    assert.are.same({ true, nil, id }, { done, failure, upload and upload.id })
    assert.are.same({ "key", "retry", "key" }, told)
    drive.collect()
    assert.are.equal(id, drive.result(transfer).id)
  end)

  it("takes the client and its transfers together, in whichever order", function()
    local played = server.script { stalled }
    for round = 1, 4 do
      local function hold()
        local client = rows.client(played.base_url)
        local first, second = client.start.cancel "upload_1", client.start.cancel "upload_2"
        drive.till_seen(client, played, "requests", 2 * round)
        if round % 2 == 0 then client.begun = { first, second } end
      end
      hold()
      drive.collect()
      assert.is_true(played.wait_for("closed_by_peer", 2 * round))
    end
    played.close()
  end)

  it("closes the connections of a client that nobody has", function()
    local played = server.script { rows.lucky }
    local function call()
      local client = rows.client(played.base_url)
      assert.is_true((client.start.cancel(rows.id):wait(10)))
    end
    call()
    drive.collect()
    assert.is_true(played.wait_for("closed_by_peer", 1))
    played.close()
  end)

  it("takes transfers that end in the same step, from a function called for one of them", function()
    local client, played = client_of { { { "request" }, { "wait", 0.1 }, { "send", rows.good_answer }, { "stall" } } }
    local held, later = {}, {}
    local function drop(event)
      if event.event ~= "done" or #later > 0 then return end
      for index = 1, #held do held[index] = nil end
      drive.collect()
      for index = 1, 32 do later[index] = client.start.cancel(rows.id, { timeout = 20 }) end
    end
    for index = 1, 32 do held[index] = client.start.cancel(rows.id, { log = drop }) end
    drive.till_seen(client, played, "requests", 32)
    assert.is_true(played.wait_for("bytes_sent", 32 * #rows.good_answer))
    drive.till(client, function() return #later > 0 end)
    client.close()
    for _, transfer in ipairs(later) do assert.is_true(transfer:done()) end
    assert.are.equal(0, client.step())
    played.close()
  end)

  it("takes transfers that were done before their client was closed", function()
    local client, played = client_of { rows.lasting }
    local held = {}
    for index = 1, 8 do held[index] = client.start.cancel(rows.id) end
    drive.all(client)
    client.close()
    rows.check_luck(client)
    for index = 1, 8 do held[index] = nil end
    drive.collect()
    for index = 1, 8 do held[index] = client.start.cancel(rows.id) end
    drive.all(client)
    for index = 1, 8 do assert.are.equal(rows.id, drive.result(held[index]).id) end
    client.close()
    played.close()
  end)

  it("may run after every step", function()
    local client = check.client(service)
    local transfers = {}
    service.answer_next { { status = 500 }, { status = 429 }, { close = true } }
    for index, id in ipairs(service.make_uploads(8)) do
      transfers[index] = client.start.cancel(id, { log = drive.collect, on_retry = drive.collect })
    end
    drive.all(client, drive.collect)
    for _, transfer in ipairs(transfers) do assert.are.equal("cancelled", drive.result(transfer).status) end
  end)

  it("finds nothing that a transfer has kept once it is gone", function()
    local client = check.client(service)
    local kept = setmetatable({}, { __mode = "v" })
    local function call()
      local options = { log = function() return kept end }
      local transfer = client.start.cancel("upload_unknown", options)
      drive.all(client)
      kept[1], kept[2], kept[3] = options, options.log, transfer
    end
    call()
    drive.collect()
    drive.collect()
    assert.is_nil(next(kept))
  end)

  it("has nothing to do at a program's end", function()
    local played = server.script { stalled }
    for _, ending in ipairs { "", "os.exit(0, true)", "os.exit(0)", "client.close()", "client = nil transfer = nil" } do
      local result = script.run([[
        client = require("openai_uploads").new()
        transfer = client.start.cancel "upload_1"
        for _ = 1, 5 do client.step(0.01) end
        local waiting = client.start.cancel("upload_2", { log = function() end })
      ]] .. ending, { OPENAI_BASE_URL = played.base_url, OPENAI_API_KEY = check.key })
      assert.are.same({ "", "", 0 }, { result.stdout, result.stderr, result.status })
    end
    played.close()
  end)
end)

describe("a blocking call", function()
  it("drives what was started before", function()
    local function slow(seconds)
      return { { "request" }, { "wait", seconds }, { "send", rows.good_answer }, { "stall" } }
    end
    local client, played = client_of { slow(0.1), slow(0.3) }
    local ended
    local transfer = client.start.cancel(rows.id, { log = function(event) ended = event.event == "done" end })
    drive.till_seen(client, played, "requests", 1)
    rows.check_luck(client)
    assert.is_true(ended)
    assert.are.equal(rows.id, drive.result(transfer).id)
    played.close()
  end)

  it("that a function of its own has driven to its end waits for nothing else", function()
    local client, played = client_of { stalled, rows.lucky }
    local other = client.start.cancel(rows.id, { timeout = 2 })
    drive.till_seen(client, played, "requests", 1)
    local ended = false
    local upload = client.cancel(rows.id, { log = function(event)
      if event.event == "request" then drive.till(client, function() return ended end) end
      ended = event.event == "done"
    end })
    assert.are.equal(rows.id, upload.id)
    assert.is_false(other:done())
    other:abort()
    played.close()
  end)

  it("that a hook ends with an error leaves nothing running", function()
    local client, played = client_of { stalled }
    local armed = false
    local fine, message = pcall(function()
      debug.sethook(function()
        if not armed then return end
        armed = false
        error("stopped", 0)
      end, "c")
      client.cancel(rows.id, { timeout = 20, log = function() armed = true end })
    end)
    debug.sethook()
    assert.are.same({ false, "stopped" }, { fine, message })
    assert.are.equal(0, client.step())
    assert.is_nil(client.timeout())
    assert.is_true(played.wait_for("closed_by_peer", 1))
    played.close()
  end)

  it("ends with its own answer, while others run on", function()
    local client, played = client_of { stalled, rows.lucky }
    local transfer = client.start.cancel(rows.id)
    drive.till_seen(client, played, "requests", 1)
    rows.check_luck(client)
    rows.check_luck(client)
    assert.is_false(transfer:poll())
    transfer:abort()
    played.close()
  end)

  it("comes back as soon as it has ended, before the time of others has passed", function()
    local client = check.client(service, { max_retries = 0 })
    service.answer_next { { delay = 30 } }
    local other = client.start.cancel("upload_none", { timeout = 3 })
    drive.till(client, function() return (select(2, service.requests())) == 1 end)
    for _ = 1, 60 do check.failure("not_found", client.cancel "upload_none") end
    assert.is_false(other:poll())
    client.close()
  end)

  it("and started ones can be mixed at will", function()
    local client = check.client(service)
    local transfers, ids = {}, service.make_uploads(40)
    for index, id in ipairs(ids) do
      if index % 4 == 0 then
        assert.are.equal(id, assert(client.cancel(id)).id)
      else
        transfers[id] = client.start.cancel(id)
      end
    end
    drive.all(client)
    for id, transfer in pairs(transfers) do assert.are.equal(id, drive.result(transfer).id) end
    assert.are.equal(40, (select(2, service.requests())))
  end)
end)
