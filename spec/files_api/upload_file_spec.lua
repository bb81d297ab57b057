-- SPDX-License-Identifier: MIT
-- upload_file: a file of any size, in one call or in parts; and confirm_lost.

local check = require "spec.support.check"
local drive = require "spec.support.drive"
local part_data = require "spec.support.part_data"
local with_service = require "spec.support.with_service"

local service = with_service.emulator()
local client

teardown(function() part_data.forget() end)
before_each(function() client = check.client(service, { max_retries = 0 }) end)

local small = { data = "hello", filename = "a.txt", purpose = "batch" }

local function with(params, more) return check.merged(params, more) end

-- The paths that were asked for.
local function paths()
  local list = {}
  for index, request in ipairs((service.requests())) do
    list[index] = request.uri:gsub("upload_%x+", "ID"):gsub("%?.*", "")
  end
  return list
end

local in_one_call = { "/v1/files" }
local in_parts = { "/v1/uploads", "/v1/uploads/ID/parts", "/v1/uploads/ID/complete" }

describe("upload_file", function()
  it("sends a small file in one call", function()
    local path = part_data.file("hello")
    local file = assert(client.upload_file { file = path, purpose = "batch", mime_type = "text/plain" })
    assert.are.same({ "file", 5, path:match "[^/]*$" }, { file.object, file.bytes, file.filename })
    assert.are.same(in_one_call, paths())
  end)

  it("sends a larger one in parts, and gives the File", function()
    local file = assert(client.upload_file(with(small, { single_call_bytes = 4 })))
    assert.are.same({ "file", 5, "a.txt" }, { file.object, file.bytes, file.filename })
    assert.are.same(in_parts, paths())
  end)

  it("takes 8 MiB for small", function()
    local mib = 1024 * 1024
    assert(client.upload_file { file = part_data.sparse_file(8 * mib), purpose = "batch" })
    assert.are.same(in_one_call, paths())
    assert(client.upload_file { file = part_data.sparse_file(8 * mib + 1), purpose = "batch", concurrency = 1 })
    assert.are.equal("/v1/uploads/ID/complete", paths()[4])
  end)

  for _, row in ipairs {
    { "md5", { md5 = "compute" } }, { "keep_on_failure", { keep_on_failure = true } },
    { "on_checkpoint", { on_checkpoint = function() end } }, { "single_call_bytes = 0", { single_call_bytes = 0 } },
    { "a function", { data = part_data.chunks("hello", 2), bytes = 5 } },
  } do
    it("sends in parts what has " .. row[1], function()
      local params = with(small, row[2])
      if type(params.data) == "table" then params.data = params.data.data end
      assert.are.equal(5, assert(client.upload_file(params)).bytes)
      assert.are.equal("/v1/uploads", paths()[1])
    end)
  end

  it("says when the File expires", function()
    local expires_after = { anchor = "created_at", seconds = 7200 }
    local file = assert(client.upload_file(with(small, { expires_after = expires_after })))
    assert.are.equal(7200, file.expires_at - file.created_at)
  end)

  it("reports progress", function()
    local last
    assert(client.upload_file(with(small, { on_progress = function(...) last = { ... } end })))
    assert.are.same({ 5, 5 }, last)
  end)

  it("ends with an error of on_progress, and has the File where there is one", function()
    local failure = check.failure("aborted", client.upload_file(with(small, { on_progress = function(sent)
      if sent == 5 and #service.files() == 1 then error("oh", 0) end
    end })))
    assert.are.same({ "the on_progress function raised an error: oh", service.files()[1].id },
      { failure.message, failure.file.id })
  end)

  it("cannot be waited for in its last on_progress, which would be for ever", function()
    local transfer
    service.answer_next { { call = "create_file", gate = true } }
    transfer = client.start.upload_file(with(small, { on_progress = function() transfer:wait() end }))
    service.open_gate()
    local failure = check.failure("aborted", select(2, transfer:wait()))
    check.holds("cannot be waited for inside a function that it calls", failure.message)
  end)

  it("is tried again for a while", function()
    client = check.client(service)
    local answers = {}
    for index = 1, 5 do answers[index] = { call = "create_file", status = 503 } end
    service.answer_next(answers)
    assert.are.equal(5, assert(client.upload_file(small)).bytes)
  end)

  it("can be begun, polled and aborted", function()
    service.answer_next { { call = "create_file", gate = true } }
    local transfer = client.start.upload_file(small)
    drive.till(client, function() return select(2, service.requests()) == 1 end)
    assert.is_false((transfer:poll()))
    transfer:abort()
    local failure = check.failure("aborted", drive.result(transfer))
    assert.is_true(failure.may_have_applied)
    service.open_gate()
  end)

  it("leaves no file open", function()
    local path = part_data.file("hello")
    local before = part_data.descriptors()
    assert(client.upload_file { file = path, purpose = "batch" })
    service.answer_next { { call = "create_file", status = 400 } }
    check.failure("bad_request", client.upload_file { file = path, purpose = "batch" })
    client.close()
    assert.is_true(part_data.descriptors() <= before)
  end)

  it("suspends its coroutine in a loop", function()
    client = check.client(service, { loop = { wait = function(own)
      coroutine.yield()
      own.step(0.01)
    end } })
    local file
    local waiting = coroutine.create(function() file = client.upload_file(small) end)
    local last = os.time() + 10
    while coroutine.status(waiting) ~= "dead" and os.time() < last do assert(coroutine.resume(waiting)) end
    assert.are.equal(5, file.bytes)
  end)

  for _, row in ipairs {
    { "no params", nil, "bad argument #1 to 'upload_file' (params must be a table, got nil)" },
    { "a typing error", { dat = "x" }, "unknown field 'params.dat' (did you mean 'data'?)" },
    { "a limit over 512 MiB", with(small, { single_call_bytes = 536870913 }),
      "params.single_call_bytes must be a whole number from 0 to 536870912, got 536870913" },
    { "no purpose", { data = "x", filename = "a" }, "bad argument #1 to 'upload_file' (params.purpose is missing)" },
  } do
    it("raises for " .. row[1], function()
      local fine, raised = pcall(client.upload_file, row[2])
      assert.is_false(fine)
      check.holds(row[3], raised)
    end)
  end
end)

