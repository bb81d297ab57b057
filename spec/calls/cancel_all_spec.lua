-- SPDX-License-Identifier: MIT
-- Many cancels in one call.
-- Without a descriptor: too

local check = require "spec.support.check"
local drive = require "spec.support.drive"
local rows = require "spec.support.rows"
local script = require "spec.support.script"
local with_service = require "spec.support.with_service"

local unpack = table.unpack or unpack -- luacheck: ignore 113 143

local service = with_service.emulator()
local server = with_service.fault_server()

local function count(object)
  local number = 0
  for _ in pairs(object) do number = number + 1 end
  return number
end

local function sent()
  return (select(2, service.requests()))
end

-- A client with a stalled transfer of its own, and as many lucky connections as it needs.
local function busy_client(settings)
  local played = server.script { { { "request" }, { "stall" } }, rows.lasting }
  local client = rows.client(played.base_url, settings)
  local stalled = client.start.cancel("upload_stalled", { timeout = 4 })
  drive.till_seen(client, played, "requests", 1)
  return client, stalled, played
end

describe("cancel_all", function()
  it("of nothing gives nothing, and sends nothing", function()
    local client = check.client(service)
    local uploads, failures = client.cancel_all {}
    assert.are.same({}, uploads)
    assert.is_nil(failures)
    assert.are.equal(2, select("#", client.cancel_all({}, {})))
    assert.are.equal(0, sent())
  end)

  for _, number in ipairs { 1, 2, 64, 200 } do
    it(("cancels %d Uploads, each by one request"):format(number), function()
      local client, ids = check.client(service), service.make_uploads(number)
      local uploads, failures = client.cancel_all(ids)
      assert.is_nil(failures)
      assert.are.equal(number, count(uploads))
      for _, id in ipairs(ids) do
        assert.are.same({ id, "cancelled" }, { uploads[id].id, uploads[id].status })
        assert.is_nil(getmetatable(uploads[id]))
      end
      assert.are.same({ number, 0 }, { sent(), client.step() })
    end)
  end

  it("keeps cancelling when ids fail, and says which", function()
    local client, ids = check.client(service, { max_connections = 2 }), service.make_uploads(6)
    client.cancel(ids[2])
    client.cancel(ids[6])
    table.insert(ids, 4, "upload_none")
    local uploads, failures = client.cancel_all(ids)
    assert.are.equal(4, count(uploads))
    for _, index in ipairs { 1, 3, 5, 6 } do assert.are.equal("cancelled", uploads[ids[index]].status) end
    assert.are.equal(3, count(failures))
    for id, kind in pairs { [ids[2]] = "bad_request", [ids[7]] = "bad_request", upload_none = "not_found" } do
      assert.are.same({ kind, 1, false }, { failures[id].kind, failures[id].attempts, failures[id].may_have_applied })
      check.holds(kind .. ": ", tostring(failures[id]))
    end
  end)

  it("may fail for all", function()
    local client = check.client(service, { base_url = check.dead_url, max_retries = 1 })
    local uploads, failures = client.cancel_all { "upload_1", "upload_2", "upload_3" }
    assert.are.same({}, uploads)
    assert.are.equal(3, count(failures))
    for _, failure in pairs(failures) do
      assert.are.same({ "connection", 2, false }, { failure.kind, failure.attempts, failure.may_have_applied })
    end
  end)

  it("sends an id once, however often it is there", function()
    local client, ids = check.client(service, { max_connections = 2 }), service.make_uploads(3)
    local told = 0
    local uploads, failures = client.cancel_all(
      { ids[1], ids[1], ids[2], ids[1], ids[3], ids[2] }, { on_result = function() told = told + 1 end })
    assert.is_nil(failures)
    assert.are.same({ 3, 3, 3 }, { count(uploads), sent(), told })
  end)

  it("retries each by itself", function()
    local client, ids = check.client(service), service.make_uploads(8)
    service.answer_next { { status = 500 }, { status = 429 }, { close = true }, { status = 503 } }
    local retries = 0
    local uploads, failures = client.cancel_all(ids, { on_retry = function() retries = retries + 1 end })
    assert.is_nil(failures)
    assert.are.same({ 8, 4, 12 }, { count(uploads), retries, sent() })
  end)

  it("has no more connections than the client may have", function()
    local played = server.script { rows.lasting }
    local client = rows.client(played.base_url, { max_connections = 3 })
    local ids = {}
    for index = 1, 30 do ids[index] = "upload_" .. index end
    local uploads, failures = client.cancel_all(ids)
    assert.is_nil(failures)
    assert.are.equal(30, count(uploads))
    local seen = played.seen()
    assert.are.equal(30, #seen.requests)
    assert.is_true(seen.most_open <= 3)
    played.close()
  end)

  it("begins no call before there is a connection for it, so that none times out in a queue", function()
    local client, ids, answers = check.client(service, { max_connections = 2 }), service.make_uploads(14), {}
    for index = 1, 14 do answers[index] = { delay = 0.06 } end
    service.answer_next(answers)
    local uploads, failures = client.cancel_all(ids, { timeout = 0.3, max_retries = 0 })
    assert.is_nil(failures)
    assert.are.equal(14, count(uploads))
  end)

  it("has no more calls under way than the client may have connections", function()
    local client, ids = check.client(service, { max_connections = 3 }), service.make_uploads(20)
    service.answer_next { {}, {}, { delay = 0.05 }, { status = 500 }, { delay = 0.02 } }
    local begun, most = {}, 0
    local uploads, failures = client.cancel_all(ids, { log = function(event)
      begun[event.url] = event.event ~= "done" or nil
      most = math.max(most, count(begun))
    end })
    assert.is_nil(failures)
    assert.are.same({ 20, 3 }, { count(uploads), most })
  end)

  it("goes on with the others while one takes its time", function()
    local slow = { { "request" }, { "hold" }, { "send", rows.good_answer }, { "stall" } }
    local played = server.script { slow, rows.lasting }
    local client = rows.client(played.base_url, { max_connections = 2 })
    local order = {}
    client.cancel_all({ "upload_1", "upload_2", "upload_3", "upload_4", "upload_5" }, { on_result = function(id)
      order[#order + 1] = id
      if #order == 4 then played.go_on() end
    end })
    assert.are.equal("upload_2 upload_3 upload_4 upload_5 upload_1", table.concat(order, " "))
    played.close()
  end)

  it("does nothing while it waits", function()
    local client, ids = check.client(service), service.make_uploads(2)
    service.answer_next { { delay = 0.4 }, { delay = 0.4 } }
    local before = os.clock() -- the processor's time, which passes only where there is work
    assert.are.equal(2, count((client.cancel_all(ids))))
    assert.is_true(os.clock() - before < 0.2)
  end)

  it("passes the options on to every call, and leaves them as they were", function()
    local client, ids = check.client(service), service.make_uploads(3)
    local function on_result() end
    local options = { headers = { ["X-A"] = "b" }, query = { c = "d" }, on_result = on_result }
    client.cancel_all(ids, options)
    assert.are.same({ headers = { ["X-A"] = "b" }, query = { c = "d" }, on_result = on_result }, options)
    for _, request in ipairs((service.requests())) do
      assert.are.equal("b", request.headers["x-a"])
      check.holds("?c=d", request.uri)
    end
    assert.are.equal(3, sent())
  end)

  it("leaves alone what else runs, and does not wait for it", function()
    local client, stalled, played = busy_client()
    local uploads, failures = client.cancel_all { "upload_1", "upload_2" }
    assert.is_nil(failures)
    assert.are.equal(2, count(uploads))
    assert.is_false(stalled:poll())
    assert.are.equal(1, client.step())
    stalled:abort()
    played.close()
  end)

  it("does not wait for others when its own calls cannot even begin", function()
    local keys = 0
    local client, stalled, played = busy_client { api_key = function()
      keys = keys + 1
      if keys > 1 then error("no key today", 0) end
      return check.key
    end }
    local uploads, failures = client.cancel_all { "upload_1", "upload_2" }
    assert.are.same({}, uploads)
    assert.are.same({ "configuration", "configuration" }, { failures.upload_1.kind, failures.upload_2.kind })
    assert.is_false(stalled:poll())
    stalled:abort()
    played.close()
  end)

  it("is there in the module, too", function()
    local ids = service.make_uploads(3)
    local result = script.run([[
      local uploads = require "openai_uploads"
      local ids = {}
      for id in os.getenv("IDS"):gmatch "%S+" do ids[#ids + 1] = id end
      local cancelled, failures = uploads.cancel_all(ids)
      for _, id in ipairs(ids) do io.write(cancelled[id].status, " ") end
      io.write(tostring(failures))
    ]], { OPENAI_BASE_URL = service.base_url, OPENAI_API_KEY = check.key, IDS = table.concat(ids, " ") })
    assert.are.same({ "cancelled cancelled cancelled nil", "", 0 }, { result.stdout, result.stderr, result.status })
  end)

  it("fails for every id where there is no key", function()
    local result = script.run [[
      local cancelled, failures = require("openai_uploads").cancel_all { "upload_1", "upload_2" }
      io.write(tostring(next(cancelled)), " ", failures.upload_1.kind, " ", failures.upload_2.kind)
    ]]
    assert.are.same({ "nil configuration configuration", "" }, { result.stdout, result.stderr })
  end)

  it("may meet the collector at every turn", function()
    local client, ids = check.client(service, { max_connections = 3 }), service.make_uploads(12)
    service.answer_next { { status = 500 }, {}, { status = 503 } }
    local uploads, failures = client.cancel_all(ids,
      { on_result = drive.collect, log = drive.collect, on_retry = drive.collect })
    assert.is_nil(failures)
    assert.are.equal(12, count(uploads))
  end)
end)

describe("on_result of cancel_all", function()
  it("is told of each as it comes", function()
    local client, ids = check.client(service), service.make_uploads(5)
    table.insert(ids, 3, "upload_none")
    local told = {}
    local uploads, failures = client.cancel_all(ids, { on_result = function(id, upload, failure)
      assert.is_nil(told[id])
      told[id] = { upload, failure }
      assert.are.equal(upload == nil, failure ~= nil)
    end })
    assert.are.equal(6, count(told))
    for id, upload in pairs(uploads) do assert.are.equal(upload, told[id][1]) end
    for id, failure in pairs(failures) do assert.are.equal(failure, told[id][2]) end
  end)

  it("is told how each went, where that was asked for", function()
    local client, ids = check.client(service), service.make_uploads(1)
    local told = {}
    client.cancel_all({ ids[1], "upload_none" }, { with_response = true, on_result = function(id, _, _, response)
      told[id] = response.status
    end })
    assert.are.same({ [ids[1]] = 200, upload_none = 404 }, told)
  end)

  it("is told of the first before the last is begun", function()
    local client, ids = check.client(service, { max_connections = 2 }), service.make_uploads(12)
    local begun
    client.cancel_all(ids, { on_result = function() begun = begun or sent() end })
    assert.is_true(begun < 12)
  end)

  it("may make calls, and what ends meanwhile is not waited for again", function()
    local client, stalled, played = busy_client()
    local told = 0
    local uploads, failures = client.cancel_all({ "upload_1", "upload_2", "upload_3" }, { on_result = function()
      told = told + 1
      for _ = 1, 3 do rows.check_luck(client) end
    end })
    assert.are.same({ 3, 3 }, { told, count(uploads) })
    assert.is_nil(failures)
    assert.is_false(stalled:poll())
    stalled:abort()
    played.close()
  end)

  it("may cancel many itself", function()
    local client, ids = check.client(service, { max_connections = 4 }), service.make_uploads(12)
    local inner
    local outer = client.cancel_all({ unpack(ids, 1, 6) }, { on_result = function()
      if not inner then
        inner = {}
        inner = client.cancel_all { unpack(ids, 7, 12) }
      end
    end })
    assert.are.same({ 6, 6, 12 }, { count(outer), count(inner), sent() })
  end)

  it("that closes the client ends what is under way, and the call comes to its end", function()
    local client, ids = check.client(service, { max_connections = 2 }), service.make_uploads(8)
    local told = 0
    local uploads, failures = client.cancel_all(ids, { on_result = function()
      told = told + 1
      if told == 1 then client.close() end
    end })
    assert.are.equal(8, told)
    assert.are.equal(8, count(uploads) + count(failures or {}))
    for _, failure in pairs(failures or {}) do assert.are.equal("aborted", failure.kind) end
    assert.are.equal(0, client.step())
  end)

  it("that changes the ids and the options changes nothing of the call", function()
    local client, ids = check.client(service, { max_connections = 1 }), service.make_uploads(3)
    local wanted = { unpack(ids) }
    local options = { headers = { ["X-Mine"] = "1" } }
    function options.on_result()
      ids[2], ids[3], options.headers["X-Mine"], options.timeout = "", nil, nil, -1
    end
    local uploads = assert(client.cancel_all(ids, options))
    for _, id in ipairs(wanted) do assert.are.equal("cancelled", uploads[id].status) end
    for _, request in ipairs((service.requests())) do assert.are.equal("1", request.headers["x-mine"]) end
  end)

  it("that raises ends the call with just that, and leaves nothing running", function()
    for _, problem in ipairs { {}, "oh dear" } do
      local played = server.script { rows.answered(rows.good_answer, { "stall" }), { { "request" }, { "stall" } } }
      local client = rows.client(played.base_url, { max_connections = 4 })
      local ids = { "upload_1", "upload_2", "upload_3", "upload_4", "upload_5", "upload_6" }
      local fine, raised = pcall(client.cancel_all, ids, { on_result = function() error(problem, 0) end })
      assert.is_false(fine)
      assert.are.equal(problem, raised)
      assert.are.equal(0, client.step())
      assert.is_true(#played.seen().requests <= 4)
      played.close()
    end
  end)
end)

describe("cancel_all raises, and sends nothing, for", function()
  local misuses = {
    { "no ids", function(cancel_all) cancel_all() end, "bad argument #1 to 'cancel_all'" },
    { "the client itself, which a colon gives", function(cancel_all) cancel_all(require "openai_uploads", {}) end,
      "write client.cancel_all(...), with a dot in place of the colon" },
    { "one id", function(cancel_all) cancel_all "upload_1" end, "bad argument #1 to 'cancel_all'" },
    { "an empty id", function(cancel_all) cancel_all { "" } end, "upload id is empty" },
    { "an empty id among others", function(cancel_all) cancel_all { "upload_1", "upload_2", "" } end, "is empty" },
    { "an id of dots", function(cancel_all) cancel_all { ".." } end, "bad argument" },
    { "a number as id", function(cancel_all) cancel_all { 12 } end, "bad argument" },
    { "false as id", function(cancel_all) cancel_all { false } end, "bad argument" },
    { "options that are none", function(cancel_all) cancel_all({ "upload_1" }, 12) end,
      "bad argument #2 to 'cancel_all'" },
    { "an unknown option", function(cancel_all) cancel_all({ "upload_1" }, { on_resutl = print }) end,
      "unknown option 'on_resutl'" },
    { "a bad option", function(cancel_all) cancel_all({ "upload_1" }, { timeout = "soon" }) end,
      "bad option 'timeout'" },
    { "an on_result that is no function", function(cancel_all) cancel_all({}, { on_result = 1 }) end,
      "bad option 'on_result'" },
  }
  for _, row in ipairs(misuses) do
    it(row[1], function()
      local client = check.client(service)
      local fine, message = pcall(row[2], client.cancel_all)
      assert.is_false(fine)
      check.holds("cancel_all_spec.lua:", message)
      check.holds(row[3], message)
      assert.are.equal(0, client.step())
      check.nothing_sent(service)
    end)
  end
end)
