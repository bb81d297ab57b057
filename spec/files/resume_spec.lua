-- SPDX-License-Identifier: MIT
-- An Upload that is kept, and taken up again: only what is missing is sent.

local check = require "spec.support.check"
local cjson = require "cjson.safe"
local drive = require "spec.support.drive"
local openai_uploads = require "openai_uploads"
local script = require "spec.support.script"
local upload_file = require "spec.support.upload_file"
local with_service = require "spec.support.with_service"

local client
local letters = "abcdefghij"

local service = with_service.emulator()
before_each(function() client = check.client(service) end)

after_each(upload_file.remove_all)

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

-- A deadline that has passed.
local past = openai_uploads.deadline(0.001)
repeat until past:left() < 0

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
      assert.are.same({ failure.upload_id, 10, 2, path:match "[^/]*$", "fine-tune", "text/jsonl" },
        { saved.upload_id, saved.bytes, saved.part_size, saved.filename, saved.purpose, saved.mime_type })
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
    assert.are.equal("completed",
      assert(resume(moved, saved, { filename = path:match "[^/]*$", concurrency = 4, part_size = 2 })).status)
  end)

  it("goes on when its file was only touched, or copied", function()
    for _, command in ipairs { "touch -d '2001-02-03' '%s'", "cp '%s' %s; mv %s '%s'" } do
      service.reset()
      local path, saved = interrupted { fine, refused }
      local copy = upload_file.path()
      upload_file.run(command:format(path, copy, copy, path))
      assert.are.equal("completed", assert(resume(path, saved)).status)
    end
  end)

  it("goes on with the type that it was created with, where none is given", function()
    local path, saved = interrupted({ fine, refused }, { mime_type = "a/b" })
    assert.are.equal("completed", assert(resume(path, saved)).status)
  end)

  it("sends an MD5 of the whole, for the service to compare", function()
    local path, saved = interrupted { fine, fine, refused }
    assert(client.upload_file_chunked { file = path, purpose = "fine-tune", resume = saved })
    local _, count = service.requests()
    local body = cjson.decode(service.requests()[count].body)
    assert.are.equal(upload_file.md5(letters), body.md5)
  end)

  -- It must come to a failure that says `says`, with nothing sent and the Upload as it was.
  local function check_left_alone(says, params)
    local before = select(2, service.requests())
    upload_file.with_client(service, {}, function(other)
      for _, keep in ipairs { true, false } do
        params.keep_on_failure = keep
        local failure = check.failure("file", other.upload_file_chunked(params))
        check.holds(" cannot be resumed: ", failure.message)
        check.holds(says, failure.message)
        assert.are.same({ [4] = true },
          { failure.resume, failure.cancelled, failure.aftermath, failure.refused_resume })
      end
      drive.collect()
      drive.all(other)
    end)
    assert.are.same({ before, "pending" }, { select(2, service.requests()), upload_file.only_upload(service).status })
  end

  local day = { anchor = "created_at", seconds = 86400 }

  -- What it was created with beside the usual, what is given now, and what the failure says.
  for name, row in pairs {
    ["another purpose"] = { {}, { purpose = "batch" },
      "its purpose was 'fine-tune', and is now 'batch'; give the former to go on, or start over" },
    ["another name"] = { { filename = "a.jsonl" }, { filename = "b.jsonl" },
      "its filename was 'a.jsonl', and is now 'b.jsonl'" },
    ["another type"] = { {}, { mime_type = "a/b" }, "its mime_type was 'text/jsonl', and is now 'a/b'" },
    ["an expiry"] = { {}, { expires_after = day },
      "its expires_after was none, and is now { anchor = 'created_at', seconds = 86400 }" },
    ["no expiry"] = { { expires_after = day }, {}, "seconds = 86400 }, and is now none" },
    ["another expiry"] = { { expires_after = day }, { expires_after = { anchor = "created_at", seconds = 3600 } },
      "seconds = 86400 }, and is now { anchor = 'created_at', seconds = 3600 }" },
  } do
    it("is left alone where there is now " .. name, function()
      local path, saved = interrupted({ fine, refused }, row[1])
      check_left_alone(row[3], check.merged({ file = path, purpose = "fine-tune", resume = saved }, row[2]))
    end)
  end

  it("is left alone where there is another size", function()
    local path, saved = interrupted { fine, refused }
    upload_file.overwrite(path, "k", "ab")
    check_left_alone("it had 10 bytes, and has 11; start over", { file = path, purpose = "fine-tune", resume = saved })
  end)

  local function touched_back(path, contents)
    upload_file.run(("touch -r '%s' '%s.time'"):format(path, path))
    upload_file.overwrite(path, contents)
    upload_file.run(("touch -r '%s.time' '%s'; rm '%s.time'"):format(path, path, path))
  end

  -- Parts of two bytes, of which so many were sent; what the file holds then, and which part shows it.
  for name, row in pairs {
    ["the first byte"] = { { fine, refused }, "Abcdefghij", "part 1, 2 bytes from 0 on, was sent with the MD5 " },
    ["the last byte sent"] = { { fine, fine, refused }, "abcDefghij", "part 2, 2 bytes from 2 on, " },
    ["a part behind one that is missing"] = { { late, fine, refused }, "abcDefghij", "part 2, 2 bytes from 2 on, ",
      { concurrency = 2 } },
    ["all, and all was sent"] = { { { call = "complete", status = 400 } }, "ABCDEFGHIJ", "part 1, " },
  } do
    it("is left alone where the file has the same size and time, and another content: " .. name, function()
      local path, saved = interrupted(row[1], row[4])
      touched_back(path, row[2])
      check_left_alone(row[3], { file = path, purpose = "fine-tune", resume = saved })
    end)
  end

  it("takes what was not sent before from the file as it is now", function()
    local path, saved = interrupted { fine, fine, refused }
    touched_back(path, "abcdEFGHIJ")
    assert.are.equal("completed", assert(resume(path, saved, { md5 = "compute" })).status)
  end)

  describe("of data", function()
    local function data_of(text, more)
      return check.merged({ data = text, filename = "a.jsonl", purpose = "batch", part_size = 3, concurrency = 1 },
        more or {})
    end

    local function saved_data()
      service.answer_next { fine, refused }
      local _, failure = client.upload_file_chunked(data_of(letters, { keep_on_failure = true }))
      return through_json(failure.resume)
    end

    it("goes on", function()
      local params = data_of(letters, { resume = saved_data(), md5 = upload_file.md5(letters) })
      assert.are.equal("completed", assert(client.upload_file_chunked(params)).status)
      assert.are.equal(2 + 3, upload_file.counts(service).parts)
    end)

    it("is left alone when the data have another size", function()
      check_left_alone("it had 10 bytes, and has 11", data_of(letters .. "k", { resume = saved_data() }))
    end)

    it("is left alone when the data are others of the same size", function()
      check_left_alone("part 1, 3 bytes from 0 on, was sent with the MD5 " .. upload_file.md5 "abc" ..
        ", and has now " .. upload_file.md5 "xbc", data_of("xbcdefghij", { resume = saved_data() }))
    end)
  end)

  it("is left alone when what was saved is of an older version", function()
    local path, saved = interrupted { fine, refused }
    saved.purpose, saved.mime_type, saved.parts[1].md5, saved.modified = nil, nil, nil, "981173106.789000000"
    check_left_alone("what was saved is of an older version, which did not note what was sent; start over",
      { file = path, purpose = "fine-tune", resume = saved })
  end)

  it("is left alone when an MD5 of a part was not saved", function()
    local path, saved = interrupted { fine, fine, refused }
    saved.parts[2].md5 = nil
    check_left_alone("part 2 was saved without its md5", { file = path, purpose = "fine-tune", resume = saved })
  end)

  it("is left alone by misuse, and raises at the caller's line", function()
    local path, saved = interrupted { fine, refused }
    local before = select(2, service.requests())
    for _, start in ipairs { client.upload_file_chunked, client.start.upload_file_chunked } do
      local succeeded, message = pcall(function()
        start({ file = path, purpose = "fine-tune", resume = saved }, { time_out = 1 })
      end)
      assert.is_false(succeeded)
      check.holds("resume_spec.lua:" .. debug.getinfo(1, "l").currentline - 3, message)
      check.holds("did you mean 'timeout'?", message)
    end
    drive.collect()
    drive.collect()
    drive.all(client)
    assert.are.same({ before, "pending" }, { select(2, service.requests()), upload_file.only_upload(service).status })
  end)

  it("is cancelled when its job is dropped before its parts were looked at", function()
    local path, saved = interrupted { fine, refused }
    client.start.upload_file_chunked { file = path, purpose = "fine-tune", resume = saved }
    drive.collect()
    drive.collect()
    drive.all(client)
    assert.are.same({ "cancelled", 1 }, { upload_file.only_upload(service).status, upload_file.counts(service).cancel })
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
    client.start.upload_file_chunked { file = path, purpose = "fine-tune", resume = saved }
    drive.collect()
    drive.collect()
    drive.all(client)
    assert.are.equal("cancelled", upload_file.only_upload(service).status)
  end)
