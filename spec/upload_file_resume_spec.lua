-- SPDX-License-Identifier: MIT
-- An Upload that is kept, and taken up again: only what is missing is sent.

local check = require "spec.support.check"
local cjson = require "cjson.safe"
local drive = require "spec.support.drive"
local emulator = require "spec.support.emulator"
local script = require "spec.support.script"
local upload_file = require "spec.support.upload_file"

local service, client
local letters = "abcdefghij"

setup(function() service = emulator.start() end)
teardown(function() service.stop() end)

before_each(function()
  service.reset()
  client = check.client(service)
end)

after_each(function()
  client.close()
  upload_file.remove_all()
end)

-- As a program would that writes it to a file and reads it in another process.
local function through_json(saved) return cjson.decode((assert(cjson.encode(saved)))) end

-- What is saved of a file whose sending came to a failure: the path, and the table.
local function interrupted(answers, more, options)
  local path = upload_file.write(letters)
  service.answer_next(answers)
  local _, failure = client.upload_file_chunked(
    upload_file.params(nil, check.merged({ file = path, keep_on_failure = true }, more or {})), options)
  assert.are.equal(failure.upload_id .. " is kept", failure.aftermath)
  assert.is_nil(failure.cancelled)
  check.holds("; " .. failure.upload_id .. " is kept", tostring(failure))
  assert.are.equal("pending", upload_file.only_upload(service).status)
  return path, through_json(failure.resume), failure
end

local function numbers_of(saved)
  local numbers = {}
  for index, part in ipairs(saved.parts) do numbers[index] = ("%d"):format(part.number) end
  return table.concat(numbers, " ")
end

local function resume(path, saved, more, options)
  return client.upload_file_chunked(check.merged(
    { file = path, purpose = "fine-tune", concurrency = 1, resume = saved, md5 = upload_file.md5(letters) },
    more or {}), options)
end

local refused = { call = "parts", status = 400 }
local late = { call = "parts", delay = 0.2 }
local fine = { call = "parts" }

