-- SPDX-License-Identifier: MIT
-- What drives transfers: step, and fd and timeout for a loop of one's own; close; and the program's functions, which
-- may do all of it from within.
-- Without a descriptor: too

local socket = require "socket"
local check = require "spec.support.check"
local drive = require "spec.support.drive"
local fault = require "spec.support.fault"
local process = require "spec.support.process"
local rows = require "spec.support.rows"
local script = require "spec.support.script"
local with_service = require "spec.support.with_service"

local service = with_service.emulator()
local server = with_service.fault_server()

local function new_id() return service.make_uploads(1)[1] end

local stalled = { { "request" }, { "stall" } }
local busy = fault.answer(503, "", nil, { connection = "close" })

local function client_of(connections, settings)
  local played = server.script(connections)
  return rows.client(played.base_url, settings), played
end

-- Whether the client's descriptor is readable, now or within so many seconds.
local function is_readable(client, seconds)
  local descriptor = client.fd()
  local object = { getfd = function() return descriptor end, dirty = function() return false end }
  return socket.select({ object }, nil, seconds or 0)[object] ~= nil
end

describe("step", function()
  it("has nothing to do where nothing runs", function()
    local client = check.client(service)
    assert.are.same({ 0, 0, 0 }, { client.step(), client.step(0), client.step(1000) })
    client.cancel(new_id())
    assert.are.equal(0, client.step(1000))
    check.client(service, { base_url = check.dead_url }).step()
  end)

  it("returns how many still run", function()
    local client, played = client_of { stalled }
    local transfers = {}
    for index = 1, 3 do
      transfers[index] = client.start.cancel("upload_" .. index)
      assert.are.equal(index, client.step())
    end
    for index = 3, 1, -1 do
      transfers[index]:abort()
      assert.are.equal(index - 1, client.step())
    end
    played.close()
  end)

  it("waits no longer than asked where nothing comes", function()
    local client, played = client_of { stalled }
    local transfer = client.start.cancel(rows.id)
    drive.till_seen(client, played, "requests", 1)
    for _ = 1, 5 do assert.are.equal(1, client.step(0.001)) end
    assert.is_false(transfer:poll())
    transfer:abort()
    played.close()
  end)

  it("comes back as soon as something ends, however long it may wait", function()
    local client = check.client(service)
    service.answer_next { { delay = 0.1 } }
    local transfer = client.start.cancel(new_id())
    local rounds = 0
    while client.step(1000) > 0 do
      rounds = rounds + 1
      assert.is_true(rounds < 100)
    end
    assert.are.equal("cancelled", drive.result(transfer).status)
  end)

  it("comes back for a timeout, however long it may wait", function()
    local client, played = client_of { stalled }
    local transfer = client.start.cancel(rows.id, { timeout = 0.1 })
    local rounds = 0
    while client.step(1000) > 0 do
      rounds = rounds + 1
      assert.is_true(rounds < 100)
    end
    check.failure("timeout", drive.result(transfer))
    played.close()
  end)

  -- Where one of these kept waking it, it would come back at once, and for nothing, again and again.
  local gone = {
    { "that has ended", { rows.answered(fault.answer(200, '{"id":"upload_1"}', nil, { connection = "close" })) } },
    { "that was idle when the server closed it", { rows.answered(rows.good_answer, { "close" }) } },
    { "that was given up", { stalled }, { timeout = 0.05 } },
  }
  for _, row in ipairs(gone) do
    it("is not kept awake by a connection " .. row[1], function()
      local client, played = client_of { stalled, row[2][1] }
      local silent = client.start.cancel(rows.id, { timeout = 0.1 })
      drive.till_seen(client, played, "requests", 1)
      client.cancel(rows.id, row[3])
      local rounds = 0
      while client.step(1000) > 0 do
        rounds = rounds + 1
        assert.is_true(rounds < 100)
      end
      check.failure("timeout", drive.result(silent))
      played.close()
    end)
  end

  it("takes seconds, and nothing else", function()
    local client = check.client(service)
    for _, wrong in ipairs { "soon", {}, true, -1, 0 / 0 } do
      local fine, message = pcall(client.step, wrong)
      assert.is_false(fine)
      check.holds("bad argument #1 to ", message)
    end
    assert.are.equal(0, client.step(nil))
  end)

  it("may be called from a coroutine", function()
    local client, id = check.client(service), new_id()
    local transfer
    coroutine.wrap(function() transfer = client.start.cancel(id) end)()
    drive.collect()
    coroutine.wrap(function() drive.all(client) end)()
    drive.collect()
    assert.are.equal(id, drive.result(transfer).id)
  end)

  it("drives its own client alone", function()
    local mine, others, id = check.client(service), check.client(service), new_id()
    local told = 0
    service.answer_next { { status = 500, delay = 0.05 } } -- not before start, which steps once, returns
    local transfer = mine.start.cancel(id, { retry_delay = 0.001, on_retry = function() told = told + 1 end })
    for _ = 1, 20 do assert.are.equal(0, others.step(0.01)) end
    assert.are.equal(0, told)
    drive.all(mine)
    assert.are.same({ id, 1 }, { drive.result(transfer).id, told })
  end)

  it("drives several clients in turn", function()
    local clients, transfers = {}, {}
    for index = 1, 4 do
      clients[index] = check.client(service)
      transfers[index] = {}
      for number = 1, 4 do transfers[index][number] = clients[index].start.cancel(new_id()) end
    end
    local last = os.time() + 10
    local running
    repeat
      running = 0
      for _, client in ipairs(clients) do running = running + client.step() end
    until running == 0 or os.time() > last
    for index = 1, 4 do
      for number = 1, 4 do assert.are.equal("cancelled", drive.result(transfers[index][number]).status) end
    end
  end)
end)