end)

describe("an Upload of which every Part was sent", function()
  local path, saved, last

  before_each(function()
    path, saved = interrupted({ { call = "complete", status = 400 } })
    last = nil
  end)

  local function go_on(options)
    return resume(path, saved, { on_checkpoint = function(checkpoint) last = through_json(checkpoint) end }, options)
  end

  it("is not saved as being completed where an option is misused", function()
    assert.is_false(pcall(go_on, { deadlin = 5 }))
    assert.is_nil(last)
  end)

  it("is not saved as being completed after the deadline", function()
    local failure = check.failure("timeout", go_on { deadline = past })
    assert.are.equal("the deadline of 0.001 s has passed", failure.message)
    assert.is_nil(last)
    assert.is_true(failure.cancelled)
  end)
end)

describe("an Upload whose completion was sent before", function()
  local lost = { call = "complete", close = true, apply = true }
  local path, saved

  -- What a program has that was killed as it waited for the answer.
  local function save_the_last(answer, options)
    path = upload_file.write(letters)
    service.answer_next { answer }
    client.upload_file_chunked(upload_file.params(nil, { file = path, on_checkpoint = function(checkpoint)
      saved = through_json(checkpoint)
    end }), options)
    assert.is_true(saved.completing)
  end

  it("and did not come is completed, and no part sent again", function()
    save_the_last({ call = "complete", close = true }, { max_retries = 0 })
    assert.are.equal("completed", assert(resume(path, saved)).status)
    assert.are.same({ 5, 0 }, { upload_file.counts(service).parts, upload_file.counts(service).cancel })
  end)

  for _, keep in ipairs { true, false } do
    it(("and was done is told of as perhaps completed, and is not resumed again, %s")
      :format(keep and "where it shall be kept" or "nor cancelled"), function()
      save_the_last(lost, { max_retries = 0 })
      local failure = check.failure("bad_request", resume(path, saved, { keep_on_failure = keep }))
      upload_file.check_doubt(service, failure)
      assert.is_nil(failure.resume)
    end)
  end

  for _, row in ipairs {
    { "that cannot be sent", "connection", { base_url = check.dead_url, max_retries = 0 } },
    { "whose key is refused", "authentication", { api_key = "sk-wrong" } },
    { "that begins too late", "timeout", {}, { deadline = past } },
    { "that the program aborts", "aborted", {}, nil, { on_progress = function() error "no more" end } },
  } do
    it(("may still be resumed after one %s, for the doubt stays"):format(row[1]), function()
      save_the_last({ call = "complete", close = true }, { max_retries = 0 })
      local mine = check.client(service, row[3])
      local failure = check.failure(row[2], mine.upload_file_chunked(check.merged(
        { file = path, purpose = "fine-tune", resume = saved, keep_on_failure = true, md5 = upload_file.md5(letters) },
        row[5] or {}), row[4]))
      upload_file.check_doubt(service, failure)
      assert.is_true(failure.resume.completing)
      mine.close()
      assert.are.equal("completed", assert(resume(path, through_json(failure.resume))).status)
    end)
  end

  it("is not cancelled when its job is dropped before it is sent again", function()
    save_the_last({ call = "complete", close = true }, { max_retries = 0 })
    client.start.upload_file_chunked { file = path, purpose = "fine-tune", resume = saved }
    drive.collect()
    drive.collect()
    drive.all(client)
    assert.are.equal(0, upload_file.counts(service).cancel)
  end)

  it("is not cancelled when its job is dropped", function()
    save_the_last({ call = "complete", close = true }, { max_retries = 0 })
    service.answer_next { { call = "complete", delay = 0.3 } }
    local before = upload_file.counts(service).complete
    local job = client.start.upload_file_chunked { -- luacheck: ignore 231
      file = path, purpose = "fine-tune", resume = saved,
    }
    drive.till(client, function() return upload_file.counts(service).complete > before end)
    job = nil -- luacheck: ignore 311
    drive.collect()
    drive.collect()
    drive.all(client)
    assert.are.equal(0, upload_file.counts(service).cancel)
  end)
end)

describe("on_checkpoint", function()
  it("is given what is there to resume, after the creation, after each part, and before the completion", function()
    local saved, added = {}, {}
    assert(client.upload_file_chunked(upload_file.params(letters, {
      on_checkpoint = function(checkpoint, part)
        saved[#saved + 1] = through_json(checkpoint)
        added[#saved - 1] = part
      end,
    })))
    local upload = upload_file.only_upload(service)
    for index, checkpoint in ipairs(saved) do
      assert.are.same({ upload.id, math.min(index - 1, 5), index == 7 or nil },
        { checkpoint.upload_id, #checkpoint.parts, checkpoint.completing })
    end
    assert.are.equal(7, #saved)
    for index, part in ipairs(saved[6].parts) do
      assert.are.same({ number = index, id = upload.parts[index].id, md5 = upload.parts[index].md5 }, part)
    end
    assert.are.same(saved[6].parts, through_json(added))
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