describe("an Upload that is kept", function()
  for _, row in ipairs {
    { "at once", { refused }, "", 5 },
    { "after two parts", { fine, fine, refused }, "1 2", 3 },
    { "after parts that are not the first", { late, fine, refused }, "2", 4, { concurrency = 2 } },
    { "after all parts", { { call = "complete", status = 400 } }, "1 2 3 4 5", 0 },
    { "for want of an answer", { fine, { call = "parts", close = true, apply = true } }, "1", 4,
      options = { max_retries = 0 } },
    { "at the end of its deadline", { fine, { call = "parts", delay = 1 } }, "1", 4, options = { deadline = 0.3 } },
  } do
    it(row[1] .. " is completed by sending what is missing", function()
      local path, saved, failure = interrupted(row[2], row[5], row.options)
      assert.are.equal(row[3], numbers_of(saved))
      assert.are.same({ failure.upload_id, 10, 2, "string" },
        { saved.upload_id, saved.bytes, saved.part_size, type(saved.modified) })
      local before = upload_file.counts(service)
      local progress = {}
      local upload = assert(resume(path, saved, { on_progress = function(sent) progress[#progress + 1] = sent end }))
      assert.are.same({ saved.upload_id, "completed" }, { upload.id, upload.status })
      local after = upload_file.counts(service)
      assert.are.same({ 1, row[4], 0 },
        { after.create, after.parts - before.parts, after.cancel })
      assert.are.same({ 10 - 2 * row[4], 10 }, { progress[1], progress[#progress] })
    end)
  end

  it("may fail again, and again", function()
    local path, saved = interrupted { fine, refused }
    for turn = 2, 4 do
      service.answer_next { fine, refused }
      local failure = check.failure("bad_request", resume(path, saved, { keep_on_failure = true }))
      saved = through_json(failure.resume)
      assert.are.equal(turn, #saved.parts)
    end
    assert.are.equal("completed", assert(resume(path, saved)).status)
    assert.are.equal(5 + 4, upload_file.counts(service).parts)
  end)

  it("is cancelled when it fails without being kept", function()
    local path, saved = interrupted { fine, refused }
    service.answer_next { refused }
    local failure = check.failure("bad_request", resume(path, saved))
    assert.are.same({ true, saved.upload_id, nil, 2 },
      { failure.cancelled, failure.upload_id, failure.resume, failure.part_number })
    assert.are.equal("cancelled", upload_file.only_upload(service).status)
  end)

  it("may have expired, which is a clear failure", function()
    local path, saved = interrupted { fine, refused }
    service.advance_clock(3601)
    local failure = check.failure("gone", resume(path, saved))
    assert.are.same({ false, saved.upload_id .. " has expired" }, { failure.cancelled, failure.aftermath })
  end)

  it("is not said to be kept when it has expired", function()
    local path, saved = interrupted { fine, refused }
    service.advance_clock(3601)
    local failure = check.failure("gone", resume(path, saved, { keep_on_failure = true }))
    assert.are.same({ nil, nil, saved.upload_id .. " has expired" },
      { failure.cancelled, failure.resume, failure.aftermath })
  end)

  it("goes on from another path, and with another number at a time", function()
    local path, saved = interrupted { fine, refused }
    local moved = upload_file.path "csv"
    os.rename(path, moved)
    assert.are.equal("completed", assert(resume(moved, saved, { concurrency = 4, part_size = 2 })).status)
  end)

  it("may be of data", function()
    local params = { data = letters, filename = "a.jsonl", purpose = "batch", part_size = 3, keep_on_failure = true }
    service.answer_next { fine, refused }
    params.concurrency = 1
    local _, failure = client.upload_file_chunked(params)
    params.resume, params.md5 = through_json(failure.resume), upload_file.md5(letters)
    assert.are.equal("completed", assert(client.upload_file_chunked(params)).status)
    assert.are.equal(2 + 3, upload_file.counts(service).parts)
  end)

  it("is left alone when the data have another size", function()
    local params = upload_file.params(nil, { data = letters, filename = "a.jsonl", keep_on_failure = true })
    service.answer_next { fine, refused }
    local _, failure = client.upload_file_chunked(params)
    params.data, params.resume, params.keep_on_failure = letters .. "k", failure.resume, nil
    failure = check.failure("file", client.upload_file_chunked(params))
    check.holds("cannot be resumed: it had 10 bytes, and has 11", failure.message)
    assert.are.equal("pending", upload_file.only_upload(service).status)
  end)

  for name, change in pairs {
    ["another size"] = function(path) upload_file.overwrite(path, "k", "ab") end,
    ["another time of change"] = function(path) upload_file.run(("touch -d '2001-02-03' '%s'"):format(path)) end,
  } do
    it(("is left alone when the file has %s"):format(name), function()
      local path, saved = interrupted { fine, refused }
      local before = select(2, service.requests())
      change(path)
      upload_file.with_client(service, {}, function()
        local failure = check.failure("file", resume(path, saved))
        check.holds("cannot be resumed: it ", failure.message)
      end)
      drive.collect()
      drive.all(client)
      assert.are.same({ before, "pending" }, { select(2, service.requests()), upload_file.only_upload(service).status })
    end)
  end

  it("is left alone by misuse, and raises at the caller's line", function()
    local path, saved = interrupted { fine, refused }
    local before = select(2, service.requests())
    for _, start in ipairs { client.upload_file_chunked, client.start.upload_file_chunked } do
      local succeeded, message = pcall(function()
        start({ file = path, purpose = "batch", resume = saved }, { time_out = 1 })
      end)
      assert.is_false(succeeded)
      check.holds("upload_file_resume_spec.lua:" .. debug.getinfo(1, "l").currentline - 3, message)
      check.holds("did you mean 'timeout'?", message)
    end
    drive.collect()
    drive.collect()
    drive.all(client)
    assert.are.same({ before, "pending" }, { select(2, service.requests()), upload_file.only_upload(service).status })
  end)

  it("is cancelled when on_progress raises, be that at once", function()
    local path, saved = interrupted { fine, refused }
    local failure = check.failure("aborted", resume(path, saved, { on_progress = function() error("oh dear", 0) end }))
    check.holds("the on_progress function raised an error: oh dear", failure.message)
    assert.are.same({ true, "cancelled" }, { failure.cancelled, upload_file.only_upload(service).status })
  end)

  it("is cancelled when its job is dropped", function()
    local path, saved = interrupted { fine, refused }
    service.answer_next { { call = "parts", delay = 0.3 } }
    client.start.upload_file_chunked { file = path, purpose = "batch", resume = saved }
    drive.collect()
    drive.collect()
    drive.all(client)
    assert.are.equal("cancelled", upload_file.only_upload(service).status)
  end)
end)

describe("on_checkpoint", function()
  it("is given what is there to resume, after the creation and after each part", function()
    local saved = {}
    assert(client.upload_file_chunked(upload_file.params(letters, {
      on_checkpoint = function(checkpoint) saved[#saved + 1] = through_json(checkpoint) end,
    })))
    local upload = upload_file.only_upload(service)
    for index, checkpoint in ipairs(saved) do
      assert.are.same({ upload.id, index - 1 }, { checkpoint.upload_id, #checkpoint.parts })
    end
    assert.are.equal(6, #saved)
    for index, part in ipairs(saved[6].parts) do
      assert.are.same({ index, upload.parts[index].id }, { part.number, part.id })
    end
  end)

  -- The killed one stands still in its third checkpoint, with parts on their way.
  it("lets a program that was killed go on in another process, sending what is missing", function()
    local path, checkpoint = upload_file.write(letters), upload_file.path "json"
    local environment = { OPENAI_BASE_URL = service.base_url, OPENAI_API_KEY = check.key, FILE = path,
      CHECKPOINT = checkpoint }
    local child = script.start([[
      io.stdout:setvbuf "line"
      print "begun"
      local cjson = require "cjson.safe"
      require("openai_uploads").upload_file_chunked {
        file = os.getenv "FILE", purpose = "batch", part_size = 1, concurrency = 3,
        on_checkpoint = function(resume)
          local file = assert(io.open(os.getenv "CHECKPOINT", "w"))
          file:write(cjson.encode(resume))
          file:close()
          if #resume.parts < 2 then return end
          print "saved"
          while true do end
        end,
      }
    ]], environment)
    assert.are.equal("saved", child.read_line())
    upload_file.run(("kill -KILL $(ps -o pid= --ppid %d)"):format(child.pid))
    child.finish()
    local file = assert(io.open(checkpoint))
    local before, saved = upload_file.counts(service), cjson.decode(file:read("*a"))
    file:close()
    assert.are.equal(2, #saved.parts)
    local result = script.run([[
      local cjson = require "cjson.safe"
      local upload, failure = require("openai_uploads").upload_file_chunked {
        file = os.getenv "FILE", purpose = "batch", md5 = "compute",
        resume = cjson.decode(io.open(os.getenv "CHECKPOINT"):read("*a")),
      }
      print(upload and upload.status or failure)
    ]], environment)
    assert.are.same({ "completed\n", "" }, { result.stdout, result.stderr })
    local after = upload_file.counts(service)
    assert.are.same({ 1, 8, 1, 0 }, { after.create, after.parts - before.parts, after.complete, after.cancel })
  end)
end)