describe("a lost answer", function()
  local lost = { close = true, apply = true }

  local function after(call, params)
    service.answer_next { check.merged(lost, { call = call }) }
    return select(2, client.upload_file(with(small, params)))
  end

  for _, row in ipairs { { "create_file", {} }, { "complete", { single_call_bytes = 0 } } } do
    local call, params = row[1], row[2]

    it("to " .. call .. " leaves it in doubt whether there is a File", function()
      local failure = after(call, params)
      assert.are.same({ "connection", true, true },
        { failure.kind, failure.may_have_applied, failure.may_be_completed })
      assert.is_nil(failure.file)
      check.holds("'a.txt' of purpose 'batch' in the service's list of Files", failure.aftermath)
    end)

    it("to " .. call .. " is looked up with confirm_lost", function()
      service.add_file("hello", "batch", "another.txt")
      service.add_file("hello there", "batch", "a.txt")
      local failure = after(call, with(params, { confirm_lost = true }))
      local files = service.files()
      assert.are.same({ files[3].id, true }, { failure.file.id, failure.may_have_applied })
      assert.are.equal("the File is there all the same: " .. files[3].id, failure.aftermath)
    end)

    it("to " .. call .. " that was not carried out is told with confirm_lost", function()
      service.answer_next { { call = call, close = true } }
      local failure = select(2, client.upload_file(with(small, with(params, { confirm_lost = true }))))
      assert.is_nil(failure.file)
      assert.are.same({ true, "the service lists no File 'a.txt' of 5 bytes so far" },
        { failure.no_file, failure.aftermath })
    end)

    it("to " .. call .. " stays in doubt where there is no list", function()
      service.answer_next { check.merged(lost, { call = call }), { call = "list_files", status = 403 } }
      local failure = select(2, client.upload_file(with(small, with(params, { confirm_lost = true }))))
      assert.is_nil(failure.file)
      assert.is_nil(failure.no_file)
      check.holds("; the list of Files could not be had: permission_denied", failure.aftermath)
    end)
  end

  it("is not looked up where nothing is in doubt", function()
    service.answer_next { { call = "create_file", status = 400 } }
    check.failure("bad_request", client.upload_file(with(small, { confirm_lost = true })))
    assert.are.equal(1, select(2, service.requests()))
  end)
end)
