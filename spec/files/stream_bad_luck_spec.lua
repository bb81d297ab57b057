-- SPDX-License-Identifier: MIT
-- Streams that fail, end too early or never, and what happens to their Uploads: a clear failure, and nothing is left.

local built = require "spec.support.built"
local check = require "spec.support.check"
local drive = require "spec.support.drive"
local script = require "spec.support.script"
local upload_file = require "spec.support.upload_file"
local with_service = require "spec.support.with_service"

local letters = "abcdefghij"

local service = with_service.emulator()

after_each(upload_file.remove_all)

-- A data function that gives these pieces and then calls `finally`.
local function giving(pieces, finally)
  local index = 0
  return function()
    index = index + 1
    if pieces[index] then return pieces[index] end
    return finally()
  end
end

local function params(data, more)
  return check.merged({
    data = data, filename = "a.jsonl", purpose = "batch", part_size = 2, concurrency = 2, bytes = 10,
  }, more or {})
end

local function without_bytes(data, more)
  local all = params(data, more)
  all.bytes = nil
  return all
end

-- A pipe that gives this text and then nothing, and the function that ends it.
local function silent_pipe(text)
  local path = os.tmpname()
  local pipe = assert(io.popen(("unset LD_PRELOAD; echo $$ >'%s'; printf %s; exec sleep 20"):format(path, text)))
  return pipe, function()
    os.execute(("kill $(cat '%s')"):format(path))
    pipe:close()
    os.remove(path)
  end
end

local sizes = {
  { "of announced size", params },
  { "of announced size through a temporary file", function(data) return params(data, { spool = true }) end },
  { "of unknown size", without_bytes, is_unknown = true },
}