describe("fd", function()
  local function it_has(name, body)
    it(name, function()
      local probe = check.client(service)
      if probe.fd() == nil then pending "this system has no such descriptor" return end
      body()
    end)
  end

  it_has("is a whole number, the same as long as the client is open", function()
    local client = check.client(service)
    local descriptor = client.fd()
    assert.are.same({ "number", 0 }, { type(descriptor), descriptor % 1 })
    assert.is_nil(tostring(descriptor):find("%D"))
    client.cancel(new_id())
    local transfer = client.start.cancel(new_id())
    assert.are.equal(descriptor, client.fd())
    drive.all(client)
    assert.is_true((transfer:poll()))
    assert.are.equal(descriptor, client.fd())
    assert.are_not.equal(descriptor, check.client(service).fd())
  end)

  it_has("is not readable where nothing runs", function()
    local client = check.client(service)
    assert.is_false(is_readable(client))
    client.cancel(new_id())
    client.step() -- libcurl may want to be called once more
    assert.is_false(is_readable(client))
  end)

  it_has("comes to rest while a server is silent", function()
    local client, played = client_of { stalled }
    local transfer = client.start.cancel(rows.id)
    drive.till_seen(client, played, "requests", 1)
    drive.till(client, function() return not is_readable(client, 0.05) end)
    transfer:abort()
    played.close()
  end)

  it_has("is readable when an answer is there", function()
    local late = { { "request" }, { "wait", 0.1 }, { "send", rows.good_answer }, { "stall" } }
    local client, played = client_of { late }
    local transfer = client.start.cancel(rows.id)
    drive.till_seen(client, played, "requests", 1)
    assert.is_true(played.wait_for("bytes_sent", #rows.good_answer))
    assert.is_true(is_readable(client, 5))
    drive.all(client)
    assert.are.equal(rows.id, drive.result(transfer).id)
    assert.is_false(is_readable(client))
    played.close()
  end)

  it_has("is readable when a retry is due", function()
    local client = client_of({ rows.answered(busy), rows.lucky }, { max_retries = 1 })
    local told
    local transfer = client.start.cancel(rows.id, { retry_delay = 0.2, on_retry = function() told = true end })
    drive.till(client, function() return told end)
    assert.is_true(is_readable(client, 5))
    drive.all(client)
    assert.are.equal(rows.id, drive.result(transfer).id)
  end)

  it_has("is readable when a timeout is due", function()
    local client, played = client_of { stalled }
    local transfer = client.start.cancel(rows.id, { timeout = 0.2 })
    drive.till_seen(client, played, "requests", 1)
    drive.till(client, function() return transfer:poll() or not is_readable(client) end)
    assert.is_true(is_readable(client, 5) or (transfer:poll()))
    drive.all(client)
    check.failure("timeout", drive.result(transfer))
    played.close()
  end)

  it_has("is not readable for an idle connection that the server has closed", function()
    local client, played = client_of { rows.answered(rows.good_answer, { "close" }) }
    local transfer = client.start.cancel(rows.id)
    drive.all(client)
    assert.are.equal(rows.id, drive.result(transfer).id)
    assert.is_true(played.wait_for("finished", 1))
    client.step()
    assert.is_false(is_readable(client))
    rows.check_luck(client)
    played.close()
  end)

  it_has("is all that a loop needs", function()
    local client = check.client(service)
    local transfers, ids = {}, service.make_uploads(20)
    service.answer_next { { status = 500 }, { delay = 0.1 }, { status = 503 }, { close = true }, { delay = 0.05 } }
    for index, id in ipairs(ids) do transfers[index] = client.start.cancel(id) end
    local rounds = 0
    repeat
      assert.is_true(is_readable(client, 5))
      rounds = rounds + 1
    until client.step() == 0 or rounds == 10000
    for index, transfer in ipairs(transfers) do assert.are.equal(ids[index], drive.result(transfer).id) end
  end)

  -- A loop that asks for it once, and has nothing else to go by.
  local function loop_until_done(client, descriptor, transfer)
    local object = { getfd = function() return descriptor end, dirty = function() return false end }
    local rounds = 0
    while not transfer:done() do
      assert.is_truthy(socket.select({ object }, nil, 5)[object], "nothing to do, and not done")
      client.step()
      rounds = rounds + 1
      assert.is_true(rounds < 10000)
    end
  end

  it_has("is all that a single call and its retries need", function()
    local again = rows.answered(busy, { "close" })
    local client = client_of({ again, again, rows.lucky }, { max_retries = 2, retry_delay = 0.05 })
    local descriptor = client.fd()
    local transfer = client.start.cancel(rows.id)
    loop_until_done(client, descriptor, transfer)
    assert.are.equal(rows.id, drive.result(transfer).id)
  end)

  it_has("stays readable as long as there are answers that no step has taken yet", function()
    local late = { { "request" }, { "wait", 0.1 }, { "send", rows.good_answer }, { "stall" } }
    local client, played = client_of({ late }, { connect_timeout = 60 })
    local transfers = {}
    for index = 1, 32 do transfers[index] = client.start.cancel(rows.id, { timeout = 50 }) end
    drive.till_seen(client, played, "requests", 32)
    assert.is_true(played.wait_for("bytes_sent", 32 * #rows.good_answer))
    local rounds = 0
    repeat
      rounds = rounds + 1
      assert.is_true(is_readable(client) and rounds < 1000)
    until client.step() == 0
    for _, transfer in ipairs(transfers) do assert.are.equal(rows.id, drive.result(transfer).id) end
    played.close()
  end)

  it_has("wakes in time for what is due before all that was due so far", function()
    local client, played = client_of { stalled }
    local descriptor = client.fd()
    local long = client.start.cancel("upload_1", { timeout = 50 })
    drive.till_seen(client, played, "requests", 1)
    local short = client.start.cancel("upload_2", { timeout = 0.1 })
    loop_until_done(client, descriptor, short)
    check.failure("timeout", drive.result(short))
    local next_one = client.start.cancel("upload_3", { timeout = 0.1 })
    loop_until_done(client, descriptor, next_one)
    check.failure("timeout", drive.result(next_one))
    assert.is_false(long:poll())
    client.close()
    played.close()
  end)

  it_has("is readable when a connect has taken too long", function()
    local client = rows.client((server.full()), { timeout = 30, connect_timeout = 0.1 })
    local descriptor = client.fd()
    local transfer = client.start.cancel(rows.id)
    loop_until_done(client, descriptor, transfer)
    check.failure("timeout", drive.result(transfer))
  end)

  it_has("is readable at once when it is asked for after the due time", function()
    local client, played = client_of({ stalled }, { connect_timeout = 60 })
    local transfer = client.start.cancel(rows.id, { timeout = 0.1 })
    drive.till_seen(client, played, "requests", 1)
    local last = os.time() + 5
    while client.timeout() > 0 do assert.is_true(os.time() < last) end
    assert.is_true(is_readable(client, 5))
    drive.all(client)
    check.failure("timeout", drive.result(transfer))
    played.close()
  end)

  it_has("comes to rest for parts of a second, too", function()
    local client, played = client_of({ rows.answered(busy) }, { max_retries = 1, connect_timeout = 60 })
    local told
    local transfer = client.start.cancel(rows.id, { retry_delay = 0.9, on_retry = function() told = true end })
    drive.till(client, function() return told end)
    drive.till(client, function() return not is_readable(client, 0.02) end)
    assert.is_true(client.timeout() > 0 and not transfer:done())
    client.close()
    played.close()
  end)

  it_has("of several clients goes into one select", function()
    local clients, transfers, objects = {}, {}, {}
    for index = 1, 3 do
      local client = check.client(service)
      local descriptor = client.fd()
      clients[index] = client
      transfers[index] = client.start.cancel(new_id())
      objects[index] = {
        client = client, getfd = function() return descriptor end, dirty = function() return false end,
      }
    end
    local running, rounds = {}, 0
    for index = 1, 3 do running[index] = not transfers[index]:done() end -- an answer may be there at once
    while running[1] or running[2] or running[3] do
      local waiting = {}
      for index = 1, 3 do waiting[#waiting + 1] = running[index] and objects[index] or nil end
      local readable = socket.select(waiting, nil, 5)
      assert.is_true(#readable > 0)
      for _, object in ipairs(readable) do object.client.step() end
      for index = 1, 3 do running[index] = clients[index].step() > 0 end
      rounds = rounds + 1
      assert.is_true(rounds < 10000)
    end
    for index = 1, 3 do assert.are.equal("cancelled", drive.result(transfers[index]).status) end
  end)
end)

describe("timeout", function()
  it("is nil where nothing runs", function()
    local client = check.client(service)
    assert.is_nil(client.timeout())
    client.cancel(new_id())
    assert.is_nil(client.timeout())
    local transfer = client.start.cancel(new_id())
    drive.all(client)
    assert.is_true((transfer:poll()))
    assert.is_nil(client.timeout())
    assert.are.equal("nil", tostring(client.timeout()))
  end)

  -- curl's own timer for a connect stays when the connect is over.
  it("is as long as the attempt may take, while a server is silent", function()
    local client, played = client_of({ stalled }, { connect_timeout = 60 })
    local transfer = client.start.cancel(rows.id, { timeout = 50 })
    drive.till_seen(client, played, "requests", 1)
    drive.till(client, function() return client.timeout() > 20 end)
    assert.is_true(client.timeout() <= 50)
    transfer:abort()
    assert.is_nil(client.timeout())
    played.close()
  end)

  it("is as long as a connect may take", function()
    local client = rows.client((server.full()), { timeout = 30, connect_timeout = 5 })
    local transfer = client.start.cancel(rows.id)
    drive.till(client, function() return client.timeout() <= 5 end) -- curl may round up, and take a step or two
    transfer:abort()
  end)

  it("is as long as the wait for a retry", function()
    local client, played = client_of({ rows.answered(busy) }, { max_retries = 1 })
    local wait
    local transfer = client.start.cancel(rows.id,
      { retry_delay = 40, max_retry_delay = 40, on_retry = function(info) wait = info.wait end })
    drive.till(client, function() return wait end)
    drive.till(client, function() return client.timeout() > 15 end)
    assert.is_true(client.timeout() <= wait and wait <= 40)
    transfer:abort()
    played.close()
  end)

  it("is the shortest of all, and 0 when that is over", function()
    local client, played = client_of({ stalled }, { connect_timeout = 60 })
    local long = client.start.cancel("upload_1", { timeout = 50 })
    drive.till_seen(client, played, "requests", 1)
    drive.till(client, function() return client.timeout() > 20 end)
    local short = client.start.cancel("upload_2", { timeout = 0.2 })
    assert.is_true(client.timeout() <= 0.2)
    local last = os.time() + 5
    while client.timeout() > 0 do assert.is_true(os.time() < last) end
    assert.are.equal(0, client.timeout())
    drive.till(client, function() return (short:poll()) end)
    assert.is_false(long:poll())
    client.close()
    played.close()
  end)
end)

describe("close", function()
  it("ends what runs, in whatever state, and says of each whether it may have been carried out", function()
    local slow_down = fault.answer(429, "", nil, { connection = "close" })
    local client, played = client_of { rows.answered(busy), rows.answered(slow_down), stalled }
    local told = 0
    local options = { max_retries = 1, retry_delay = 8, on_retry = function() told = told + 1 end }
    local may = client.start.cancel("upload_1", options)
    drive.till(client, function() return told == 1 end)
    local may_not = client.start.cancel("upload_2", options)
    drive.till(client, function() return told == 2 end)
    local sent = client.start.cancel "upload_3"
    drive.till_seen(client, played, "requests", 3)
    client.close()
    for index, row in ipairs { { may, true }, { may_not, false }, { sent, true } } do
      assert.are.equal("openai_uploads.transfer: done", tostring(row[1]), index)
      local failure = check.failure("aborted", drive.result(row[1]))
      assert.are.same({ 1, row[2] }, { failure.attempts, failure.may_have_applied })
      assert.is_false(row[1]:abort())
    end
    assert.is_true(played.wait_for("closed_by_peer", 1))
    assert.are.equal(0, client.step())
    assert.is_nil(client.timeout())
    played.close()
  end)

  it("closes idle connections", function()
    local client, played = client_of { rows.lucky }
    rows.check_luck(client)
    client.close()
    assert.is_true(played.wait_for("closed_by_peer", 1))
    played.close()
  end)

  it("may be called at any time, and again; the client is as good as before", function()
    local keys = 0
    local client = check.client(service, { headers = { ["X-A"] = "b" }, api_key = function()
      keys = keys + 1
      return check.key
    end })
    for round = 1, 3 do
      client.close()
      client.close()
      local id = new_id()
      if round == 2 then
        local transfer = client.start.cancel(id)
        drive.all(client)
        assert.are.equal(id, drive.result(transfer).id)
      else
        assert.are.equal(id, assert(client.cancel(id)).id)
      end
      assert.are.equal(round, keys)
    end
    for _, request in ipairs((service.requests())) do assert.are.equal("b", request.headers["x-a"]) end
    client.close()
    if client.fd() then assert.is_false(is_readable(client)) end
  end)

  it("leaves results that are there", function()
    local client, id = check.client(service), new_id()
    local transfer = client.start.cancel(id, { with_response = true })
    local refused = client.start.cancel("upload_unknown", { with_response = true })
    drive.all(client)
    client.close()
    drive.collect()
    local upload, _, response = drive.result(transfer)
    assert.are.same({ id, 200 }, { upload.id, response.status })
    local _, failure, other = drive.result(refused)
    assert.are.same({ "not_found", 404 }, { failure.kind, other.status })
    client.close()
    assert(client.cancel(new_id()))
    assert.are.equal(id, drive.result(transfer).id)
  end)

  it("is each client's own", function()
    local played = server.script { stalled }
    local closed, open = rows.client(played.base_url), rows.client(played.base_url)
    local first = closed.start.cancel "upload_1"
    drive.till_seen(closed, played, "requests", 1)
    local second = open.start.cancel "upload_2"
    drive.till_seen(open, played, "requests", 2)
    closed.close()
    check.failure("aborted", drive.result(first))
    assert.is_false(second:poll())
    assert.are.equal(1, open.step())
    second:abort()
    played.close()
  end)

  it("is told to the log", function()
    local client, played = client_of { stalled }
    local events = {}
    local transfer = client.start.cancel(rows.id, { log = function(event)
      events[#events + 1] = event.event .. " " .. (event.kind or "")
    end })
    drive.till_seen(client, played, "requests", 1)
    client.close()
    assert.are.same({ "request ", "done aborted" }, events)
    assert.is_true((transfer:poll()))
    assert.are.same({ "request ", "done aborted" }, events)
    played.close()
  end)
end)

-- What a program does inside one of its functions. `call.transfer` is the transfer that the function is called for
-- (not known yet inside start), `call.other` a stalled one.
local deeds = {
  { "steps", function(call) assert.is_number(call.client.step()) end },
  { "steps and waits", function(call) call.client.step(0.02) end },
  { "collects", drive.collect },
  { "asks fd and timeout", function(call) call.client.fd() call.client.timeout() end },
  { "polls itself", function(call) if call.transfer then call.transfer:poll() end end },
  { "waits for itself, for a while", function(call) if call.transfer then call.transfer:wait(0.02) end end },
  { "polls another", function(call) assert.is_false(call.other:poll()) end, keeps_other = true },
  { "aborts another", function(call) call.other:abort() end },
  { "drops another", function(call) call.other = nil drive.collect() end },
  { "makes a blocking call", function(call) assert(call.client.cancel(call.id)) end },
  { "starts a call and waits for it", function(call) assert.is_true((call.client.start.cancel(call.id):wait(5))) end },
  { "starts a call and drops it", function(call) call.client.start.cancel(call.id) drive.collect() end },
  { "aborts itself", function(call) if call.transfer then call.transfer:abort() end end, ends = true },
  { "aborts itself, and waits", function(call)
    if call.transfer then call.transfer:abort() call.transfer:wait() end
  end, ends = true },
  { "drops itself", function(call) call.transfer = nil drive.collect() end, drops = true },
  { "closes the client", function(call) call.client.close() end, ends = true },
  { "closes the client and makes a call", function(call)
    call.client.close()
    assert(call.client.cancel(call.id))
  end, ends = true },
  { "closes the client, steps and collects", function(call)
    call.client.close()
    call.client.step()
    drive.collect()
  end, ends = true },
}

local places = {
  { "on_retry", function(call, deed) return { on_retry = deed, api_key = call.key } end },
  { "api_key", function(call, deed) return { api_key = function() deed() return call.key end } end },
  { "log at a request", function(call, deed)
    return { api_key = call.key, log = function(event) if event.event == "request" then deed() end end }
  end },
  { "log at a retry", function(call, deed)
    return { api_key = call.key, log = function(event) if event.event == "retry" then deed() end end }
  end },
  { "log at the end", function(call, deed)
    return { api_key = call.key, log = function(event) if event.event == "done" then deed() end end }
  end },
}

-- A call that meets 503 twice and then luck, next to a stalled one; the deed is done once, in the first place there is
-- after the call has been started.
local function do_in(place, deed)
  local played = server.script { stalled, rows.answered(busy), rows.answered(busy), rows.lucky }
  local call = { id = rows.id, key = check.key }
  local started, done = false, false
  local settings = place[2](call, function()
    if not started or done then return end
    done = true
    local fine, message = pcall(deed[2], call)
    call.raised = not fine and message or nil
  end)
  settings.max_retries, settings.retry_delay = 5, 0.005
  call.client = rows.client(played.base_url, settings)
  call.other = call.client.start.cancel "upload_2"
  drive.till_seen(call.client, played, "requests", 1)
  call.transfer = call.client.start.cancel "upload_1"
  local kept = not deed.drops and call.transfer
  started = true
  drive.till(call.client, function() return done and (not kept or (kept:poll())) end)
  assert.is_nil(call.raised)
  return call, kept, played
end

for _, place in ipairs(places) do
  describe("a program may, in " .. place[1] .. ", be one that", function()
    for _, deed in ipairs(deeds) do
      it(deed[1], function()
        local call, kept, played = do_in(place, deed)
        if kept then
          local upload, failure = drive.result(kept)
          if not (failure and failure.kind == "aborted" and deed.ends) then
            assert.are.equal(rows.id, upload and upload.id, tostring(failure))
            assert.is_true(not deed.ends or place[1] == "log at the end")
          end
        end
        if deed.keeps_other then assert.is_false(call.other:poll()) end
        rows.check_luck(call.client)
        call.client.close()
        assert.are.equal(0, call.client.step())
        played.close()
      end)
    end
  end)
end

describe("a call that comes to its end inside a function called for another", function()
  -- `first` waits for its retry when all that went before is over, and may wait on.
  local function play(finish)
    local late = { { "request" }, { "wait", 0.2 }, { "send", rows.good_answer }, { "stall" } }
    local client, played = client_of({ rows.answered(busy), late }, { timeout = 4 })
    local begun, ended = false, false -- the answer may be here before start, which steps once, returns
    local first = client.start.cancel(rows.id, { max_retries = 1, retry_delay = 4, on_retry = function()
      if begun then drive.till(client, function() return ended end) end
    end })
    begun = true
    finish(client, function(event) ended = event.event == "done" end)
    assert.is_true(ended)
    assert.is_false(first:poll())
    assert.are.equal(2, #played.seen().requests)
    client.close()
    played.close()
  end

  it("is not waited for any longer when it blocks", function()
    play(function(client, log) assert(client.cancel(rows.id, { log = log })) end)
  end)

  it("is not waited for any longer by wait", function()
    play(function(client, log)
      local done, upload = client.start.cancel(rows.id, { log = log }):wait()
      assert.are.same({ true, rows.id }, { done, upload.id })
    end)
  end)

  it("ends a step", function()
    play(function(client, log)
      local transfer = client.start.cancel(rows.id, { log = log })
      local rounds = 0
      while not transfer:poll() do
        client.step(1000)
        rounds = rounds + 1
        assert.is_true(rounds < 1000)
      end
    end)
  end)
end)

describe("a function of the program that raises", function()
  it("in on_retry ends its transfer, and step goes on with the others", function()
    local client = check.client(service)
    local ids = service.make_uploads(3)
    service.answer_next { { status = 500 } }
    local unlucky = client.start.cancel(ids[1], { on_retry = function() error("oh dear", 0) end })
    drive.till(client, function() return (unlucky:poll()) end)
    local others = { client.start.cancel(ids[2]), client.start.cancel(ids[3]) }
    drive.all(client)
    local failure = check.failure("aborted", drive.result(unlucky))
    check.holds("on_retry raised an error: oh dear", failure.message)
    assert.is_true(failure.may_have_applied)
    for index = 1, 2 do assert.are.equal(ids[index + 1], drive.result(others[index]).id) end
  end)

  it("in on_retry after it has ended the transfer itself changes nothing", function()
    local client = check.client(service)
    service.answer_next { { status = 500, delay = 0.05 } } -- not before start, which steps once, returns
    local transfer
    transfer = client.start.cancel(new_id(), { on_retry = function()
      transfer:abort()
      error("oh dear", 0)
    end })
    drive.all(client)
    assert.are.equal("aborted by the program", check.failure("aborted", drive.result(transfer)).message)
    assert.are.equal(0, client.step())
    assert(client.cancel(new_id()))
  end)

  it("in api_key ends its transfer", function()
    local client = check.client(service, { api_key = function() error("no key today", 0) end })
    local transfer = client.start.cancel(new_id())
    drive.all(client)
    local failure = check.failure("configuration", drive.result(transfer))
    check.holds("no key today", failure.message)
    assert.are.same({ 0, false }, { failure.attempts, failure.may_have_applied })
    check.nothing_sent(service)
  end)
end)

describe("a program that the host starts meanwhile", function()
  it("keeps no connection open", function()
    local client, played = client_of { stalled }
    local transfer = client.start.cancel(rows.id)
    drive.till_seen(client, played, "requests", 1)
    local program = assert(process.start "sh -c 'echo begun; exec sleep 60'")
    client.close()
    assert.is_true(played.wait_for("closed_by_peer", 1))
    program.stop()
    assert.is_true(transfer:done())
    played.close()
  end)

  it("has none of the client's descriptors", function()
    local client, played = client_of { stalled }
    client.fd()
    local transfer = client.start.cancel(rows.id)
    drive.till_seen(client, played, "requests", 1)
    local pipe = assert(io.popen "unset LD_PRELOAD; ls -l /proc/self/fd 2>&1")
    local list = pipe:read "*a"
    pipe:close()
    check.lacks("eventpoll", list)
    check.lacks("timerfd", list)
    assert.is_true(transfer:abort())
    played.close()
  end)
end)

describe("a transfer", function()
  -- In a process of its own, which is ended should it wait for ever.
  it("cannot be waited for inside its own api_key function", function()
    service.answer_next { { status = 500, delay = 0.05 } }
    local result = script.run([[
      local transfer, told
      local client = require("openai_uploads").new { retry_delay = 0.001, api_key = function()
        if transfer and not told then told = tostring(select(2, pcall(transfer.wait, transfer))) end
        return os.getenv "OPENAI_API_KEY"
      end }
      transfer = client.start.cancel(os.getenv "ID")
      local done, upload = transfer:wait()
      io.write(told, " ", upload.status)
    ]], { OPENAI_BASE_URL = service.base_url, OPENAI_API_KEY = check.key, ID = new_id() })
    check.holds("inside its own api_key function cancelled", result.stdout)
    assert.are.same({ "", 0 }, { result.stderr, result.status })
  end)
end)
