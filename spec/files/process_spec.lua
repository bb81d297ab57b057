-- SPDX-License-Identifier: MIT
-- What meets the process that sends a file: disks that cannot be read, Ctrl-C, forks.

local built = require "spec.support.built"
local check = require "spec.support.check"
local script = require "spec.support.script"
local upload_file = require "spec.support.upload_file"
local with_service = require "spec.support.with_service"

local path, forks, failing_read
local letters = "abcdefghij"

local service = with_service.emulator()

setup(function()
  failing_read = assert(built.library "failing_read")
  forks = built.library("fork", true)
end)

before_each(function() path = upload_file.write(letters) end)

after_each(upload_file.remove_all)

local function environment(more)
  return check.merged({ OPENAI_BASE_URL = service.base_url, OPENAI_API_KEY = check.key, FILE = path }, more or {})
end

describe("upload_file_chunked from a disk", function()
  local program = [[
    local core, uploads = require "openai_uploads.core", require "openai_uploads"
    local function descriptors()
      collectgarbage() collectgarbage()
      local listing, count = os.tmpname(), 0
      os.execute(("ls /proc/%d/fd >%s"):format(core.process_id(), listing))
      for _ in io.lines(listing) do count = count + 1 end
      os.remove(listing)
      return count
    end
    local before = descriptors()
    local upload, failure = uploads.upload_file_chunked({
      file = os.getenv "FILE", purpose = "batch", part_size = 2, concurrency = tonumber(os.getenv "CONCURRENCY"),
      md5 = os.getenv "MD5",
    }, { retry_delay = 0.001 })
    uploads.close()
    local leaked = descriptors() - before
    if upload then return print(upload.status, leaked) end
    print(failure.kind, tostring(failure.part_number), failure.attempts, tostring(failure.cancelled),
      tostring(failure.may_have_applied), failure.upload_id, leaked)
    print(failure)
  ]]

  for _, row in ipairs {
    { "that breaks at once", "error 0", part_number = 1 },
    { "that breaks half-way", "error 4", part_number = 3 },
    { "that breaks in the middle of a part", "error 5", part_number = 3 },
    { "that breaks at the last byte", "error 9", part_number = 5 },
    { "that gives one byte at a time", "short" },
    { "whose reads are interrupted", "interrupted" },
  } do
    for _, md5 in ipairs { "given", "computed" } do
      for _, concurrency in ipairs { 1, 4 } do
        it(("%s: %d parts at a time, its MD5 %s"):format(row[1], concurrency, md5), function()
          local result = script.run(program, environment {
            LD_PRELOAD = (os.getenv "LD_PRELOAD" or "") .. " " .. failing_read, FAILING_READ = row[2],
            CONCURRENCY = tostring(concurrency), MD5 = md5 == "computed" and "compute" or upload_file.md5(letters),
          })
          assert.are.same({ "", 0 }, { result.stderr, result.status })
          local upload = service.uploads()[1]
          if not row.part_number then
            assert.are.equal("completed\t0\n", result.stdout)
            assert.are.equal("completed", upload.status)
          elseif upload then -- a digest may fail before there is one
            local number = result.stdout:match "^file\t(%w+)\t"
            if concurrency == 1 and md5 == "given" then number = row.part_number end
            assert.are.equal(("file\t%s\t1\ttrue\tfalse\t%s\t0"):format(number, upload.id),
              result.stdout:match "^[^\n]*")
            check.holds("file: ", result.stdout)
            check.holds("Input/output error", result.stdout)
            check.holds("; " .. upload.id .. " was cancelled", result.stdout)
            assert.are.equal("cancelled", upload.status)
          end
          assert.is_true(#service.uploads() <= 1)
        end)
      end
    end
  end
end)

describe("Ctrl-C", function()
  local program = [[
    io.stdout:setvbuf "line"
    print "begun"
    local uploads = require "openai_uploads"
    %s(uploads.upload_file_chunked({ file = os.getenv "FILE", purpose = "batch", part_size = 2, concurrency = 2,
      on_progress = function() end }, { retry_delay = 0.001 }))
  ]]

  -- What is sent until it is interrupted. The service answers afterwards.
  local phases = {
    { "creating", { { call = "create", gate = true } }, 1 },
    { "sending", { { call = "parts", gate = true }, { call = "parts", gate = true } }, 3 },
    { "completing", { { call = "complete", gate = true } }, 7 },
    { "cancelling", { { call = "parts", status = 400 }, { call = "cancel", gate = true } }, nil },
  }

  for _, phase in ipairs(phases) do
    local outcome = phase[1] == "completing" and "sends no cancel" or "cancels the Upload"
    it(("while %s %s, and ends the program"):format(phase[1], outcome), function()
      service.answer_next(phase[2])
      local child = script.start(program:format "print", environment())
      local function is_there()
        local counts = upload_file.counts(service)
        return phase[3] and select(2, service.requests()) >= phase[3] or not phase[3] and counts.cancel == 1
      end
      local last = os.time() + 10
      while not is_there() do assert.is_true(os.time() < last) end
      child.asleep() -- an interruption of the very start of a call leaves nobody who would wait for its answer
      child.interrupt()
      service.open_gate()
      check.holds("interrupted!", child.finish())
      local upload = upload_file.only_upload(service)
      assert.are.equal(phase[1] ~= "completing", upload.status == "cancelled")
      assert.are.equal(phase[1] ~= "completing" and 1 or 0, upload_file.counts(service).cancel)
    end)
  end

  it("that a program catches leaves it a client that is fit for more", function()
    service.answer_next { { call = "parts", delay = 0.5 } }
    local child = script.start([[
      io.stdout:setvbuf "line"
      print "begun"
      local uploads = require "openai_uploads"
      local params = { file = os.getenv "FILE", purpose = "batch", part_size = 2, concurrency = 1 }
      print(pcall(uploads.upload_file_chunked, params))
      print(uploads.step(), uploads.upload_file_chunked(params).status)
    ]], environment())
    local last = os.time() + 10
    while upload_file.counts(service).parts == 0 do assert.is_true(os.time() < last) end
    child.interrupt()
    local output = child.finish()
    check.holds("interrupted!", output)
    check.holds("0\tcompleted", output)
    local uploads = service.uploads()
    assert.are.same({ "cancelled", "completed" }, { uploads[1].status, uploads[2].status })
  end)

  it("for the second time, while it cancels, ends the program at once", function()
    service.answer_next { { call = "parts", delay = 0.5 }, { call = "cancel", delay = 20 } }
    local child = script.start(program:format "print", environment())
    local last = os.time() + 10
    while upload_file.counts(service).parts == 0 do assert.is_true(os.time() < last) end
    child.interrupt()
    while upload_file.counts(service).cancel == 0 do assert.is_true(os.time() < last) end
    child.interrupt()
    check.lacks("completed", child.finish())
    assert.is_true(os.time() < last)
  end)
end)

describe("a fork while a file is on its way", function()
  local prologue = [[
    local library = package.loadlib(os.getenv "FORK_LIBRARY", "luaopen_fork")()
    local uploads = require "openai_uploads"
    local function tell(...)
      io.write(table.concat({ ... }, " "), "\n")
      io.stdout:flush()
    end
    local job = uploads.start.upload_file_chunked { file = os.getenv "FILE", purpose = "batch", part_size = 2,
      concurrency = 1, md5 = os.getenv "MD5" }
    while job:progress() < 2 do uploads.step(0.01) end
    local pid = library.fork()
    if pid == 0 then
      local fine, raised = pcall(function() %s end)
      if not fine then tell("the child raised", tostring(raised)) end
      os.exit(0, true)
    end
    library.wait(pid)
    %s
  ]]
  local to_the_end = [[
    local done, upload, failure = job:wait(10)
    tell("parent", upload and upload.status or tostring(failure))
  ]]

  for _, row in ipairs {
    { "waits for it", [[local _, _, failure = job:wait(5)
      tell("child", failure.kind, tostring(failure.cancelled), failure.upload_id and "known" or "unknown")]],
      "child aborted nil known\n" },
    { "aborts it", [[tell("child", tostring(job:abort()))
      local _, _, failure = job:wait(5)
      tell("child", failure.kind, tostring(failure.cancelled))]], "child true\nchild aborted nil\n" },
    { "drops it", "job = nil collectgarbage() collectgarbage() uploads.step() uploads.step()", "" },
    { "closes the client", "uploads.close() tell('child', tostring(job:done())) job:wait(5)", nil },
    { "sends a file itself", [[local params = { file = os.getenv "FILE", purpose = "batch" }
      tell("child", uploads.upload_file_chunked(params).status)]], "child completed\n", 2 },
    { "leaves", "", "" },
  } do
    for _, md5 in ipairs { "given", "computed" } do
      it(("does not disturb it when the child %s, its MD5 %s"):format(row[1], md5), function()
        if not forks then pending "no compiler, or no headers of this Lua" return end
        service.answer_next { { call = "parts" }, { call = "parts", delay = 0.2 } }
        local result = script.run(prologue:format(row[2], to_the_end), environment {
          FORK_LIBRARY = forks, MD5 = md5 == "computed" and "compute" or upload_file.md5(letters),
        })
        assert.are.same({ "", 0 }, { result.stderr, result.status })
        check.lacks("raised", result.stdout)
        if row[3] then assert.are.equal(row[3] .. "parent completed\n", result.stdout) end
        check.holds("parent completed", result.stdout)
        local uploads = service.uploads()
        assert.are.equal(row[4] or 1, #uploads)
        for _, upload in ipairs(uploads) do assert.are.equal("completed", upload.status) end
        assert.are.equal(0, upload_file.counts(service).cancel)
      end)
    end
  end
end)

describe("a fork while a stream is on its way through a temporary file", function()
  local program = [[
    local library = package.loadlib(os.getenv "FORK_LIBRARY", "luaopen_fork")()
    local uploads = require "openai_uploads"
    local given, is_forked, is_child = 0, false, false
    local job = uploads.start.upload_file_chunked {
      data = function()
        if given == 5 and not is_forked then return "" end
        if given == 10 then return nil end
        given = given + 1
        return is_child and "X" or ("abcdefghij"):sub(given, given)
      end,
      bytes = 10, spool = true, filename = "a", purpose = "batch", part_size = 2, concurrency = 1,
      md5 = os.getenv "MD5",
    }
    while given < 5 or job:progress() < 2 do uploads.step(0.01) end
    local pid = library.fork()
    is_forked, is_child = true, pid == 0
    if is_child then
      %s
      os.exit(0, true)
    end
    library.wait(pid)
    local done, upload, failure = job:wait(10)
    print(upload and upload.status or tostring(failure))
  ]]

  for _, row in ipairs {
    { "waits for it", "job:wait(5)" },
    { "steps", "for _ = 1, 5 do uploads.step(0.01) job:poll() end" },
    { "aborts it", "job:abort() job:wait(5)" },
    { "drops it", "job = nil collectgarbage() collectgarbage() uploads.step()" },
    { "sends one itself", [[is_child, given = true, 0
      uploads.upload_file_chunked { data = function()
        given = given + 1
        return given <= 10 and "Y" or nil
      end, filename = "b", purpose = "batch" }]], 2 },
  } do
    it("does not disturb the file when the child " .. row[1], function()
      if not forks then pending "no compiler, or no headers of this Lua" return end
      local result = script.run(program:format(row[2]), environment {
        FORK_LIBRARY = forks, MD5 = upload_file.md5(letters),
      })
      assert.are.same({ "completed\n", "", 0 }, { result.stdout, result.stderr, result.status })
      assert.are.equal(row[3] or 1, #service.uploads())
      assert.are.equal(0, upload_file.counts(service).cancel)
    end)
  end
end)
