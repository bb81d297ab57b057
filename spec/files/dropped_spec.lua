-- SPDX-License-Identifier: MIT
-- A file on its way that ends with its client or its scope, or because nobody holds it any more.

local check = require "spec.support.check"
local drive = require "spec.support.drive"
local upload_file = require "spec.support.upload_file"
local with_service = require "spec.support.with_service"

local letters = "abcdefghij"

local service = with_service.emulator()
after_each(upload_file.remove_all)

local phases = upload_file.phases
local function job_at(...) return upload_file.job_at(service, ...) end
local function check_ended(...) return upload_file.check_ended(service, ...) end

describe("client.close", function()
  for _, phase in ipairs(phases) do
    local outcome = phase.call == "complete" and "no cancel is sent"
      or "its cancel goes out when the client is used again"
    it(("while %s ends the job as aborted; %s"):format(phase.name, outcome),
      function()
        upload_file.with_client(service, {}, function(client)
          local job = job_at(client, phase)
          client.close()
          drive.till(client, function() return job:done() end)
          local failure = check.failure("aborted", drive.result(job))
          if phase.call == "create" then
            assert.are.same({ nil, nil, true }, { failure.upload_id, failure.cancelled, failure.may_have_applied })
            drive.till(client, function() return #service.uploads() == 1 end) -- which the next spec shall not see
          else
            check_ended("aborted", phase, job)
          end
          assert.are.equal(0, client.step())
        end)
      end)
  end
end)

describe("a job that nobody holds any more", function()
  for _, phase in ipairs(phases) do
    local outcome = phase.call == "complete" and "no cancel is sent, which could race with its completion"
      or "its Upload is cancelled while the client is stepped"
    it(("while %s ends, and %s"):format(phase.name, outcome), function()
      upload_file.with_client(service, {}, function(client)
        local jobs = setmetatable({}, { __mode = "v" })
        jobs[1] = job_at(client, phase, { concurrency = 2 })
        service.answer_next { { call = "cancel", delay = 0.1 } }
        if phase.call == "create" then service.answer_next { { call = "parts", delay = 3 } } end
        drive.collect()
        drive.collect()
        drive.all(client, drive.collect)
        assert.are.equal(phase.call == "complete" and 0 or 1, upload_file.counts(service).cancel)
        drive.collect()
        assert.is_nil(next(jobs))
      end)
      if phase.call ~= "complete" then assert.are.equal("cancelled", upload_file.only_upload(service).status) end
    end)
  end

  it("is kept where it is asked to", function()
    upload_file.with_client(service, {}, function(client)
      job_at(client, phases[2], { keep_on_failure = true })
      drive.collect()
      drive.collect()
      assert.are.equal(0, client.step())
    end)
    assert.are.same({ "pending", 0 }, { upload_file.only_upload(service).status, upload_file.counts(service).cancel })
  end)

  it("but has come to its end, is left alone", function()
    upload_file.with_client(service, {}, function(client)
      assert(client.upload_file_chunked(upload_file.params(letters)))
      client.start.upload_file_chunked(upload_file.params(letters)):wait()
      drive.collect()
      drive.collect()
      drive.all(client)
    end)
    assert.are.equal(0, upload_file.counts(service).cancel)
  end)

  it("can be collected while it is being cancelled", function()
    upload_file.with_client(service, {}, function(client)
      job_at(client, phases[2]):abort()
      drive.collect()
      drive.collect()
      drive.all(client)
    end)
    assert.are.equal("cancelled", upload_file.only_upload(service).status)
  end)
end)

if _VERSION >= "Lua 5.4" then
  it("a job's <close> cancels its Upload, and is over then", function()
    upload_file.with_client(service, {}, function(client)
      local scope = load [[
        local job_at = ...
        local kept
        do
          local job <close> = job_at()
          kept = job
        end
        return kept
      ]]
      local job = scope(function() return job_at(client, phases[2]) end)
      check_ended("aborted", phases[2], job)
    end)
  end)
end
