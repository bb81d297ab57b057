-- SPDX-License-Identifier: MIT
-- A line that is away for a while: a file's parts and its completion are tried again for longer than other calls.

local check = require "spec.support.check"
local drive = require "spec.support.drive"
local held_server = require "spec.support.held_server"
local upload_file = require "spec.support.upload_file"

local MAX_RETRIES = 2 -- the default

local upload = '{"id":"upload_new","object":"upload","bytes":4,"status":"%s"%s}'
local answers = {
  uploads = upload:format("pending", ""),
  parts = '{"id":"part_1","object":"upload.part","upload_id":"upload_new"}',
  complete = upload:format("completed", ',"file":{"id":"file_1","object":"file","bytes":4}'),
  cancel = upload:format("cancelled", ""),
}

describe("while nobody listens any more,", function()
  local server, client, retries, last_wait

  before_each(function()
    server, retries, last_wait = held_server.start(), 0, nil
  end)

  after_each(function()
    client.close()
    server.stop()
    upload_file.remove_all()
  end)

  local function start(settings, options)
    client = check.client(server, settings)
    return client.start.upload_file_chunked(upload_file.params("abcd"), check.merged({
      on_retry = function(info) retries, last_wait = retries + 1, info.wait end,
    }, options or {}))
  end

  local function answer_one(status, headers)
    local name = server.waiting().path:match "[^/]*$"
    server.answer(status, status and '{"error":{"message":"no"}}' or answers[name], headers)
  end

  -- Lets the service answer until it is asked for this.
  local function serve_until(path, answered)
    local count = 0
    drive.till(client, function()
      if server.look() == 0 then return false end
      if server.waiting().path:find(path .. "$") then count = count + 1 end
      if count > answered then return true end
      answer_one()
    end)
  end

  local function serve_all(job)
    drive.till(client, function()
      if server.look() > 0 then answer_one() end
      return job:done()
    end)
    return drive.result(job)
  end

  -- The line goes away under a request that has come, and comes back when that was tried again so many times.
  local function be_away(count)
    server.stop()
    drive.till(client, function() return retries >= count end)
    server = held_server.start(server.port)
  end

  for _, row in ipairs { { "parts", 1 }, { "complete", 0 } } do
    it(("%s of a file are tried again until it is back, and all goes well"):format(row[1]), function()
      local job = start()
      serve_until("/" .. row[1], row[2])
      be_away(MAX_RETRIES + 2)
      assert.are.equal("completed", assert(serve_all(job)).status)
    end)
  end

  it("it ends when patience does", function()
    local job = start({}, { patience = 0.2 })
    serve_until("/parts", 1)
    server.stop()
    drive.till(client, function() return job:done() end)
    assert.is_true(check.failure("connection", drive.result(job)).attempts > MAX_RETRIES)
  end)

  for _, row in ipairs {
    { "the client's max_retries", { max_retries = 3 }, {}, 3 },
    { "the call's max_retries", {}, { max_retries = 0 }, 0 },
    { "the client's patience", { patience = 0 }, {}, MAX_RETRIES },
    { "the call's patience", {}, { patience = 0 }, MAX_RETRIES },
  } do
    it(row[1] .. " is what counts where it is set", function()
      local job = start(row[2], row[3])
      serve_until("/parts", 1)
      server.stop()
      drive.till(client, function() return job:done() end)
      assert.are.equal(row[4] + 1, check.failure("connection", drive.result(job)).attempts)
    end)
  end

  it("the deadline bounds it", function()
    local job = start({}, { deadline = 0.4, retry_delay = 0.08 })
    serve_until("/parts", 1)
    server.stop()
    drive.till(client, function() return job:done() end)
    assert.are.equal(2, check.failure("connection", drive.result(job)).part_number)
  end)

  it("a creation is not waited for so long", function()
    server.stop()
    local job = start()
    drive.till(client, function() return job:done() end)
    assert.are.equal(MAX_RETRIES + 1, check.failure("connection", drive.result(job)).attempts)
  end)

  it("a refusal that comes then is final at once", function()
    local job = start()
    serve_until("/parts", 1)
    be_away(MAX_RETRIES + 1)
    serve_until("/parts", 0)
    answer_one(404)
    serve_all(job)
    assert.are.equal(2, check.failure("not_found", drive.result(job)).part_number)
  end)

  it("the wait that the service then asks for is kept", function()
    local job = start()
    serve_until("/parts", 1)
    be_away(MAX_RETRIES + 1)
    serve_until("/parts", 0)
    local before = retries
    answer_one(429, { ["Retry-After"] = "0.6" })
    drive.till(client, function() return retries > before end)
    assert.is_true(math.abs(last_wait - 0.6) < 1e-9, last_wait)
    assert.are.equal("completed", assert(serve_all(job)).status)
  end)
end)

describe("how long an attempt may take", function()
  local without_other_limits = { connect_timeout = 2000 } -- libcurl keeps that time even when it is connected
  local SECONDS_OF_LIBCURL = 1 -- its own short times have passed when a step is not due for longer
  local server, client

  before_each(function() server = held_server.start() end)

  after_each(function()
    client.close()
    server.stop()
  end)

  -- Seconds until the client would give up on a call that waits for its answer.
  local function patience_with(name, settings, options)
    client = check.client(server, check.merged(without_other_limits, settings))
    local transfer = name == "complete" and client.start.complete("upload_1", { part_ids = { "part_1" } }, options)
      or client.start.cancel("upload_1", options)
    drive.till(client, function() return server.look() > 0 and client.timeout() > SECONDS_OF_LIBCURL end)
    assert.is_false(transfer:done())
    return client.timeout()
  end

  for _, row in ipairs {
    { "cancel", {}, {}, 50, 60 }, { "complete", {}, {}, 590, 600 },
    { "complete", { timeout = 60 }, {}, 50, 60 }, { "complete", {}, { timeout = 60 }, 50, 60 },
    { "complete", { timeout = 30 }, { timeout = 90 }, 80, 90 }, { "cancel", { timeout = 600 }, {}, 590, 600 },
    { "complete", {}, { deadline = 100 }, 90, 100 },
  } do
    it(("is %d s for %s, by what the client and the call say"):format(row[5], row[1]), function()
      local left = patience_with(row[1], row[2], row[3])
      assert.is_true(left > row[4] and left <= row[5], left)
    end)
  end

  it("is 600 s for the completion of a whole file", function()
    client = check.client(server, without_other_limits)
    local job = client.start.upload_file_chunked { data = "abcd", filename = "a.txt", purpose = "batch" }
    drive.till(client, function()
      if server.look() == 0 then return false end
      local name = server.waiting().path:match "[^/]*$"
      if name == "complete" then return client.timeout() > SECONDS_OF_LIBCURL end
      server.answer(200, answers[name])
    end)
    assert.is_false(job:done())
    local left = client.timeout()
    assert.is_true(left > 590 and left <= 600, left)
  end)
end)
