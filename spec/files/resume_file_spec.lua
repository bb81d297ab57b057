-- SPDX-License-Identifier: MIT
-- `resume_file`: the library keeps in a file what was sent, and the same call once more sends the rest.

local check = require "spec.support.check"
local exists = require "spec.support.exists"
local script = require "spec.support.script"
local upload_file = require "spec.support.upload_file"
local with_service = require "spec.support.with_service"

local client, path, state
local letters = "abcdefghij"

local service = with_service.emulator()

before_each(function()
  client = check.client(service, { max_retries = 0 })
  path, state = upload_file.write(letters), upload_file.path "state"
end)

after_each(function()
  os.remove(state .. ".old")
  upload_file.remove_all()
end)

local function upload(more)
  return client.upload_file_chunked(upload_file.params(nil, check.merged({ file = path, resume_file = state },
    more or {})))
end

-- The failure of a call that had sent two of five parts.
local function interrupted()
  service.answer_next { { call = "parts" }, { call = "parts" }, { call = "parts", status = 503 } }
  return check.failure("server", upload())
end

describe("resume_file", function()
  it("is gone once the file was sent", function()
    assert.are.equal("completed", assert(upload()).status)
    assert.is_false(exists(state))
  end)

  it("lets the same call send the rest", function()
    local failure = interrupted()
    assert.is_nil(failure.cancelled)
    check.holds(failure.upload_id .. " is kept; the same call sends the rest", tostring(failure))
    assert.is_true(exists(state))
    local upload_id = assert(upload()).id
    assert.are.equal(failure.upload_id, upload_id)
    assert.are.same({ create = 1, parts = 6, complete = 1, cancel = 0 }, upload_file.counts(service))
    assert.is_false(exists(state))
  end)

  it("lets it send the rest after the process has died", function()
    local died = script.run(([[
      require("openai_uploads").upload_file_chunked {
        file = "%s", purpose = "fine-tune", part_size = 2, concurrency = 1, resume_file = "%s",
        on_checkpoint = function(_, part) if part and part.number == 2 then os.exit(9) end end,
      }]]):format(path, state), { OPENAI_BASE_URL = service.base_url, OPENAI_API_KEY = check.key })
    assert.are.equal(9, died.status, died.stderr)
    assert(upload())
    assert.are.same({ create = 1, parts = 5, complete = 1, cancel = 0 }, upload_file.counts(service))
  end)

  it("keeps the size of the parts that were sent", function()
    interrupted()
    assert(upload { part_size = 5 })
    assert.are.equal(6, upload_file.counts(service).parts)
  end)

  it("is saved before the program's own checkpoint", function()
    local seen = {}
    assert(upload { on_checkpoint = function(_, part)
      seen[#seen + 1] = part and select(2, upload_file.read(state):gsub('"number"', "")) or "-"
    end })
    assert.are.same({ "-", 1, 2, 3, 4, 5, "-" }, seen)
  end)

  it("is gone where nothing was created", function()
    service.answer_next { { call = "create", status = 400 } }
    check.failure("bad_request", upload())
    assert.is_false(exists(state))
  end)

  it("is put aside for another file, and the same call starts over", function()
    interrupted()
    upload_file.overwrite(path, "0123456789")
    local failure = check.failure("file", upload())
    assert.is_true(failure.refused_resume)
    check.holds(("what was saved is now in '%s.old', and the same call starts over"):format(state), tostring(failure))
    assert.is_true(exists(state .. ".old"))
    assert.are.equal("completed", assert(upload()).status)
  end)

  it("is put aside for another purpose, before anything is sent", function()
    interrupted()
    local _, before = service.requests()
    assert.is_true(check.failure("file", upload { purpose = "batch" }).refused_resume)
    assert.are.equal(before, (select(2, service.requests())))
    assert.is_true(exists(state .. ".old"))
  end)

  it("starts over after the Upload has expired", function()
    interrupted()
    service.advance_clock(3601)
    check.holds("the same call starts over", tostring(check.failure("gone", upload())))
    assert.are.equal("completed", assert(upload()).status)
    assert.are.equal(2, upload_file.counts(service).create)
  end)

  it("stays where the file to send cannot be read for now", function()
    interrupted()
    os.rename(path, path .. ".away")
    check.failure("file", upload())
    os.rename(path .. ".away", path)
    assert(upload())
    assert.are.equal(1, upload_file.counts(service).create)
  end)

  it("belongs to one upload at a time", function()
    service.answer_next { { call = "create", gate = true } } -- or all of it may be sent as it is begun
    local job = client.start.upload_file_chunked(upload_file.params(nil, { file = path, resume_file = state }))
    local words = ("'%s' is in use already: wait until"):format(state)
    check.holds(words, tostring(check.failure("file", upload())))
    service.open_gate()
    assert(select(2, job:wait()))
    assert.are.equal(1, upload_file.counts(service).create)
  end)

  it("lets nothing be sent twice once a completion is in doubt", function()
    service.answer_next { { call = "complete", close = true, apply = true } }
    assert.is_true(check.failure("connection", upload { concurrency = 1 }).may_be_completed)
    assert.is_true(check.failure("bad_request", upload()).may_be_completed)
    local _, before = service.requests()
    local failure = check.failure("bad_request", upload())
    assert.is_true(failure.may_be_completed)
    check.holds(("remove '%s' first"):format(state), tostring(failure))
    assert.are.equal(before, (select(2, service.requests())))
  end)

  it("sends nothing where it cannot be written", function()
    check.failure("file", upload { resume_file = "/nowhere/at/all" })
    check.nothing_sent(service)
  end)

  it("leaves a file alone that is another program's", function()
    upload_file.overwrite(state, "a diary")
    check.holds(state, tostring(check.failure("file", upload())))
    assert.are.equal("a diary", upload_file.read(state))
    check.nothing_sent(service)
  end)

  it("holds no file open, however a call ends", function()
    local usual = client
    upload_file.with_client(service, { max_retries = 0 }, function(other)
      client = other
      interrupted()
      upload_file.overwrite(path, "0123456789")
      upload()
      upload()
      assert.is_false(pcall(upload, { concurrency = 0 }))
      assert.is_false(pcall(other.upload_file_chunked, upload_file.params(nil, { file = path, resume_file = state }),
        { max_retries = -1 }))
      assert.is_false(exists(state))
      client = usual
    end)
  end)

  it("excludes a table to resume from", function()
    assert.has_error(function() upload { resume = {} } end)
  end)
end)
