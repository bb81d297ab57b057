-- SPDX-License-Identifier: MIT
-- md5 = "compute" of upload_file_chunked, with a digest that takes its time, fails, or never comes: one in Lua, in the
-- place of the core's.

local check = require "spec.support.check"
local core = require "openai_uploads.core"
local drive = require "spec.support.drive"
local signal = require "spec.support.signal"
local upload_file = require "spec.support.upload_file"
local with_service = require "spec.support.with_service"

local digests
local letters = "abcdefghij"
local real = core.digest

local service = with_service.emulator()

-- The digests that are made then: each { of, looks, is_closed, ended: to be raised when it ends }.
local function with_digest(wait)
  digests = {}
  core.digest = function(of)
    local digest = { of = of, looks = 0, ended = signal.new() }
    function digest:descriptor() return self.ended:descriptor() end
    function digest:wait(seconds)
      assert.are.equal(0, seconds)
      assert.is_nil(self.is_closed)
      self.looks = self.looks + 1
      return wait(self)
    end
    function digest:close()
      if not self.is_closed then self.ended:close() end
      self.is_closed = true
    end
    digests[#digests + 1] = digest
    return digest
  end
end

after_each(function()
  core.digest = real
  upload_file.remove_all()
end)

local function never() end
local params

local function start(client, more, options)
  params = upload_file.params(letters, check.merged({ md5 = "compute" }, more or {}))
  return client.start.upload_file_chunked(params, options)
end

-- A job that has sent all, and waits for its digest.
local function waiting_job(client, more, options)
  with_digest(never)
  local job = start(client, more, options)
  drive.till(client, function() return digests[1].looks > 0 end)
  assert.are.equal(5, upload_file.counts(service).parts)
  return job
end

local function check_end(kind, job)
  local failure = check.failure(kind, drive.result(job))
  assert.are.same({ true, false, nil }, { failure.cancelled, failure.may_have_applied, failure.part_number })
  assert.is_true(digests[1].is_closed)
  assert.are.same({ "cancelled", 0 }, { upload_file.only_upload(service).status, upload_file.counts(service).complete })
  return failure
end

describe("a digest", function()
  it("that takes longer than the sending is waited for, and wakes the client when it ends", function()
    upload_file.with_client(service, {}, function(client)
      local has_ended
      with_digest(function() return has_ended and upload_file.md5(letters) or nil end)
      local job = start(client)
      drive.till(client, function() return digests[1].looks == 1 end)
      for _ = 1, 20 do assert.are.equal(1, client.step(0.01)) end
      assert.are.same({ 1, nil }, { digests[1].looks, client.timeout() })
      has_ended = true
      digests[1].ended:raise()
      assert.are.equal("completed", select(2, job:wait(10)).status)
      assert.are.same({ 2, true }, { digests[1].looks, digests[1].is_closed })
    end)
  end)

  it("is of the file, or of the data", function()
    upload_file.with_client(service, {}, function(client)
      with_digest(function() return upload_file.md5(letters) end)
      start(client):wait()
      assert.are.equal("userdata", type(digests[1].of))
      start(client, { data = letters, filename = "a.txt" }):wait()
      assert.are.equal(letters, digests[2].of)
    end)
  end)

  it("that fails ends all, and the Upload is cancelled", function()
    upload_file.with_client(service, {}, function(client)
      with_digest(function() return nil, core.failure("file", "the file cannot be read") end)
      local job = start(client)
      job:wait()
      check.holds("the file cannot be read; ", tostring(check_end("file", job)))
    end)
  end)

  it("that cannot begin ends all before anything is sent", function()
    core.digest = function() return nil, core.failure("file", "no thread") end
    upload_file.with_client(service, {}, function(client)
      local job = start(client)
      local failure = check.failure("file", select(2, job:wait()))
      assert.are.same({ "no thread", nil, nil }, { failure.message, failure.upload_id, failure.cancelled })
    end)
    check.nothing_sent(service)
  end)

  it("that is waited for can be aborted", function()
    upload_file.with_client(service, {}, function(client)
      local job = waiting_job(client)
      assert.are.same({ 10, 10 }, { job:progress() })
      assert.is_true(job:abort())
      job:wait()
      check_end("aborted", job)
      assert.are.equal(0, client.step())
    end)
  end)

  it("that is waited for ends with its client", function()
    upload_file.with_client(service, {}, function(client)
      local job = waiting_job(client)
      client.close()
      job:wait(5)
      check_end("aborted", job)
    end)
  end)

  it("that is waited for ends with its deadline", function()
    upload_file.with_client(service, {}, function(client)
      local job = waiting_job(client, {}, { deadline = 0.6 })
      job:wait(10)
      check.holds("the deadline of 0.6 s", check_end("timeout", job).message)
    end)
  end)

  it("that is waited for ends with a file that changes", function()
    upload_file.with_client(service, {}, function(client)
      local job = waiting_job(client)
      upload_file.overwrite(params.file, "k", "ab")
      digests[1].ended:raise()
      job:wait(10)
      check.holds(params.file .. " has changed meanwhile", check_end("file", job).message)
    end)
  end)

  it("that is waited for ends when its job is dropped", function()
    upload_file.with_client(service, {}, function(client)
      waiting_job(client)
      digests = nil
      drive.collect()
      drive.collect()
      drive.all(client)
    end)
    assert.are.equal("cancelled", upload_file.only_upload(service).status)
  end)

  it("is closed when something else fails", function()
    upload_file.with_client(service, {}, function(client)
      with_digest(never)
      service.answer_next { { call = "parts", status = 400 } }
      local failure = check.failure("bad_request", select(2, start(client):wait(10)))
      assert.are.same({ true, true }, { failure.cancelled, digests[1].is_closed })
    end)
  end)
end)
