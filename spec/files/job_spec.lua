-- SPDX-License-Identifier: MIT
-- What start.upload_file_chunked returns: it is used as a transfer is.
-- Without a descriptor: too

local check = require "spec.support.check"
local drive = require "spec.support.drive"
local upload_file = require "spec.support.upload_file"
local with_service = require "spec.support.with_service"

local client
local letters = "abcdefghij"

local service = with_service.emulator()
before_each(function() client = check.client(service) end)

after_each(upload_file.remove_all)

describe("a job of start.upload_file_chunked", function()
  local function start(contents, more, options)
    return client.start.upload_file_chunked(upload_file.params(contents, more), options)
  end

  it("runs until it is done, and tells that as a transfer does", function()
    service.answer_next { { call = "complete", delay = 0.2 } }
    local job = start(letters)
    assert.are.same({ false }, { job:poll() })
    assert.are.same({ false }, { job:wait(0) })
    assert.are.same({ false }, { job:wait(0.01) })
    assert.is_false(job:done())
    check.holds("running", tostring(job))
    local done, upload = job:wait()
    assert.are.same({ true, "completed", true }, { done, upload.status, job:done() })
    for _, again in ipairs { "poll", "wait" } do
      local values = { job[again](job) }
      assert.are.same({ 2, true }, { #values, values[1] })
      assert.are.equal(upload, values[2])
    end
    check.holds("done", tostring(job))
    assert.is_false(job:abort())
    assert.are.equal(0, client.step())
    assert.are.equal("completed", service.upload(upload.id).status)
  end)

  it("goes on in any step of its client", function()
    local job = start(letters)
    drive.till(client, function() return job:done() end)
    assert.are.equal("completed", drive.result(job).status)
  end)

  it("calls on_done once, or at once when it has ended; an error in that is told on stderr", function()
    local told = 0
    local job = start(letters)
    job:on_done(function() error "the first" end)
    job:on_done(function(of)
      assert.are.equal(job, of)
      assert.is_true(job:done())
      told = told + 1
    end)
    job:wait()
    assert.are.equal(1, told)
    job:on_done(function() told = told + 1 end)
    assert.are.equal(2, told)
  end)

  it("tells of its progress", function()
    service.answer_next { { call = "create", delay = 0.05 }, { call = "complete", delay = 0.05 } }
    local job = start(letters)
    assert.are.same({ 0, 10 }, { job:progress() })
    drive.till(client, function() return (job:progress()) == 10 or job:done() end)
    assert.is_false(job:done())
    job:wait()
    assert.are.same({ 10, 10 }, { job:progress() })
  end)

  it("tells on_progress of it whenever it is asked, or waited for, but not too often", function()
    for _, way in ipairs { "poll", "wait" } do
      service.reset()
      service.answer_next { { call = "parts", delay = 0.5 } }
      local told = 0
      local job = start("ab", { on_progress = function() told = told + 1 end })
      while not job[way](job, way == "wait" and 0.01 or nil) do end -- luacheck: ignore 542
      assert.is_true(told > 4 and told < 15, told)
    end
  end)

  it("stands beside others, and beside other calls", function()
    local ids, jobs = service.make_uploads(3), {}
    for index = 1, 5 do jobs[index] = start(letters, { concurrency = index, md5 = upload_file.md5(letters) }) end
    local cancel = client.start.cancel(ids[1])
    assert.are.equal("cancelled", client.cancel(ids[2]).status)
    assert.are.equal("completed", assert(client.upload_file_chunked(upload_file.params("xyz"))).status)
    for index = 1, 5 do
      local _, upload, failure = jobs[index]:wait()
      assert.is_nil(failure)
      assert.are.equal("completed", upload.status)
    end
    assert.are.equal("cancelled", select(2, cancel:wait()).status)
    assert.are.same({ 9, 0 }, { #service.uploads(), client.step() })
  end)

  it("may meet the collector at every turn", function()
    service.answer_next { { call = "parts", status = 500 }, {}, { call = "complete", status = 503 } }
    local job = start(letters, {
      concurrency = 3, on_progress = drive.collect, on_checkpoint = drive.collect, md5 = "compute",
    }, { on_retry = drive.collect, log = drive.collect })
    drive.till(client, function() return job:done() end, drive.collect)
    assert.are.equal("completed", drive.result(job).status)
  end)
end)
