-- SPDX-License-Identifier: MIT
-- A process that forks while transfers run and connections are open. The child has none of them, and does not touch
-- what is the parent's.

local built = require "spec.support.built"
local check = require "spec.support.check"
local fault = require "spec.support.fault"
local rows = require "spec.support.rows"
local script = require "spec.support.script"
local with_service = require "spec.support.with_service"

local library

local service = with_service.emulator()
local server = with_service.fault_server()

setup(function() library = built.library("fork", true) end)

-- `in_child(body)` runs it in a forked process and waits for that; `tell` says something, in the order of events.
local prologue = [[
  local library = package.loadlib(os.getenv "FORK_LIBRARY", "luaopen_fork")()
  local uploads = require "openai_uploads"
  local ids = {}
  for id in (os.getenv "IDS" or ""):gmatch "%S+" do ids[#ids + 1] = id end

  local function tell(...)
    io.write(table.concat({ ... }, " "), "\n")
    io.stdout:flush()
  end

  local function begin_child(body, leave)
    io.stdout:flush()
    local pid = library.fork()
    if pid > 0 then return pid end
    local fine, message = pcall(body)
    if not fine then tell("the child raised:", tostring(message)) end
    if leave then library.leave() end
    os.exit(0, true)
  end

  local function in_child(body, leave)
    local status = library.wait(begin_child(body, leave))
    if status ~= 0 then tell("the child ended with " .. status) end
  end

  local function describe(transfer)
    local done, upload, failure = transfer:poll()
    if not done then return "runs" end
    if upload then return upload.status end
    return ("%s %d %s"):format(failure.kind, failure.attempts, tostring(failure.may_have_applied))
  end

  -- Steps until the spec says that it has seen enough.
  local function step_until_told()
    local last = os.time() + 10
    repeat
      uploads.step(0.01)
      local file = io.open(os.getenv "GO")
      if file then file:close() end
    until file or os.time() > last
  end
]]

local function it_forks(name, body)
  it(name, function()
    if not library then pending "no compiler, or no headers of this Lua" return end
    body()
  end)
end

local function environment(base_url, more)
  return check.merged({
    OPENAI_BASE_URL = base_url, OPENAI_API_KEY = check.key, FORK_LIBRARY = library, SSL_CERT_FILE = service.ca_file,
  }, more or {})
end

local function run(code, base_url, more)
  local result = script.run(prologue .. code, environment(base_url, more))
  assert.are.same({ "", 0 }, { result.stderr, result.status }, result.stdout)
  return result.stdout
end

-- What a parent says when its child is gone, and the server may answer what it holds.
local GOES_ON = "the parent goes on"

-- Runs the code next to a server; when it has seen so many requests, the code's step_until_told ends.
local function run_until_seen(code, played, requests)
  local go = os.tmpname()
  os.remove(go)
  local child = script.start(prologue .. 'tell "begun"\n' .. code, environment(played.base_url, { GO = go }))
  local reached = played.wait_for("requests", requests)
  io.open(go, "w"):close()
  local lines = {}
  for line in child.read_line do
    lines[#lines + 1] = line
    if line == GOES_ON then played.go_on() end
  end
  child.stop()
  local output = table.concat(lines, "\n")
  os.remove(go)
  assert.is_true(reached, output)
  return output
end

local stalled = { { "request" }, { "stall" } }

describe("after a fork", function()
  it_forks("the child makes calls of its own, and the parent goes on", function()
    local output = run([[
      tell("parent", assert(uploads.cancel(ids[1])).status)
      in_child(function() tell("child", assert(uploads.cancel(ids[2])).status) end)
      tell("parent", assert(uploads.cancel(ids[3])).status)
    ]], service.base_url, { IDS = table.concat(service.make_uploads(3), " ") })
    assert.are.equal("parent cancelled\nchild cancelled\nparent cancelled\n", output)
    local requests = service.requests()
    assert.are.equal(requests[1].connection, requests[3].connection)
    assert.are_not.equal(requests[1].connection, requests[2].connection)
  end)

  for _, ending in ipairs { "false", "true" } do
    it_forks("the child's end leaves the parent's TLS connection alone, leave = " .. ending, function()
      local output = run(([[
        local client = uploads.new { ca_file = os.getenv "SSL_CERT_FILE" }
        tell(assert(client.cancel(ids[1])).status)
        in_child(function() end, %s)
        tell(assert(client.cancel(ids[2])).status)
        in_child(function() client.close() end, %s)
        tell(assert(client.cancel(ids[3])).status)
        in_child(function() tell(assert(client.cancel(ids[4])).status) client.close() end, %s)
        tell(assert(client.cancel(ids[5])).status)
        in_child(function() client = nil collectgarbage() collectgarbage() end, %s)
        tell(assert(client.cancel(ids[6])).status)
      ]]):format(ending, ending, ending, ending), service.tls.http1,
        { IDS = table.concat(service.make_uploads(6), " ") })
      assert.are.equal(("cancelled\n"):rep(6), output)
      local requests = service.requests()
      assert.are.equal(6, #requests)
      for index, request in ipairs(requests) do
        assert.are.equal(index ~= 4, request.connection == requests[1].connection)
      end
    end)
  end

  it_forks("what the parent has begun is aborted in the child, and runs on in the parent", function()
    local played = server.script { { { "request" }, { "hold" }, { "send", rows.good_answer }, { "stall" } } }
    local output = run_until_seen([[
      local transfer = uploads.start.cancel "upload_1"
      step_until_told()
      in_child(function()
        tell("child", describe(transfer), tostring(transfer:abort()), uploads.step(), tostring(transfer))
      end)
      tell "the parent goes on"
      local done, upload = transfer:wait(5)
      tell("parent", tostring(done), upload.status)
    ]], played, 1)
    assert.are.equal("child aborted 1 true false 0 openai_uploads.transfer: done\n" .. GOES_ON ..
      "\nparent true cancelled", output)
    assert.are.equal(1, #played.seen().requests)
    played.close()
  end)

  it_forks("the child is told exactly whether each may have been carried out", function()
    local busy = fault.answer(503, "", nil, { connection = "close" })
    local slow_down = fault.answer(429, "", nil, { connection = "close" })
    local played = server.script { rows.answered(busy), rows.answered(slow_down), stalled }
    local output = run_until_seen([[
      local told = 0
      local options = { retry_delay = 8, on_retry = function() told = told + 1 end }
      local function start_and_meet(number)
        local transfer = uploads.start.cancel("upload_" .. number, options)
        for _ = 1, 1000 do
          if told == number then break end
          uploads.step(0.01)
        end
        return transfer
      end
      local may, may_not = start_and_meet(1), start_and_meet(2)
      local sent = uploads.start.cancel "upload_3"
      step_until_told()
      in_child(function()
        uploads.step()
        for _, transfer in ipairs { may, may_not, sent } do tell(describe(transfer)) end
      end)
      for _, transfer in ipairs { may, may_not, sent } do tell(describe(transfer)) end
    ]], played, 3)
    assert.are.equal("aborted 1 true\naborted 1 false\naborted 1 true\nruns\nruns\nruns", output)
    played.close()
  end)

  it_forks("the child never takes up what the parent has begun", function()
    local good = fault.answer(200, '{"id":"upload_3","status":"cancelled"}', nil, { connection = "close" })
    local played = server.script { stalled, stalled, rows.answered(good, { "close" }), stalled }
    local output = run_until_seen([[
      local first = uploads.start.cancel("upload_1", { timeout = 5, max_retries = 0 })
      local second = uploads.start.cancel("upload_2", { timeout = 5, max_retries = 0 })
      step_until_told()
      in_child(function()
        uploads.step()
        first = nil
        collectgarbage() collectgarbage()
        tell(assert(uploads.cancel "upload_3").status)
        local last = uploads.start.cancel("upload_4", { timeout = 0.3, max_retries = 0 })
        while uploads.step(0.1) > 0 do end
        tell(describe(second), describe(last))
      end)
    ]], played, 2)
    assert.are.equal("cancelled\naborted 1 true timeout 1 true", output)
    assert.are.equal(4, #played.seen().requests)
    played.close()
  end)

  it_forks("the child has what was done before", function()
    local output = run([[
      local good, bad = uploads.start.cancel(ids[1], { with_response = true }), uploads.start.cancel "upload_none"
      good:wait() bad:wait()
      in_child(function()
        tell(describe(good), describe(bad), select(4, good:poll()).status)
        assert(uploads.cancel(ids[2]))
        tell(describe(good), describe(bad), select(4, good:poll()).status)
      end)
      tell(describe(good), describe(bad))
    ]], service.base_url, { IDS = table.concat(service.make_uploads(2), " ") })
    assert.are.equal("cancelled not_found 1 false 200\ncancelled not_found 1 false 200\n" ..
      "cancelled not_found 1 false\n", output)
  end)

  it_forks("the child sees no answer to an earlier attempt in what was sent again", function()
    local played = server.script { rows.answered(fault.answer(503, "", nil, { connection = "close" })), stalled }
    local output = run_until_seen([[
      local transfer = uploads.start.cancel("upload_1", { max_retries = 1, retry_delay = 0.01 })
      step_until_told()
      in_child(function()
        local _, _, failure = transfer:poll()
        tell(failure.kind, failure.attempts, tostring(failure.status), tostring(failure.body), tostring(failure))
      end)
    ]], played, 2)
    assert.are.equal("aborted 2 nil nil aborted: the process that began this call was forked (after 2 attempts); " ..
      "the service may have acted on it", output)
    played.close()
  end)

  local firsts = {
    { "polls", "transfer:poll()" },
    { "waits", "transfer:wait()" },
    { "aborts", "transfer:abort()" },
    { "steps", "uploads.step(1)" },
    { "asks for fd and timeout", "uploads.fd() tell(tostring((uploads.timeout())))" },
    { "closes", "uploads.close()" },
    { "makes a call", 'tell(uploads.cancel("upload_2").status)' },
    { "starts a call", 'tell(tostring(select(2, uploads.start.cancel("upload_2"):wait()).status))' },
    { "drops the transfer", "transfer = nil collectgarbage() collectgarbage()" },
    { "does nothing", "" },
  }
  for _, row in ipairs(firsts) do
    it_forks("the parent is undisturbed by a child that first of all " .. row[1], function()
      local late = { { "request" }, { "hold" }, { "send", rows.good_answer }, { "stall" } }
      local played = server.script { late, rows.lucky }
      local output = run_until_seen(([[
        local transfer = uploads.start.cancel "upload_1"
        step_until_told()
        in_child(function()
          %s
          if transfer then tell(describe(transfer)) end
        end)
        tell "the parent goes on"
        local done, upload = transfer:wait(5)
        tell("parent", tostring(done), upload.status)
      ]]):format(row[2]), played, 1)
      check.holds("parent true cancelled", output)
      check.lacks("raised", output)
      check.lacks("ended with", output)
      played.close()
    end)
  end

  it_forks("many children and the parent do not meet", function()
    local output = run([[
      local mine = {}
      assert(uploads.cancel(ids[1]))
      for index = 2, 6 do mine[index] = uploads.start.cancel(ids[index]) end
      local children = {}
      for child = 1, 4 do
        children[child] = begin_child(function()
          local all = {}
          for index = 1, 5 do all[index] = ids[6 + 5 * (child - 1) + index] end
          local cancelled, failures = uploads.cancel_all(all)
          local count = 0
          for _, id in ipairs(all) do count = count + (cancelled[id].status == "cancelled" and 1 or 0) end
          if count ~= 5 or failures then tell "not all" end
        end, child % 2 == 0)
      end
      for index = 2, 6 do assert(select(2, mine[index]:wait(10))) end
      for child = 1, 4 do assert(library.wait(children[child]) == 0) end
      tell(assert(uploads.cancel(ids[27])).status)
    ]], service.base_url, { IDS = table.concat(service.make_uploads(27), " ") })
    assert.are.equal("cancelled\n", output)
    assert.are.equal(27, (select(2, service.requests())))
  end)

  it_forks("a child's child is a process of its own as well", function()
    service.answer_next { { delay = 0 }, { delay = 0.3 } } -- not before start, which steps once, returns
    local output = run([[
      assert(uploads.cancel(ids[1]))
      in_child(function()
        local transfer = uploads.start.cancel(ids[2])
        in_child(function()
          tell(describe(transfer):match "^%a+", assert(uploads.cancel(ids[3])).status)
        end)
        tell(assert(select(2, transfer:wait(5))).status)
      end)
      tell(assert(uploads.cancel(ids[4])).status)
    ]], service.base_url, { IDS = table.concat(service.make_uploads(4), " ") })
    assert.are.equal("aborted cancelled\ncancelled\ncancelled\n", output)
  end)

  it_forks("a fork inside a function of the program ends the call in the child", function()
    local busy = fault.answer(503, "", nil, { connection = "close" })
    local played = server.script { rows.answered(busy), rows.lucky }
    local output = run([[
      local child_of
      local _, failure
      local upload
      upload, failure = uploads.cancel("upload_1", { retry_delay = 0.01, on_retry = function()
        child_of = child_of or library.fork()
      end })
      if child_of == 0 then
        tell("child", failure and failure.kind or upload.status)
        os.exit(0, true)
      end
      library.wait(child_of)
      tell("parent", assert(upload).status)
    ]], played.base_url)
    check.holds("parent cancelled", output)
    assert.is_truthy(output:find("child aborted", 1, true) or output:find("child cancelled", 1, true), output)
    played.close()
  end)
end)
