-- SPDX-License-Identifier: MIT
-- files.wait_until_processed: until the service has processed a File, or says that it cannot.

local check = require "spec.support.check"
local drive = require "spec.support.drive"
local with_service = require "spec.support.with_service"

describe("files.wait_until_processed", function()
  local client, id
  local service = with_service.emulator()
  local quick = { interval = 0.001, max_interval = 0.001 }

  before_each(function()
    client = check.client(service, { max_retries = 0 })
    id = service.add_file("x", "batch").id
    service.change_file(id, { status = "uploaded" })
  end)

  local function with(options) return check.merged(quick, options) end

  local function asked() return select(2, service.requests()) - 1 end

  -- Begins a wait, and changes the File once it was asked for `count` times.
  local function changed_after(count, fields, options)
    local transfer = client.start.files.wait_until_processed(id, with(options or {}))
    drive.till(client, function() return asked() >= count end)
    service.change_file(id, fields)
    drive.till(client, function() return transfer:done() end)
    return drive.result(transfer)
  end

  it("returns the File at once where it is processed", function()
    service.change_file(id, { status = "processed" })
    local file = assert(client.files.wait_until_processed(id))
    assert.are.same({ id, "processed", 1 }, { file.id, file.status, asked() })
  end)

  it("asks until it is", function()
    local file = assert(changed_after(3, { status = "processed" }))
    assert.are.same({ id, "processed" }, { file.id, file.status })
    assert.is_true(asked() >= 4)
  end)

  it("ends with what the service says that is wrong", function()
    local _, failure = changed_after(1, { status = "error", status_details = "line 3 is no JSON" })
    assert.are.same({
      "processing", "the service could not process the File: line 3 is no JSON", "line 3 is no JSON", id,
    }, { failure.kind, failure.message, failure.status_details, failure.file.id })
    assert.is_false(failure.may_have_applied)
  end)

  it("ends where the service does not say what is wrong", function()
    local _, failure = changed_after(1, { status = "error" })
    assert.are.equal("the service could not process the File: it does not say why", failure.message)
  end)

  it("takes a File without a status for processed", function()
    service.answer_next { { call = "file", status = 200, body = { id = id, object = "file" } } }
    assert.are.equal(id, assert(client.files.wait_until_processed(id)).id)
  end)

  it("ends when the File is deleted", function()
    local transfer = client.start.files.wait_until_processed(id, quick)
    drive.till(client, function() return asked() >= 2 end)
    assert(client.files.delete(id))
    drive.till(client, function() return transfer:done() end)
    local failure = check.failure("not_found", drive.result(transfer))
    assert.are.equal(id, failure.file.id)
  end)

  it("ends at its deadline", function()
    local failure = check.failure("timeout", client.files.wait_until_processed(id, with { deadline = 0.5 }))
    assert.are.same({ "the File was not processed by the deadline of 0.5 s", "uploaded" },
      { failure.message, failure.file.status })
  end)

  it("waits between its questions for longer than the client's deadline, which is each question's", function()
    client = check.client(service, { max_retries = 0, deadline = 0.4 })
    local options = { interval = 0.5, max_interval = 0.5, deadline = 60 }
    assert.are.equal("processed", assert(changed_after(1, { status = "processed" }, options)).status)
  end)

  it("ends at a deadline that others share, too", function()
    local deadline = client.deadline(0.2)
    assert(client.files.retrieve(id, { deadline = deadline }))
    local failure = check.failure("timeout", client.files.wait_until_processed(id, with { deadline = deadline }))
    assert.are.equal("the File was not processed by the deadline of 0.2 s", failure.message)
    assert.is_true(deadline:left() < 0)
  end)

  it("names its deadline, too, where that passes during a question", function()
    service.answer_next { { call = "file", gate = true } }
    local failure = check.failure("timeout", client.files.wait_until_processed(id, with { deadline = 0.05 }))
    assert.are.equal("the File was not processed by the deadline of 0.05 s", failure.message)
  end)

  for _, status in ipairs { 500, 503, 429, 409 } do
    it("asks again after " .. status, function()
      service.answer_next { { call = "file", status = status }, { call = "file", close = true } }
      assert.are.equal("processed", assert(changed_after(3, { status = "processed" })).status)
    end)
  end

  it("ends with the last failure where it cannot ask again in time", function()
    service.answer_next { { call = "file", status = 429, headers = { ["retry-after"] = "3600" } } }
    local failure = check.failure("rate_limit", client.files.wait_until_processed(id, with { deadline = 60 }))
    assert.are.same({ 3600, 1 }, { failure.retry_after, asked() })
  end)

  it("waits as long as the service asks for", function()
    service.answer_next { { call = "file", status = 429, headers = { ["retry-after-ms"] = "80" } } }
    service.change_file(id, { status = "processed" })
    client = check.client(service, { max_retries = 0, max_retry_after = 0 })
    local _, _, response = client.files.wait_until_processed(id, with { with_response = true })
    assert.are.equal(200, response.status)
    local began = os.time()
    service.answer_next {
      { call = "file", status = 200, body = { id = id, object = "file", status = "uploaded" },
        headers = { ["retry-after"] = "3600" } },
    }
    check.failure("timeout", client.files.wait_until_processed(id, with { deadline = 0.05 }))
    assert.is_true(os.time() - began < 60)
    assert.are.equal(3, asked()) -- it did not ask a second time
  end)

  it("ends with any other failure", function()
    service.answer_next { { call = "file", status = 403 } }
    check.failure("permission_denied", client.files.wait_until_processed(id))
    assert.are.equal(1, asked())
  end)

  it("can be aborted", function()
    local transfer = client.start.files.wait_until_processed(id, { interval = 1000 })
    drive.till(client, function() return asked() == 1 end)
    assert.is_true(transfer:abort())
    check.failure("aborted", drive.result(transfer))
    assert.is_false(transfer:abort())
  end)

  it("tells its listener", function()
    local told
    client.start.files.wait_until_processed(id, quick):on_done(function(transfer) told = transfer end)
    service.change_file(id, { status = "processed" })
    drive.till(client, function() return told end)
    assert.are.equal("processed", drive.result(told).status)
  end)

  it("ends when its client is closed", function()
    local transfer = client.start.files.wait_until_processed(id, { interval = 1000 })
    drive.till(client, function() return asked() == 1 end)
    client.step()
    client.close()
    check.failure("aborted", drive.result(transfer))
  end)

  it("suspends its coroutine in a loop", function()
    local turns = 0
    client = check.client(service, { loop = { wait = function(own)
      turns = turns + 1
      coroutine.yield()
      own.step(0.01)
    end } })
    local result
    local waiting = coroutine.create(function() result = client.files.wait_until_processed(id, quick) end)
    local last = os.time() + 10
    while coroutine.status(waiting) ~= "dead" and os.time() < last do
      assert(coroutine.resume(waiting))
      if turns == 5 then service.change_file(id, { status = "processed" }) end
    end
    assert.are.equal("processed", result.status)
  end)

  for _, row in ipairs {
    { "a text as interval", { interval = "1" }, "bad option 'interval' (a number from 0.001 on expected, got 1)" },
    { "no time", { deadline = 0 }, "bad option 'deadline' (it must be at least 0.001, got 0)" },
    { "an unknown option", { intervall = 1 }, "unknown option 'intervall'" },
    { "a text as options", "x", "options must be a table, got string" },
    { "with_response as text", { with_response = "x" }, "bad option 'with_response' (boolean expected, got string)" },
  } do
    it("raises for " .. row[1], function()
      local fine, raised = pcall(client.files.wait_until_processed, id, row[2])
      assert.is_false(fine)
      check.holds(row[3], raised)
    end)
  end

  it("raises for what is no id", function()
    check.holds("file id is empty", select(2, pcall(client.files.wait_until_processed, "")))
  end)
end)
