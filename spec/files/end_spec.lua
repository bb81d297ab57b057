-- SPDX-License-Identifier: MIT
-- A file on its way that the program ends: by an abort, or by an error in one of its functions.
-- Without a descriptor: too

local check = require "spec.support.check"
local drive = require "spec.support.drive"
local fault = require "spec.support.fault"
local script = require "spec.support.script"
local upload_file = require "spec.support.upload_file"
local with_service = require "spec.support.with_service"

local letters = "abcdefghij"

local service = with_service.emulator()
after_each(upload_file.remove_all)

local phases = upload_file.phases
local function job_at(...) return upload_file.job_at(service, ...) end
local function check_ended(...) return upload_file.check_ended(service, ...) end

describe("a job's abort", function()
  for _, phase in ipairs(phases) do
    for _, concurrency in ipairs { 1, 3 } do
      if concurrency == 1 or phase.call == "parts" then
        local outcome = phase.call == "complete" and "sends no cancel, which could race" or "cancels the Upload"
        it(("while %s, %d at a time, ends what is under way and %s"):format(phase.name, concurrency, outcome),
          function()
            upload_file.with_client(service, {}, function(client)
              local there = check.merged(phase,
                { requests = phase.call == "parts" and 1 + concurrency or phase.requests })
              local job = job_at(client, there, { concurrency = concurrency })
              local told = 0
              service.answer_next { { call = "cancel", delay = 0.1 } }
              job:on_done(function() told = told + 1 end)
              assert.is_true(job:abort())
              if phase.call ~= "complete" then
                check.holds("cancelling", tostring(job))
                assert.is_false(job:done())
                assert.are.same({ false }, { job:poll() })
              end
              assert.are.equal(10, select(2, job:progress()))
              job:wait()
              check.holds("aborted by the program", check_ended("aborted", phase, job).message)
              assert.are.same({ false, 1, 0 }, { job:abort(), told, client.step() })
            end)
            if phase.call == "complete" then assert.are.equal(1, upload_file.counts(service).complete) end
          end)
      end
    end

    it(("while %s keeps what can be resumed where it is asked to"):format(phase.name), function()
      upload_file.with_client(service, {}, function(client)
        local job = job_at(client, phase, { keep_on_failure = true })
        assert.is_true(job:abort())
        local _, _, failure = job:wait()
        local upload = upload_file.only_upload(service)
        assert.are.same({ "aborted", upload.id, nil }, { failure.kind, failure.upload_id, failure.cancelled })
        assert.are.equal(upload.id, failure.resume.upload_id)
        assert.are.equal(phase.call == "complete" or nil, failure.resume.completing)
        if phase.call == "complete" then return upload_file.check_doubt(service, failure) end
        assert.are.equal(upload.id .. " is kept", failure.aftermath)
        assert.is_false(failure.may_have_applied)
      end)
      assert.are.equal(0, upload_file.counts(service).cancel)
    end)
  end

  it("of a creation whose answer is lost says that there may be an Upload", function()
    service.answer_next { { call = "create", delay = 0.1, close = true, apply = true } }
    upload_file.with_client(service, { max_retries = 0 }, function(client)
      local job = client.start.upload_file_chunked(upload_file.params(letters))
      assert.is_true(job:abort())
      job:wait()
      local failure = check.failure("aborted", drive.result(job))
      assert.are.same({ nil, nil, true }, { failure.upload_id, failure.cancelled, failure.may_have_applied })
    end)
  end)

  for _, row in ipairs {
    { "that was refused for now", { status = 429, headers = { ["retry-after"] = 30 } }, false },
    { "whose answer was lost", { close = true }, true },
  } do
    it(("of a creation %s, and waits for its next attempt, has nothing to wait for"):format(row[1]), function()
      row[2].call = "create"
      service.answer_next { row[2] }
      upload_file.with_client(service, { retry_delay = 30, max_retry_delay = 30 }, function(client)
        local is_waiting = false
        local job = client.start.upload_file_chunked(upload_file.params(letters),
          { on_retry = function() is_waiting = true end })
        drive.till(client, function() return is_waiting end)
        assert.is_true(job:abort())
        assert.is_true(job:done())
        local failure = check.failure("aborted", drive.result(job))
        assert.are.same({ nil, nil, row[3] }, { failure.upload_id, failure.cancelled, failure.may_have_applied })
        assert.are.equal(1, upload_file.counts(service).create)
      end)
    end)
  end

  it("of a creation that is then refused for now begins no further attempt", function()
    service.answer_next { { call = "create", status = 503, delay = 0.3 } }
    upload_file.with_client(service, { retry_delay = 0.001 }, function(client)
      local job = client.start.upload_file_chunked(upload_file.params(letters))
      drive.till(client, function() return select(2, service.requests()) == 1 end)
      job:abort()
      assert.is_false(job:done())
      job:wait()
      local failure = check.failure("aborted", drive.result(job))
      assert.are.same({ nil, nil, true }, { failure.upload_id, failure.cancelled, failure.may_have_applied })
      assert.are.equal(1, upload_file.counts(service).create)
    end)
  end)

  it("while the connection is being made has nothing to wait for", function()
    local server = fault.start()
    upload_file.with_client(service, { base_url = (server.full()) }, function(client)
      local job = client.start.upload_file_chunked(upload_file.params(letters))
      client.step(0.05)
      assert.is_true(job:abort())
      assert.is_true(job:done())
      assert.is_false(check.failure("aborted", drive.result(job)).may_have_applied)
    end)
    server.stop()
  end)

  it("while a completion waits for its next attempt, and none is in doubt, cancels", function()
    upload_file.with_client(service, {}, function(client)
      service.answer_next { { call = "create", delay = 0.1 },
        { call = "complete", status = 429, headers = { ["retry-after"] = 30 } } }
      local is_waiting = false
      local job = client.start.upload_file_chunked(upload_file.params(letters),
        { on_retry = function() is_waiting = true end })
      drive.till(client, function() return is_waiting end)
      job:abort()
      job:wait()
      check_ended("aborted", phases[2], job)
      assert.are.equal(1, upload_file.counts(service).complete)
    end)
  end)

  it("as the completion is begun sends no cancel that could race with it", function()
    local job
    service.answer_next { { call = "create", delay = 0.1 }, { call = "complete", delay = 0.3 } }
    upload_file.with_client(service, { log = function(event)
      if event.event == "request" and event.url:find "/complete$" then job:abort() end
    end }, function(client)
      job = client.start.upload_file_chunked(upload_file.params(letters))
      job:wait()
      local failure = check.failure("aborted", drive.result(job))
      local counts = upload_file.counts(service)
      assert.is_false(failure.may_have_applied and counts.cancel > 0)
      assert.is_true(failure.may_be_completed or failure.cancelled)
      job = nil
    end)
  end)

  it("of a creation that comes to nothing leaves nothing to cancel", function()
    upload_file.with_client(service, { base_url = check.dead_url }, function(client)
      local job = client.start.upload_file_chunked(upload_file.params(letters), { retry_delay = 0.2, max_retries = 1 })
      client.step(0.01)
      assert.is_true(job:abort())
      job:wait()
      local failure = check.failure("aborted", drive.result(job))
      assert.are.same({ nil, nil, false }, { failure.upload_id, failure.cancelled, failure.may_have_applied })
    end)
  end)

  it("for the second time gives up on the cancel, and says so", function()
    upload_file.with_client(service, {}, function(client)
      local job = job_at(client, phases[2])
      service.answer_next { { call = "cancel", delay = 0.3 } }
      assert.is_true(job:abort())
      drive.till(client, function() return upload_file.counts(service).cancel == 1 end)
      assert.is_true(job:abort())
      assert.is_true(job:done())
      local failure = check.failure("aborted", drive.result(job))
      assert.are.same({ false, "aborted", true },
        { failure.cancelled, failure.cancel_failure.kind, failure.cancel_failure.may_have_applied })
      check.holds("was not confirmed: aborted: ", failure.aftermath)
      assert.are.same({ false, 0 }, { job:abort(), client.step() })
    end)
  end)

  it("for the second time while creating gives up on the Upload that there may be", function()
    upload_file.with_client(service, {}, function(client)
      local job = job_at(client, phases[1])
      assert.is_true(job:abort())
      assert.is_false(job:done())
      assert.is_true(job:abort())
      assert.is_true(job:done())
      local failure = check.failure("aborted", drive.result(job))
      assert.are.same({ nil, nil, true }, { failure.upload_id, failure.cancelled, failure.may_have_applied })
      drive.till(client, function() return #service.uploads() == 1 end) -- which the next spec shall not see
    end)
  end)

  it("that comes when the completion is there, but not told yet, says that it was completed", function()
    local job
    service.answer_next { { call = "create", delay = 0.05 } } -- or all may be over before there is a job
    upload_file.with_client(service, { log = function(event)
      if event.event == "done" and event.url:find "/complete" then job:abort() end
    end }, function(client)
      job = client.start.upload_file_chunked(upload_file.params(letters))
      job:wait()
      local failure = check.failure("aborted", drive.result(job))
      local upload = upload_file.only_upload(service)
      assert.are.same({ true, true, nil, nil, ("%s was completed: its File is %s"):format(upload.id, upload.file.id) },
        { failure.may_have_applied, failure.may_be_completed, failure.cancelled, failure.resume, failure.aftermath })
      job = nil
    end)
    assert.are.same({ "completed", 0 }, { upload_file.only_upload(service).status, upload_file.counts(service).cancel })
  end)

  it("in on_checkpoint is the last that the program's functions hear", function()
    service.answer_next { { call = "create", delay = 0.1 } } -- or all may have come before start returns
    upload_file.with_client(service, {}, function(client)
      local job, reports_since
      job = client.start.upload_file_chunked(upload_file.params(letters, {
        on_checkpoint = function(saved)
          if #saved.parts == 2 and job:abort() then reports_since = 0 end
          assert.is_true(#saved.parts <= 2)
        end,
        on_progress = function() reports_since = reports_since and reports_since + 1 end,
      }))
      job:wait()
      assert.are.equal("aborted by the program", check.failure("aborted", drive.result(job)).message)
      assert.are.equal(0, reports_since)
    end)
  end)

  it("may come from a function of the program", function()
    for _, name in ipairs { "on_progress", "on_checkpoint", "on_retry" } do
      service.reset()
      service.answer_next { { call = "create", delay = 0.1 }, { call = "parts", status = 500 } }
      upload_file.with_client(service, {}, function(client)
        local job
        local function abort()
          if job then job:abort() end
        end
        job = client.start.upload_file_chunked(upload_file.params(letters, {
          on_progress = name == "on_progress" and abort or nil,
          on_checkpoint = name == "on_checkpoint" and abort or nil,
        }), { on_retry = name == "on_retry" and abort or nil })
        job:wait()
        check_ended("aborted", phases[2], job)
      end)
    end
  end)
end)

describe("an error in", function()
  local function raise() error({}) end
  local function at(moment)
    return function(sent)
      if type(sent) == "table" then sent = #sent.parts * 2 end
      if sent == moment then error("oh dear", 0) end
    end
  end

  for _, row in ipairs {
    { "on_progress at the beginning", { on_progress = at(0) },
      says = "the on_progress function raised an error: oh dear" },
    { "on_progress half-way", { on_progress = at(4) }, says = "the on_progress function raised an error: oh dear" },
    { "on_progress at the end", { on_progress = at(10) }, says = "the on_progress function raised an error: oh dear" },
    { "on_checkpoint after the creation", { on_checkpoint = at(0) },
      says = "the on_checkpoint function raised an error: oh dear" },
    { "on_checkpoint half-way", { on_checkpoint = at(6), concurrency = 3 },
      says = "the on_checkpoint function raised an error: oh dear" },
    { "on_checkpoint after the last part", { on_checkpoint = at(10) },
      says = "the on_checkpoint function raised an error: oh dear" },
    { "on_progress, of no text", { on_progress = raise }, says = "the on_progress function raised an error: table" },
    { "on_retry, of a part", {}, says = "on_retry raised an error", answers = { { call = "parts", status = 500 } },
      options = { on_retry = raise }, part_number = 1, may = true },
    { "on_retry, of complete that was refused", {}, says = "on_retry raised an error", options = { on_retry = raise },
      answers = { { call = "complete", status = 429 } } },
  } do
    it(row[1] .. " ends all, and the Upload is cancelled", function()
      upload_file.with_client(service, {}, function(client)
        service.answer_next(row.answers or {})
        local failure = check.failure("aborted",
          client.upload_file_chunked(upload_file.params(letters, row[2]), row.options))
        check.holds(row.says, failure.message)
        assert.are.same({ true, false, row.part_number },
          { failure.cancelled, failure.may_have_applied, failure.part_number })
        assert.are.equal(0, client.step())
      end)
      assert.are.equal("cancelled", upload_file.only_upload(service).status)
    end)
  end

  it("on_retry, of complete that is in doubt, ends all, and no cancel is sent", function()
    upload_file.with_client(service, {}, function(client)
      service.answer_next { { call = "complete", status = 500 } }
      local failure = check.failure("aborted",
        client.upload_file_chunked(upload_file.params(letters), { on_retry = raise }))
      check.holds("on_retry raised an error", failure.message)
      upload_file.check_doubt(service, failure)
    end)
  end)

  it("the api_key function half-way leaves no key to cancel with, which is told", function()
    local asked = 0
    upload_file.with_client(service, { api_key = function()
      asked = asked + 1
      if asked > 3 then error("no key today", 0) end
      return check.key
    end }, function(client)
      local failure = check.failure("configuration", client.upload_file_chunked(upload_file.params(letters)))
      assert.are.same({ 3, false, "configuration" },
        { failure.part_number, failure.cancelled, failure.cancel_failure.kind })
      check.holds("no key today", failure.message)
      check.holds("was not confirmed: configuration: ", failure.aftermath)
    end)
    assert.are.equal("pending", upload_file.only_upload(service).status)
  end)

  it("the log or the on_done function is told on stderr only, and all goes on", function()
    local result = script.run([[
      local client = require("openai_uploads").new { log = function() error "of log" end }
      local job = client.start.upload_file_chunked { data = "a", filename = "a.txt", purpose = "batch" }
      job:on_done(function() error "the first" end)
      print(select(2, job:wait()).status)
      job:on_done(function() error "the second" end)
    ]], { OPENAI_BASE_URL = service.base_url, OPENAI_API_KEY = check.key })
    assert.are.same({ "completed\n", 0 }, { result.stdout, result.status })
    for text, times in pairs { ["log function raised an error: .-: of log"] = 6,
      ["on_done function raised an error: .-: the first"] = 1, ["on_done function raised an error: .-: the second"] = 1,
    } do
      assert.are.equal(times, select(2, result.stderr:gsub("openai_uploads: the " .. text, "")))
    end
  end)
end)
