-- SPDX-License-Identifier: MIT
-- confirm_lost: whether the File is there although the answer to the call that makes it was lost.

local check = require "spec.support.check"
local drive = require "spec.support.drive"
local part_data = require "spec.support.part_data"
local with_service = require "spec.support.with_service"

local service = with_service.emulator()
local client

teardown(function() part_data.forget() end)
before_each(function() client = check.client(service, { max_retries = 0 }) end)

local function lose(call, more)
  service.answer_next { check.merged({ call = call, close = true, apply = true }, more) }
end

-- Returns an Upload with all its parts, and the params to complete it.
local function pending()
  local upload = assert(client.create { filename = "a.txt", purpose = "batch", bytes = 5, mime_type = "text/plain" })
  local part = assert(client.parts.create(upload.id, { data = "hello" }))
  return upload, { part_ids = { part.id } }
end

-- The calls that make a File, each with a function that makes it with the option, or begins it.
local calls = {
  complete = function(starts, options)
    local upload, params = pending()
    local result, failure = starts.complete(upload.id, params, check.merged({ confirm_lost = upload }, options))
    return result, failure -- no tail call, which has no line in Lua 5.1
  end,
  create_file = function(starts, options)
    local params = { data = "hello", filename = "a.txt", purpose = "batch" }
    local result, failure = starts.files.create(params, check.merged({ confirm_lost = true }, options))
    return result, failure
  end,
}

local function count_lists()
  local count = 0
  for _, request in ipairs((service.requests())) do
    if request.uri:find("/files?", 1, true) then count = count + 1 end
  end
  return count
end

