-- SPDX-License-Identifier: MIT
-- Bad luck that meets many transfers at once. Each has its own, clear end; nothing hangs; the next call goes well.

local socket = require "socket"
local check = require "spec.support.check"
local drive = require "spec.support.drive"
local emulator = require "spec.support.emulator"
local fault = require "spec.support.fault"
local process = require "spec.support.process"
local rows = require "spec.support.rows"
local script = require "spec.support.script"
local with_service = require "spec.support.with_service"

local unpack = table.unpack or unpack -- luacheck: ignore 113 143
local MANY = 64
local stalled = { { "request" }, { "stall" } }

local service = with_service.emulator()
local server = with_service.fault_server()

local function count(object)
  local number = 0
  for _ in pairs(object) do number = number + 1 end
  return number
end

-- So many list entries, each what `make(index)` returns.
local function list_of(number, make)
  local list = {}
  for index = 1, number do list[index] = make(index) end
  return list
end

local function many(number, entry) return list_of(number, function() return entry end) end

local function joined(...)
  local all = {}
  for _, list in ipairs { ... } do
    for _, entry in ipairs(list) do all[#all + 1] = entry end
  end
  return all
end

local function start_many(client, number, options)
  return list_of(number, function(index) return client.start.cancel("upload_" .. index, options) end)
end

local function check_luck(client)
  local id = service.make_uploads(1)[1]
  assert.are.equal(id, assert(client.cancel(id)).id)
end

-- Client and script of a server with so many stalled transfers; all that come later have luck.
local function stalled_client(number, settings)
  local played = server.script(joined(many(number, stalled), { rows.lasting }))
  local client = rows.client(played.base_url, settings)
  local transfers = start_many(client, number, { timeout = 20 })
  drive.till_seen(client, played, "requests", number)
  return client, transfers, played
end

-- How often each end is among the transfers': "connection 1 true" is kind, attempts and may_have_applied.
local function ends_of(transfers)
  local ends = {}
  for _, transfer in ipairs(transfers) do
    local upload, failure = drive.result(transfer)
    local name = upload and upload.status
      or ("%s %d %s"):format(failure.kind, failure.attempts, tostring(failure.may_have_applied))
    ends[name] = (ends[name] or 0) + 1
    if failure then check.holds(failure.kind .. ": ", tostring(failure)) end
  end
  return ends
end

describe("a server that dies while many calls run", function()
  local doomed, port

  before_each(function()
    doomed = emulator.start()
    port = tonumber(doomed.base_url:match ":(%d+)")
    doomed.answer_next(many(MANY, { delay = 30 }))
  end)

  after_each(function() doomed.stop() end)

  local function revive()
    local revived = assert(process.start(("env EMULATOR_PORT=%d emulator/run"):format(port)))
    assert.are.equal(doomed.base_url, revived.first_line)
    return revived
  end

  local function is_called(client, number)
    drive.till(client, function() return (select(2, doomed.requests())) == number end)
  end

  for _, connections in ipairs { 8, MANY } do
    it(("fails all; in doubt are the %d that were sent"):format(connections), function()
      local client = check.client(doomed, { max_connections = connections, max_retries = 0 })
      local transfers = start_many(client, MANY)
      is_called(client, connections)
      doomed.stop()
      drive.all(client)
      local expected = { ["connection 1 true"] = connections }
      if connections < MANY then expected["connection 1 false"] = MANY - connections end
      assert.are.same(expected, ends_of(transfers))

      local revived = revive()
      check.failure("not_found", client.cancel "upload_1")
      assert.are.equal("pending",
        assert(client.create { filename = "a", purpose = "batch", bytes = 1, mime_type = "text/plain" }).status)
      revived.stop()
    end)
  end

  it("and comes back is asked again by all that may", function()
    local told = 0
    local client = check.client(doomed, { max_retries = 3, retry_delay = 1, on_retry = function() told = told + 1 end })
    local transfers = start_many(client, MANY)
    is_called(client, MANY)
    doomed.stop()
    drive.till(client, function() return told >= MANY end)
    local revived = revive() -- which knows nothing of the Uploads, but the first request may have cancelled them
    drive.all(client)
    for _, transfer in ipairs(transfers) do
      local failure = check.failure("not_found", drive.result(transfer))
      assert.is_true(failure.attempts > 1 and failure.may_have_applied)
    end
    revived.stop()
  end)
end)

describe("a stalled server", function()
  it("that keeps many waiting keeps no call of another client", function()
    local client, transfers, played = stalled_client(MANY)
    local other, ids = check.client(service), service.make_uploads(60)
    for index = 1, 20 do assert.are.equal(ids[index], assert(other.cancel(ids[index])).id) end
    local cancelled, failures = other.cancel_all { unpack(ids, 21, 40) }
    assert.are.same({ 20, 0 }, { count(cancelled), count(failures or {}) })
    local started = list_of(20, function(index) return other.start.cancel(ids[40 + index]) end)
    drive.all(other, function() assert.are.equal(MANY, client.step()) end)
    assert.are.same({ cancelled = 20 }, ends_of(started))

    client.close()
    assert.are.same({ ["aborted 1 true"] = MANY }, ends_of(transfers))
    rows.check_luck(client)
    played.close()
  end)
end)

describe("many aborts", function()
  it("end each call in the state it is in", function()
    local closing = { connection = "close" }
    local busy = rows.answered(fault.answer(503, "", nil, closing), { "close" })
    local good = rows.answered(fault.answer(200, '{"id":' .. fault.asked_id .. ',"status":"cancelled"}', nil,
      closing), { "close" })
    local played = server.script(joined(many(8, busy), many(8, good), many(8, stalled), { rows.lasting }))
    local told = 0
    local client = rows.client(played.base_url,
      { max_connections = 8, timeout = 20, on_retry = function() told = told + 1 end })
    local waiting = start_many(client, 8, { max_retries = 1, retry_delay = 20, max_retry_delay = 20 })
    drive.till(client, function() return told == 8 end)
    local done = start_many(client, 8)
    for _, transfer in ipairs(done) do assert.is_true((transfer:wait(10))) end
    local sent = start_many(client, 8)
    drive.till_seen(client, played, "requests", 24)
    local queued = start_many(client, 8)
    for _ = 1, 5 do client.step(0.01) end
    assert.are.equal(24, client.step())

    local left = 24
    for _, list in ipairs { waiting, queued, sent } do -- a connection that gets free would be taken by the queue
      for _, transfer in ipairs(list) do
        assert.is_true(transfer:abort())
        left = left - 1
        assert.are.equal(left, client.step())
      end
    end
    for _, transfer in ipairs(done) do assert.is_false(transfer:abort()) end
    assert.are.same({ ["aborted 1 true"] = 8 }, ends_of(waiting))
    assert.are.same({ cancelled = 8 }, ends_of(done))
    assert.are.same({ ["aborted 1 true"] = 8 }, ends_of(sent))
    assert.are.same({ ["aborted 1 false"] = 8 }, ends_of(queued))
    assert.is_nil(client.timeout())
    rows.check_luck(client)
    assert.are.equal(25, #played.seen().requests)
    played.close()
  end)

  local function abort_one(_, transfer) assert.is_true(transfer:abort()) end

  local function close(client) client.close() end

  for _, row in ipairs {
    { "abort ends one", abort_one, { cancelled = 31, ["aborted 1 false"] = 1 }, 32 + 31 },
    { "close ends all", close, { ["aborted 1 false"] = 32 }, 32 },
  } do
    it("when all are just about to be sent again: " .. row[1], function()
      local wait, due = 0.4, math.huge
      service.answer_next(many(32, { status = 429, headers = { ["retry-after-ms"] = wait * 1000 } }))
      local client, transfers
      local told = {} -- in which order they will be due
      client = check.client(service, { api_key = function()
        if socket.gettime() >= due then
          due = math.huge
          row[2](client, transfers[told[16]])
        end
        return check.key
      end })
      transfers = list_of(32, function(index)
        return client.start.cancel(service.make_uploads(1)[1], { on_retry = function() told[#told + 1] = index end })
      end)
      drive.till(client, function() return #told == 32 end)
      due = socket.gettime() + wait
      repeat socket.select(nil, nil, math.max(0, due - socket.gettime())) until socket.gettime() >= due
      drive.all(client)
      assert.are.same(row[3], ends_of(transfers))
      assert.are.equal(row[4], (select(2, service.requests())))
      check_luck(client)
    end)
  end
end)

describe("more retries than have a connection, due in the same moment,", function()
  it("are all begun, and all come to their ends", function()
    local number, wait = 300, 0.5
    service.answer_next(many(number, { status = 429, headers = { ["retry-after-ms"] = wait * 1000 } }))
    local told = 0
    local client = check.client(service, { on_retry = function() told = told + 1 end })
    local ids = service.make_uploads(number)
    local transfers = list_of(number, function(index) return client.start.cancel(ids[index]) end)
    drive.till(client, function() return told == number end)
    local due = socket.gettime() + wait
    repeat socket.select(nil, nil, math.max(0, due - socket.gettime())) until socket.gettime() >= due
    drive.all(client)
    assert.are.same({ cancelled = number }, ends_of(transfers))
    assert.are.equal(2 * number, (select(2, service.requests())))
    check_luck(client)
  end)
end)

describe("while many calls run, a function that raises", function()
  it("in api_key ends the calls it was asked for", function()
    local calls = 0
    local client = check.client(service, { api_key = function()
      calls = calls + 1
      if calls % 2 == 0 and calls <= MANY then error("no key today", 0) end
      return check.key
    end })
    local ids = service.make_uploads(MANY)
    service.answer_next(many(MANY, { delay = 0.05 }))
    local transfers = list_of(MANY, function(index) return client.start.cancel(ids[index]) end)
    drive.all(client)
    assert.are.same({ cancelled = MANY / 2, ["configuration 0 false"] = MANY / 2 }, ends_of(transfers))
    for index = 2, MANY, 2 do check.holds("no key today", tostring(select(2, drive.result(transfers[index])))) end
    assert.are.equal(MANY / 2, (select(2, service.requests())))
    check_luck(client)
  end)

  it("in on_retry ends the calls that were to be retried", function()
    local client, ids = check.client(service), service.make_uploads(MANY)
    service.answer_next(joined(many(16, { status = 500 }), many(MANY - 16, { delay = 0.05 })))
    local transfers = list_of(MANY, function(index)
      return client.start.cancel(ids[index], { on_retry = function() error("oh dear " .. index, 0) end })
    end)
    drive.all(client)
    assert.are.same({ cancelled = MANY - 16, ["aborted 1 true"] = 16 }, ends_of(transfers))
    for index, transfer in ipairs(transfers) do
      local _, failure = drive.result(transfer)
      if failure then check.holds("on_retry raised an error: oh dear " .. index, failure.message) end
    end
    check_luck(client)
  end)

  it("in log ends nothing, and is told on stderr", function()
    service.answer_next(many(16, { status = 500 }))
    local result = script.run(([[
      local uploads = require "openai_uploads"
      local told = 0
      local client = uploads.new { -- one call may meet every refusal
        retry_delay = 0.001, max_retry_delay = 0.001, max_retries = 16,
        log = function() told = told + 1 error("oh dear", 0) end }
      local ids = {}
      for id in os.getenv("IDS"):gmatch "%%S+" do ids[#ids + 1] = id end
      local cancelled, failures = client.cancel_all(ids)
      local count = 0
      for _ in pairs(cancelled) do count = count + 1 end
      assert(uploads.create { filename = "a", purpose = "batch", bytes = 1, mime_type = "text/plain" })
      io.write(count, " ", tostring(failures), " ", told)
    ]]):format(MANY), { OPENAI_BASE_URL = service.base_url, OPENAI_API_KEY = check.key,
      IDS = table.concat(service.make_uploads(MANY), " ") })
    local told = 2 * MANY + 2 * 16
    assert.are.same({ ("%d nil %d"):format(MANY, told), 0 }, { result.stdout, result.status })
    local line = "openai_uploads: the log function raised an error: oh dear\n"
    assert.are.equal(line:rep(told), result.stderr)
  end)

  it("in on_result of cancel_all ends those under way, and no more are begun", function()
    local good = fault.answer(200, '{"id":"upload_1","status":"cancelled"}', nil, { connection = "close" })
    local played = server.script(joined(
      many(1, { { "request" }, { "wait", 0.2 }, { "send", good }, { "close" } }), many(MANY - 1, stalled),
      { rows.lasting }))
    local client = rows.client(played.base_url)
    local problem = setmetatable({}, { __tostring = function() return "oh dear" end })
    local ids = list_of(200, function(index) return "upload_" .. index end)
    local fine, raised = pcall(client.cancel_all, ids, { on_result = function() error(problem) end })
    assert.is_false(fine)
    assert.are.equal(problem, raised)
    assert.are.equal(0, client.step())
    assert.is_true(played.wait_for("closed_by_peer", MANY - 1))
    assert.is_true(#played.seen().requests <= MANY)
    rows.check_luck(client)
    played.close()
  end)
end)

-- What a program does inside its function, at every call of it or at the tenth alone.
local deeds = {
  { "steps", function(client) assert.is_number(client.step()) end },
  { "steps and waits", function(client) client.step(0.002) end },
  { "closes the client", function(client, calls) if calls == 10 then client.close() end end, ends = true },
}

-- Each returns the options of the calls, and the settings of the client.
local function log_at(name)
  return function(deed)
    return { log = function(event) if event.event == name then deed() end end }
  end
end

local places = {
  { "api_key", function(deed) return {}, { api_key = function() deed() return check.key end } end },
  { "on_retry", function(deed) return { on_retry = deed } end },
  { "log at a request", log_at "request" },
  { "log at a retry", log_at "retry" },
  { "log at the end", log_at "done" },
}

local function run_with(place, deed)
  local client, raised
  local calls = 0
  local function guarded_deed()
    calls = calls + 1
    local fine, message = pcall(deed[2], client, calls)
    raised = raised or not fine and message
  end
  local options, settings = place[2](guarded_deed)
  client = check.client(service, -- one call may meet every refusal
    check.merged({ max_retries = 16, max_retry_delay = 0.001 }, settings or {}))
  service.answer_next(joined(many(16, { status = 500, delay = 0.02 }), many(16, { delay = 0.02 })))
  return client, options, function()
    assert.is_true(calls >= 10)
    assert.is_falsy(raised)
    assert.are.equal(0, client.step())
    check_luck(client)
  end
end

for _, place in ipairs(places) do
  for _, deed in ipairs(deeds) do
    describe(("many calls whose program %s in %s"):format(deed[1], place[1]), function()
      it("come to their ends when they are driven by step", function()
        local client, options, check_after = run_with(place, deed)
        local ids = service.make_uploads(100)
        local transfers = list_of(100, function(index) return client.start.cancel(ids[index], options) end)
        drive.all(client)
        local ends = ends_of(transfers)
        local cancelled = ends.cancelled or 0
        if not deed.ends then assert.are.same({ cancelled = 100 }, ends) end
        for name, number in pairs(ends) do
          if name:find "^aborted" then cancelled = cancelled + number end
        end
        assert.are.equal(100, cancelled)
        check_after()
      end)

      it("come to their ends in cancel_all", function()
        local client, options, check_after = run_with(place, deed)
        local cancelled, failures = client.cancel_all(service.make_uploads(100), options)
        assert.are.equal(100, count(cancelled) + count(failures or {}))
        if not deed.ends then assert.is_nil(failures) end
        for _, failure in pairs(failures or {}) do assert.are.equal("aborted", failure.kind) end
        check_after()
      end)
    end)
  end
end

for _, deed in ipairs(deeds) do
  it(("cancel_all comes to its end when on_result %s"):format(deed[1]), function()
    local client, options, check_after = run_with({ "", function(act) return { on_result = act } end }, deed)
    local cancelled, failures = client.cancel_all(service.make_uploads(100), options)
    assert.are.equal(100, count(cancelled) + count(failures or {}))
    if not deed.ends then assert.is_nil(failures) end
    for _, failure in pairs(failures or {}) do assert.are.equal("aborted", failure.kind) end
    check_after()
  end)
end

describe("a client that is collected while its calls are waited for", function()
  local function begin_many(ids)
    local told = 0
    local client = check.client(service, {
      api_key = function() told = told + 1 drive.collect() return check.key end,
      on_retry = drive.collect, log = drive.collect,
    })
    local transfers = list_of(#ids, function(index) return client.start.cancel(ids[index]) end)
    return transfers, function() return told end, setmetatable({ client }, { __mode = "v" })
  end

  it("lives until the last of them has gone", function()
    service.answer_next(joined(many(4, { status = 500 }), many(12, { delay = 0.02 })))
    local transfers, told, kept = begin_many(service.make_uploads(16))
    drive.collect()
    for index = 16, 1, -1 do
      local done, upload, failure = transfers[index]:wait()
      assert.are.same({ true, "cancelled", nil }, { done, upload and upload.status, failure })
      transfers[index] = index > 1 and index - 1 or nil
    end
    assert.are.equal(20, told())
    drive.collect()
    assert.is_nil(kept[1])
    check_luck(check.client(service))
  end)

  it("goes with them when it goes in the midst of a wait of another client", function()
    local client, transfers, played = stalled_client(16)
    local other, ids = check.client(service, { on_retry = function()
      client, transfers = nil, nil
      drive.collect()
    end }), service.make_uploads(4)
    assert.is_table(client.start)
    assert.are.equal(16, #transfers)
    service.answer_next { { status = 500, delay = 0.02 } }
    local started = list_of(4, function(index) return other.start.cancel(ids[index]) end)
    for _, transfer in ipairs(started) do assert.are.equal("cancelled", select(2, transfer:wait()).status) end
    assert.is_true(played.wait_for("closed_by_peer", 16))
    check_luck(other)
    played.close()
  end)
end)

describe("a process that is killed with many calls in flight", function()
  local function kill(child)
    local command = "unset LD_PRELOAD; kill -KILL $(ps -o pid= --ppid %d)"
    assert.is_truthy(({ [0] = true, [true] = true })[os.execute(command:format(child.pid))])
  end

  it("leaves a server that serves the next process, and all others", function()
    local played = server.script(joined(many(MANY, stalled), { rows.lasting }))
    local environment = { OPENAI_BASE_URL = played.base_url, OPENAI_API_KEY = check.key }
    local child = script.start([[
      io.write "begun\n"
      io.stdout:flush()
      local uploads = require "openai_uploads"
      local transfers = {}
      for index = 1, 64 do transfers[index] = uploads.start.cancel("upload_" .. index, { timeout = 20 }) end
      while uploads.step(1) > 0 do end
      io.write "they ended\n"
    ]], environment)
    assert.is_true(played.wait_for("requests", MANY))
    assert.are.equal(0, played.seen().closed_by_peer)
    kill(child)
    assert.is_true(played.wait_for("closed_by_peer", MANY))
    check.lacks("they ended", child.finish())

    local result = script.run([[io.write(require("openai_uploads").cancel("upload_1").status)]], environment)
    assert.are.same({ "cancelled", "", 0 }, { result.stdout, result.stderr, result.status })
    rows.check_luck(rows.client(played.base_url))
    played.close()
  end)

  it("in cancel_all leaves ids that the next process can go through", function()
    service.answer_next(many(MANY, { delay = 30 }))
    local environment = { OPENAI_BASE_URL = service.base_url, OPENAI_API_KEY = check.key,
      IDS = table.concat(service.make_uploads(100), " ") }
    local code = [[
      io.write "begun\n"
      io.stdout:flush()
      local ids = {}
      for id in os.getenv("IDS"):gmatch "%S+" do ids[#ids + 1] = id end
      local cancelled, failures = require("openai_uploads").cancel_all(ids)
      local count = 0
      for _ in pairs(cancelled) do count = count + 1 end
      io.write(count, " ", tostring(failures))
    ]]
    local child = script.start(code, environment)
    local last = os.time() + 10
    while select(2, service.requests()) < MANY do assert.is_true(os.time() <= last) end
    kill(child)
    check.lacks("100", child.finish())

    local result = script.run(code, environment)
    assert.are.same({ "begun\n100 nil", "", 0 }, { result.stdout, result.stderr, result.status })
    check_luck(check.client(service))
  end)
end)

describe("descriptors that run out", function()
  -- Runs the code with no more than so many of them, next to a server that takes its time for each answer.
  local function run_short_of(limit, code, more)
    local slow = {}
    for _ = 1, 20 do
      slow = joined(slow, { { "request" }, { "wait", 0.1 }, { "send", rows.good_answer } })
    end
    local played = server.script { slow }
    local limited = ([[
      if not os.getenv "IS_LIMITED" then
        local ended = os.execute(("ulimit -n %d && IS_LIMITED=1 exec timeout -s KILL 25 '%%s' '%%s'"):format(
          arg[-1], arg[0]))
        os.exit((ended == true or ended == 0) and 0 or 1)
      end
    ]]):format(limit)
    local result = script.run(limited .. [[
      local uploads = require "openai_uploads"
      local client = uploads.new { max_retries = 0, timeout = 10 }

      local function tell(...)
        io.write(table.concat({ ... }, " "), "\n")
      end

      -- How many came well; the failures must all be of one kind.
      local good, bad = 0, 0
      local function count(upload, failure)
        if upload then
          good = good + 1
        else
          bad = bad + 1
          if failure.kind ~= "connection" or failure.attempts ~= 1 or failure.may_have_applied
            or not failure.message:find "connect" then
            tell("a strange failure:", tostring(failure))
          end
        end
      end

      local function tell_counts()
        tell(good > 0 and "some came well," or "none came well,", bad > 0 and "some did not," or "all did,", good + bad)
      end

      local function take_all_descriptors()
        local files = {}
        while #files < 1000 do
          local file = io.open "/dev/null"
          if not file then break end
          files[#files + 1] = file
        end
        return files
      end

      local function give_back(files)
        for _, file in ipairs(files) do file:close() end
      end
    ]] .. code, check.merged({ OPENAI_BASE_URL = played.base_url, OPENAI_API_KEY = check.key }, more or {}))
    played.close()
    assert.are.same({ "", 0 }, { result.stderr, result.status })
    return result.stdout
  end

  it("end some calls of cancel_all, and no others", function()
    assert.are.equal("some came well, some did not, 200\ncancelled\n", run_short_of(64, [[
      local ids = {}
      for index = 1, 200 do ids[index] = "upload_" .. index end
      local cancelled, failures = client.cancel_all(ids)
      for _, id in ipairs(ids) do count(cancelled[id], failures[id]) end
      tell_counts()
      tell(assert(client.cancel "upload_1").status)
    ]]))
  end)

  it("end some started calls, and no others", function()
    assert.are.equal("some came well, some did not, 100\ncancelled\n", run_short_of(64, [[
      local transfers = {}
      for index = 1, 100 do transfers[index] = client.start.cancel("upload_" .. index) end
      while client.step(10) > 0 do end
      for _, transfer in ipairs(transfers) do count(select(2, transfer:poll())) end
      tell_counts()
      tell(assert(client.cancel "upload_1").status)
    ]]))
  end)

  it("are waited for by retries", function()
    assert.are.equal("some came well, all did, 100\ncancelled\n", run_short_of(64, [[
      local ids = {}
      for index = 1, 100 do ids[index] = "upload_" .. index end
      local cancelled, failures = client.cancel_all(ids,
        { max_retries = 20, retry_delay = 0.05, max_retry_delay = 0.05 })
      for _, id in ipairs(ids) do count(cancelled[id], failures and failures[id]) end
      tell_counts()
      tell(assert(client.cancel "upload_1").status)
    ]]))
  end)

  it("end every call when none is left, and none when they are back", function()
    assert.are.equal("none came well, some did not, 12\ncancelled\n", run_short_of(64, [[
      local files = take_all_descriptors()
      count(client.cancel "upload_1")
      local _, failures = client.cancel_all { "upload_2", "upload_3" }
      for _, failure in pairs(failures) do count(nil, failure) end
      for _ = 1, 9 do count(select(2, client.start.cancel("upload_4"):wait())) end
      tell_counts()
      give_back(files)
      tell(assert(client.cancel "upload_1").status)
    ]]))
  end)

  -- poll(2), where it does the waiting, needs none for a client, and then it is the connection that lacks one.
  it("are named when there is none for a new client", function()
    assert.are.equal("cancelled cancelled\n", run_short_of(64, [[
      local function check_named(name, fine, problem, failure)
        local text = tostring(failure or not fine and problem)
        if not (text:find "descriptors" or text:find "connect") then tell(name, text) end
      end
      local files = take_all_descriptors()
      local fine, problem = pcall(uploads.new)
      if not fine then check_named("new", fine, problem) end
      check_named("the module", pcall(uploads.cancel, "upload_1", { max_retries = 0 }))
      check_named("start", pcall(function()
        local _, upload, failure = uploads.start.cancel("upload_1", { max_retries = 0 }):wait()
        return upload, failure
      end))
      check_named("cancel_all", pcall(function()
        local _, failures = uploads.cancel_all({ "upload_1" }, { max_retries = 0 })
        return nil, failures.upload_1
      end))
      give_back(files)
      tell(assert(uploads.cancel "upload_1").status, assert(uploads.new().cancel("upload_1")).status)
    ]]))
  end)
end)
