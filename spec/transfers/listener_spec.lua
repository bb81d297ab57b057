-- SPDX-License-Identifier: MIT
-- Who listens to a transfer need not hold it: its client does, until it is done.

local check = require "spec.support.check"
local drive = require "spec.support.drive"
local rows = require "spec.support.rows"
local upload_file = require "spec.support.upload_file"
local with_service = require "spec.support.with_service"

local service = with_service.emulator()
local server = with_service.fault_server()

after_each(upload_file.remove_all)

local function new_id() return service.make_uploads(1)[1] end

local function weak() return setmetatable({}, { __mode = "v" }) end

-- Until the collector has taken what was held weakly; some of it in one cycle, some in the next.
local function check_collected(held)
  for _ = 1, 4 do drive.collect() end
  assert.is_nil(next(held))
end

-- Drops a transfer of the client with a listener, and returns what that is told, and both, weakly.
local function listen(client, id)
  local told, held = {}, weak()
  local transfer = client.start.cancel(id)
  local function listener(...) told[#told + 1] = { select("#", ...), (select(2, (...):poll())) } end
  transfer:on_done(listener)
  held[1], held[2] = transfer, listener
  return told, held
end

describe("a transfer with a listener", function()
  it("that nobody holds goes on to its end, which the listener is told, and nothing is held then", function()
    local client, id = check.client(service), new_id()
    service.answer_next { { delay = 0.2 } }
    local told, held = listen(client, id)
    drive.collect()
    drive.all(client, drive.collect)
    assert.are.equal(1, #told)
    assert.are.same({ 1, id, "cancelled" }, { told[1][1], told[1][2].id, told[1][2].status })
    check_collected(held)
  end)

  it("goes on through retries and their waits", function()
    local client, id = check.client(service), new_id()
    service.answer_next { { status = 500 }, { status = 503 } }
    local told = listen(client, id)
    drive.all(client, drive.collect)
    assert.are.equal(id, told[1][2].id)
  end)

  it("is all that a coroutine needs which waits by it alone", function()
    local client, id = check.client(service), new_id()
    local ended
    service.answer_next { { delay = 0.2 } }
    coroutine.wrap(function()
      local running = coroutine.running()
      client.start.cancel(id):on_done(function(transfer) coroutine.resume(running, transfer) end)
      ended = select(2, coroutine.yield():poll())
    end)()
    drive.all(client, drive.collect)
    assert.are.equal(id, ended.id)
  end)

  it("is held until it is done however that comes about", function()
    for _, finish in ipairs { function(client) client.close() end, function(client) drive.all(client) end } do
      local client = check.client(service)
      service.answer_next { { delay = 0.2 } }
      local told, held = listen(client, new_id())
      drive.collect()
      finish(client)
      assert.are.equal(1, #told)
      check_collected(held)
    end
  end)

  it("tells a listener that is set when it is done, and lets go of that too", function()
    local client = check.client(service)
    local transfer = client.start.cancel(new_id())
    drive.all(client)
    local count, held = 0, weak()
    local function listen_late()
      local function listener() count = count + 1 end
      held[1] = listener
      transfer:on_done(listener)
    end
    listen_late()
    check_collected(held)
    assert.are.same({ 1, true }, { count, transfer:done() })
  end)

  it("is told once by a listener that is set as its end is logged", function()
    local client = check.client(service)
    local count, transfer = 0, nil
    service.answer_next { { delay = 0.1 } }
    transfer = client.start.cancel(new_id(), { log = function(event)
      if event.event == "done" then transfer:on_done(function() count = count + 1 end) end
    end })
    drive.all(client)
    assert.are.equal(1, count)
  end)

  it("goes with a client that nobody has, which nobody could step", function()
    local played = server.script { { { "request" }, { "stall" } } }
    local told, held
    local function begin()
      local client = rows.client(played.base_url)
      told, held = listen(client, rows.id)
      drive.till_seen(client, played, "requests", 1)
    end
    begin()
    check_collected(held)
    assert.is_true(played.wait_for("closed_by_peer", 1))
    assert.are.same({}, told)
    played.close()
  end)

  it("keeps its client as long as one of its functions is there to step it", function()
    local id, upload = new_id(), nil
    local step
    local function begin()
      local client = check.client(service)
      step = client.step
      service.answer_next { { delay = 0.1 } }
      client.start.cancel(id):on_done(function(transfer) upload = select(2, transfer:poll()) end)
    end
    begin()
    drive.till({ step = step }, function() return upload end, drive.collect)
    assert.are.equal(id, upload.id)
  end)
end)

describe("a transfer without a listener", function()
  it("that nobody holds is aborted, as one is to which only a loop listens", function()
    local played = server.script { { { "request" }, { "stall" } } }
    local client = rows.client(played.base_url)
    local function begin()
      local first, second = client.start.cancel "upload_1", client.start.cancel "upload_2"
      require("openai_uploads.listen")(second, function() end)
      drive.till_seen(client, played, "requests", 2)
      return first:done() or second:done()
    end
    assert.is_false(begin())
    for _ = 1, 2 do drive.collect() end
    assert.are.equal(0, client.step())
    assert.is_true(played.wait_for("closed_by_peer", 2))
    played.close()
  end)
end)

describe("a file's job with a listener", function()
  for _, phase in ipairs(upload_file.phases) do
    it(("that nobody holds while %s goes on to its end, and nothing is held then"):format(phase.name), function()
      upload_file.with_client(service, {}, function(client)
        local held, upload = weak(), nil
        service.answer_next { { call = phase.call, delay = 0.1 } }
        local function begin()
          local job = client.start.upload_file_chunked(upload_file.params("abcdefghij"))
          if phase.call ~= "create" then -- the listener may come late, and there may be a second one
            drive.till(client, function() return select(2, service.requests()) >= phase.requests end)
          end
          job:on_done(function(ended) upload = select(2, ended:poll()) end)
          held[1] = job
        end
        begin()
        drive.collect()
        drive.till(client, function() return upload end, drive.collect)
        assert.are.equal("completed", upload.status)
        check_collected(held)
      end)
    end)

    it(("goes, while %s, with a client that nobody has"):format(phase.name), function()
      local held, before = weak(), upload_file.descriptors()
      local function begin()
        local client = check.client(service)
        service.answer_next { { call = phase.call, delay = 1 } }
        held[1], held[2] = client.start.upload_file_chunked(upload_file.params("abcdefghij")), client
        drive.till(client, function() return select(2, service.requests()) >= phase.requests end)
        held[1]:on_done(function() error "nobody steps" end)
      end
      begin()
      check_collected(held)
      assert.are.equal(before, upload_file.descriptors())
    end)
  end

  it("is held while its Upload is being cancelled", function()
    upload_file.with_client(service, {}, function(client)
      local failure
      service.answer_next { { call = "cancel", delay = 0.2 } }
      local function begin()
        local job = upload_file.job_at(service, client, upload_file.phases[2])
        job:abort()
        job:on_done(function(ended) failure = select(3, ended:poll()) end)
      end
      begin()
      drive.collect()
      drive.till(client, function() return failure end, drive.collect)
      assert.are.same({ "aborted", true }, { failure.kind, failure.cancelled })
    end)
  end)
end)

describe("a loop of the program's own that waits by on_done alone", function()
  local loop = {}

  function loop.wait(_, awaited)
    local running = coroutine.running()
    awaited:on_done(function() coroutine.resume(running) end)
    coroutine.yield()
  end

  local calls = {
    { "cancel", function(client, id) return client.cancel(id).status end, "cancelled" },
    { "cancel_all", function(client, id) return client.cancel_all({ id })[id].status end, "cancelled" },
    { "upload_file_chunked", function(client)
      return client.upload_file_chunked(upload_file.params("abcdef")).status
    end, "completed" },
    { "transfer:wait", function(client, id) return select(2, client.start.cancel(id):wait()).status end, "cancelled" },
  }
  for _, row in ipairs(calls) do
    it("keeps its coroutine: " .. row[1], function()
      local client, id = check.client(service, { loop = loop }), new_id()
      local status
      service.answer_next { { delay = 0.2 } }
      coroutine.wrap(function() status = row[2](client, id) end)()
      drive.till(client, function() return status end, drive.collect)
      assert.are.equal(row[3], status)
    end)
  end
end)