for call, make in pairs(calls) do
  describe("confirm_lost of " .. call, function()
    it("gives the File of a lost answer", function()
      service.add_file("hello", "batch", "another.txt")
      lose(call)
      local failure = select(2, make(client))
      local files = service.files()
      assert.are.same({ "connection", true, files[#files].id },
        { failure.kind, failure.may_have_applied, failure.file.id })
      assert.are.equal("a.txt", failure.file.filename)
    end)

    it("says that there is none", function()
      lose(call, { apply = false })
      local failure = select(2, make(client))
      assert.are.same({ true, "the service lists no File 'a.txt' of 5 bytes so far" },
        { failure.no_file, failure.aftermath })
    end)

    it("leaves the doubt where there is no list", function()
      lose(call)
      service.answer_next { { call = call, close = true, apply = true }, { call = "list_files", status = 403 } }
      local failure = select(2, make(client))
      assert.are.same({ true }, { failure.may_have_applied, failure.file, failure.no_file })
      check.holds("; the list of Files could not be had: permission_denied", failure.aftermath)
    end)

    it("asks for no list where nothing is in doubt", function()
      service.answer_next { { call = call, status = 400 } }
      check.failure("bad_request", make(client))
      assert.is_truthy(make(client))
      assert.are.equal(0, count_lists())
    end)

    it("asks with the headers and the query of the call", function()
      lose(call)
      make(client, { query = { version = "2" }, deadline = 60 })
      local requests = service.requests()
      check.holds("version=2", requests[#requests].uri)
    end)

    it("can be begun and polled", function()
      lose(call)
      local transfer = make(client.start)
      transfer:wait()
      local failure = check.failure("connection", drive.result(transfer))
      assert.are.equal("a.txt", failure.file.filename)
    end)

    it("keeps the doubt when it is aborted during the list", function()
      service.answer_next { { call = call, close = true, apply = true }, { call = "list_files", gate = true } }
      local transfer = make(client.start)
      drive.till(client, function() return count_lists() == 1 end)
      transfer:abort()
      service.open_gate()
      local failure = check.failure("connection", drive.result(transfer))
      assert.is_true(failure.may_have_applied)
      check.holds("the File may be there: look for 'a.txt'", failure.aftermath)
    end)

    it("that is false is left out", function()
      assert.are.equal(call == "complete" and "upload" or "file", assert(make(client, { confirm_lost = false })).object)
    end)

    it("suspends its coroutine in a loop", function()
      client = check.client(service, { max_retries = 0, loop = { wait = function(own)
        coroutine.yield()
        own.step(0.01)
      end } })
      local failure
      local waiting = coroutine.create(function()
        lose(call)
        failure = select(2, make(client))
      end)
      local last = os.time() + 10
      while coroutine.status(waiting) ~= "dead" and os.time() < last do assert(coroutine.resume(waiting)) end
      assert.are.equal("a.txt", failure.file.filename)
    end)
  end)
end

describe("confirm_lost", function()
  local function create(params)
    lose "create_file"
    return select(2, client.files.create(params, { confirm_lost = true })).file
  end

  it("knows the size of a path, a piece and a function", function()
    local path = part_data.file("hello")
    assert.are.equal(path:match "[^/]*$", create { file = path, purpose = "batch" }.filename)
    assert.are.equal(3, create { file = path, purpose = "batch", filename = "b", length = 3 }.bytes)
    assert.are.equal(5, create { data = (part_data.chunks("hello", 2)), purpose = "batch", filename = "b" }.bytes)
  end)

  it("takes no older File for the one in doubt", function()
    service.advance_clock(-3600)
    service.add_file("hello", "batch", "a.txt")
    service.advance_clock(3600)
    lose("create_file", { apply = false })
    assert.is_true(select(2, calls.create_file(client)).no_file)
  end)

  it("lets with_upload cancel nothing that may be complete", function()
    local failure
    client.with_upload({ filename = "a.txt", purpose = "batch", bytes = 5, mime_type = "text/plain" }, function(upload)
      local part = assert(client.parts.create(upload.id, { data = "hello" }))
      lose "complete"
      failure = select(2, client.complete(upload.id, { part_ids = { part.id } }, { confirm_lost = upload }))
    end)
    assert.are.equal("a.txt", failure.file.filename)
    local requests = service.requests()
    check.holds("/v1/files?", requests[#requests].uri)
  end)

  -- Between a lost answer and the list, other programs make Files: enough to fill a page, as far as the client knows.
  local function list_grows()
    local newer = service.add_file("x", "batch", "newer.txt")
    service.answer_next { { call = "complete", close = true }, { call = "list_files", status = 200,
      body = { object = "list", data = { newer }, first_id = newer.id, last_id = newer.id, has_more = true } } }
  end

  for _, row in ipairs {
    { "complete", calls.complete },
    { "upload_file", function(_, options)
      return client.upload_file({ data = "hello", filename = "a.txt", purpose = "batch", single_call_bytes = 0,
        confirm_lost = true }, options)
    end },
  } do
    it("of " .. row[1] .. " looks further where the list changes meanwhile", function()
      lose "complete"
      local failure = select(2, row[2](client, { max_retries = 1, on_retry = list_grows }))
      assert.are.equal("a.txt", failure.file.filename)
      assert.are.equal(2, count_lists())
    end)
  end

  for _, row in ipairs {
    { "no Upload", "complete", true, "its filename is missing" },
    { "an Upload without its size", "complete", { filename = "a", purpose = "batch", created_at = 1 },
      "its bytes is missing" },
    { "a word", "create_file", "yes", "bad option 'confirm_lost' (boolean expected, got string)" },
  } do
    it("raises at the caller's line for " .. row[1], function()
      for _, starts in ipairs { client, client.start } do
        local fine, raised = pcall(function()
          local result = calls[row[2]](starts, { confirm_lost = row[3] })
          return result
        end)
        assert.is_false(fine)
        check.holds("confirm_lost_spec.lua:", raised)
        check.holds(row[4], raised)
      end
    end)
  end

  it("is no option of other calls", function()
    local fine, raised = pcall(client.cancel, "upload_1", { confirm_lost = true })
    assert.is_false(fine)
    check.holds("unknown option 'confirm_lost'", raised)
  end)
end)