-- Checks that the Upload was cancelled and that nothing else is left.
local function check_cancelled(failure, is_unknown)
  assert.is_false(failure.may_have_applied)
  if is_unknown then return assert.are.equal(0, #service.uploads()) end
  assert.is_true(failure.cancelled)
  assert.are.equal("cancelled", upload_file.only_upload(service).status)
  assert.are.equal(0, upload_file.counts(service).complete)
end

for _, row in ipairs {
  { "raises", function() error("oh dear", 0) end, "aborted", "the data function raised an error: oh dear" },
  { "raises a failure", function() error(select(2, check.client(service).cancel "upload_none")) end, "aborted",
    "raised an error: not_found: No such Upload" },
  { "gives up", function() return nil, "no more today" end, "aborted", "the data function gave up: no more today" },
  { "gives a number", function() return 12 end, "aborted", "gave a number where a string was expected" },
  { "gives false", function() return false end, "aborted", "gave a boolean where a string was expected" },
  { "gives empty strings for ever", function() return "" end, "aborted", "empty strings in a row" },
  { "ends too early", function() return nil end, "file", "ended after 3 of the 10 bytes of params.bytes",
    announced = true },
  { "gives too much", function() return letters end, "file", "gave more than the 10 bytes of params.bytes",
    announced = true },
  { "yields where nothing can wait", function() return coroutine.yield() end, "aborted", "yield" },
} do
  for _, size in ipairs(sizes) do
    if not (row.announced and size.is_unknown) then
      it(("a data function that %s, %s, fails and leaves nothing"):format(row[1], size[1]), function()
        upload_file.with_client(service, {}, function(client)
          local failure = check.failure(row[3], client.upload_file_chunked(size[2](giving({ "ab", "c" }, row[2]))))
          check.holds(row[4], failure.message)
          check_cancelled(failure, size.is_unknown)
        end)
      end)
    end
  end
end

describe("upload_file_chunked of a stream", function()
  it("fails if an object's read does", function()
    local failure = check.failure("aborted", check.client(service).upload_file_chunked(params {
      read = function() error("oh dear", 0) end,
    }))
    check.holds("data:read raised an error: oh dear", failure.message)
    check_cancelled(failure)
  end)

  it("fails if the writer of a pipe dies", function()
    upload_file.with_client(service, {}, function(client)
      local pipe = io.popen "unset LD_PRELOAD; printf abc; kill -KILL $$"
      local failure = check.failure("file", client.upload_file_chunked(params(pipe)))
      pipe:close()
      check.holds("the pipe ended after 3 of the 10 bytes", failure.message)
      check_cancelled(failure)
    end)
  end)

  it("ends at its deadline, or at data_timeout, although a pipe gives nothing", function()
    for _, row in ipairs {
      { says = "the deadline of 0.2 s has passed", options = { deadline = 0.2 } },
      { says = "the pipe gave nothing for the 0.2 s of params.data_timeout", params = { data_timeout = 0.2 } },
    } do
      for _, size in ipairs { { params }, { without_bytes, true } } do
        service.reset()
        local pipe, finish = silent_pipe "a"
        local failure = check.failure("timeout",
          check.client(service).upload_file_chunked(size[1](pipe, row.params), row.options))
        finish()
        check.holds(row.says, failure.message)
        check_cancelled(failure, size[2])
      end
    end
  end)

  it("fails if its file is closed meanwhile", function()
    local pipe = io.popen "unset LD_PRELOAD; printf a; exec sleep 0.2"
    local client = check.client(service)
    local job = client.start.upload_file_chunked(params(pipe))
    pipe:close()
    job:wait()
    check_cancelled(check.failure("file", drive.result(job)))
  end)

  it("ends if its function closes the client", function()
    local client = check.client(service)
    local _, failure = client.upload_file_chunked(params(giving({ "ab", "cd" }, function()
      client.close()
      return nil
    end)))
    -- `file` if the first parts had been answered: then nothing was aborted, and the data is too short
    assert.is_true(failure.kind == "aborted" or failure.kind == "file", tostring(failure))
    assert.are.equal("cancelled", service.upload(failure.upload_id).status)
  end)

  it("ends if its function aborts it, which is not called again", function()
    for _, size in ipairs(sizes) do
      service.reset()
      local client, job, called = check.client(service), nil, 0
      job = client.start.upload_file_chunked(size[2](giving({ "ab", "cd" }, function()
        job:abort()
        called = called + 1
        return "e"
      end)))
      job:wait()
      assert.are.equal(1, called)
      check_cancelled(check.failure("aborted", drive.result(job)), size.is_unknown)
    end
  end)

  it("ends if its function waits for it", function()
    for _, size in ipairs(sizes) do
      service.reset()
      local client, job = check.client(service), nil
      job = client.start.upload_file_chunked(size[2](giving({ "ab", "cd" }, function() job:wait() end)))
      drive.till(client, function() return job:done() end)
      local failure = check.failure("aborted", drive.result(job))
      check.holds("cannot be waited for inside a function that it calls", failure.message)
      check_cancelled(failure, size.is_unknown)
    end
  end)

  it("lets its function wait for a while", function()
    local client, job = check.client(service), nil
    job = client.start.upload_file_chunked(params(giving({ "abcdefghij" }, function()
      assert.is_false(job:wait(0.01))
      return nil
    end)))
    local _, upload = job:wait()
    assert.are.equal("completed", upload.status)
  end)

  it("is cancelled if it is dropped, also while its parts are under way", function()
    for _, data in ipairs { giving({ "ab", "cd" }, function() return "" end), io.popen "printf abcd; exec sleep 5" } do
      service.reset()
      local client = check.client(service)
      local job = client.start.upload_file_chunked(params(data))
      drive.till(client, function() return job:progress() >= 4 end)
      job = nil -- luacheck: ignore 311
      drive.collect()
      drive.till(client, function() return upload_file.only_upload(service).status == "cancelled" end)
    end
  end)

  it("that takes longer than the service's hour fails as expired", function()
    local failure = check.failure("gone", check.client(service).upload_file_chunked(params(giving({ "ab" }, function()
      service.advance_clock(3601)
      return "cdefghij"
    end))))
    assert.are.same({ false, "gone" }, { failure.cancelled, failure.cancel_failure.kind })
    check.holds("has expired", tostring(failure))
  end)

  it("that is collected for longer than an hour is created after that", function()
    local upload = check.client(service).upload_file_chunked(without_bytes(giving({ "ab" }, function()
      service.advance_clock(3601)
      return nil
    end)))
    assert.are.equal("completed", upload.status)
  end)

  it("keeps nothing open after any of its ends", function()
    upload_file.with_client(service, {}, function(client)
      for _, size in ipairs(sizes) do
        for moment = 0, 12 do
          local steps = 0
          local job = client.start.upload_file_chunked(size[2](giving({ "abcde", "fghij" }, function() return nil end)))
          while steps < moment and not job:done() do
            client.step(0.01)
            steps = steps + 1
          end
          job:abort()
          job:wait()
          for _, upload in ipairs(service.uploads()) do assert.are_not.equal("pending", upload.status) end
        end
      end
    end)
  end)
end)

describe("the temporary file of a stream", function()
  local library

  setup(function() library = assert(built.library "failing_disk") end)

  local function run(environment)
    environment.LD_PRELOAD = (os.getenv "LD_PRELOAD" or "") .. " " .. library -- behind a sanitizer
    return script.run([[
      local uploads = require "openai_uploads"
      for _, bytes in ipairs { false, 300000 } do
        local left = 30
        local upload, failure = uploads.upload_file_chunked {
          data = function()
            if left == 0 then return nil end
            left = left - 1
            return ("x"):rep(10000)
          end,
          bytes = bytes or nil, spool = true, filename = "a.jsonl", purpose = "batch", part_size = 100000,
          md5 = "compute",
        }
        print(upload and upload.status or failure.kind .. ": " .. failure.message)
      end
    ]], check.merged({ OPENAI_API_KEY = check.key, OPENAI_BASE_URL = service.base_url, no_proxy = "*" }, environment))
  end

  it("on a full disk is a failure, and the Upload is cancelled", function()
    local said = "file: the temporary file cannot be written: No space left on device; TMPDIR names the folder for it\n"
    local result = run { FULL_DISK_AT = "155000", ASAN_OPTIONS = "detect_leaks=0" }
    assert.are.same({ said:rep(2), "" }, { result.stdout, result.stderr })
    assert.are.equal("cancelled", upload_file.only_upload(service).status)
  end)

  it("is written and read to its end where both are interrupted", function()
    local result = run { ASAN_OPTIONS = "detect_leaks=0" }
    assert.are.same({ "completed\ncompleted\n", "" }, { result.stdout, result.stderr })
  end)

  it("where there is no folder for it is a failure, and nothing is sent", function()
    local result = run { TMPDIR = "/nowhere/at/all" }
    check.holds("file: the temporary file cannot be created: No such file or directory", result.stdout)
    check.nothing_sent(service)
  end)
end)
