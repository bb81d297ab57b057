-- SPDX-License-Identifier: MIT
-- `openai-uploads upload -`: what comes on standard input.
-- Runs once: each_lua_spec has the parts of the command that depend on the interpreter.

local check = require "spec.support.check"
local cjson = require("cjson").new()
local cli = require "spec.support.cli"
local with_service = require "spec.support.with_service"

describe("openai-uploads upload -", function()
  local folder

  local service = with_service.emulator()

  before_each(function() folder = io.popen("mktemp -d"):read("*l") end)

  after_each(function() os.execute("rm -rf " .. folder) end)

  local function start(redirected, bytes, ...)
    return cli.start({ "upload", "-", "-p", "batch", "--filename", "a.txt", "--bytes", tostring(bytes),
      "--part-size", "4", ... }, { OPENAI_BASE_URL = service.base_url }, redirected)
  end

  -- Gives it that text. Returns the result.
  local function send(text, bytes, ...)
    local path = cli.write_file(folder .. "/given", text)
    return start("<" .. path, bytes, ...).finish()
  end

  local function only_upload()
    local uploads = service.uploads()
    assert.are.equal(1, #uploads)
    return uploads[1]
  end

  local function fails(status, told, text, bytes, ...)
    local result = send(text, bytes, ...)
    assert.are.same({ "", status }, { result.stdout, result.status }, result.stderr)
    check.holds(told, result.stderr)
    return result.stderr
  end

  it("sends it in parts, in its order", function()
    local result = send("abcdefghij", 10)
    assert.are.same({ "", 0 }, { result.stderr, result.status })
    assert.matches("^file%-%w+\n$", result.stdout)
    local upload, sizes = only_upload(), {}
    for index, part in ipairs(upload.parts) do sizes[index] = part.bytes end
    assert.are.same({ "a.txt", "text/plain", "completed", 10, { 4, 4, 2 } },
      { upload.filename, upload.mime_type, upload.status, upload.file.bytes, sizes })
  end)

  it("waits for what comes late, and reads no further than the end", function()
    local pipe = folder .. "/pipe"
    os.execute("mkfifo " .. pipe)
    local child = start("<" .. pipe, 6)
    local writer = assert(io.open(pipe, "w"))
    writer:setvbuf "no"
    writer:write "abc"
    cli.wait_for(function() return #service.requests() == 1 end) -- the creation, which waits for nothing
    writer:write "def"
    writer:close()
    local result = child.finish()
    assert.are.same({ "", 0, "completed" }, { result.stderr, result.status, only_upload().status })
  end)

  it("sends a part again as it was", function()
    service.answer_next { { call = "parts" }, { call = "parts", status = 503, headers = { ["retry-after-ms"] = "1" } } }
    assert.are.equal(0, send("abcdefgh", 8).status)
    assert.are.equal(2, #only_upload().parts)
  end)

  for _, row in ipairs {
    { "fewer bytes than were announced", "abcdef", 10, "standard input ended after 6 of the 10 bytes of --bytes" },
    { "none", "", 10, "standard input ended after 0 of the 10 bytes of --bytes" },
    { "more than were announced", "abcdefg", 6, "standard input has more than the 6 bytes of --bytes" },
  } do
    it("cancels it where there are " .. row[1], function()
      local stderr = fails(17, "openai-uploads: file: " .. row[4], row[2], row[3])
      assert.are.equal("cancelled", only_upload().status)
      check.holds(only_upload().id .. " was cancelled\n", stderr)
    end)
  end

  it("cancels it where it cannot be read", function()
    local result = start("<" .. folder, 5).finish()
    check.holds("openai-uploads: file: standard input cannot be read: Is a directory; ", result.stderr)
    assert.are.same({ "", 17, "cancelled" }, { result.stdout, result.status, only_upload().status })
  end)

  it("cancels it where a part is refused", function()
    service.answer_next { { call = "parts" }, { call = "parts", status = 400 } }
    local told = cjson.decode(fails(20, "bad_request", "abcdefgh", 8, "--json")).error
    assert.are.same({ only_upload().id, true, 2 }, { told.upload_id, told.cancelled, told.part_number })
  end)

  it("says that it may have been completed", function()
    service.answer_next { { call = "complete", close = true, apply = true } }
    fails(31, "may have been completed: look for its File", "abc", 3, "--max-retries", "0")
    assert.are.equal("completed", only_upload().status)
  end)

  it("gives up at the deadline of the whole", function()
    service.answer_next { { call = "parts", delay = 0.6 }, { call = "parts", delay = 0.6 } }
    fails(13, "timeout: the deadline of 1 s has passed", "abcdefgh", 8, "--deadline", "1", "--max-retries", "0")
    assert.are.equal("cancelled", only_upload().status)
  end)

  for _, row in ipairs {
    { "nothing came yet", "", 1 }, { "a part is in flight", "abcdefgh", 2, { { call = "parts", delay = 30 } } },
  } do
    it("cancels it at a signal while " .. row[1], function()
      local pipe = folder .. "/pipe"
      os.execute("mkfifo " .. pipe)
      service.answer_next(row[4] or {})
      local child = start("<" .. pipe, 8)
      local writer = assert(io.open(pipe, "w"))
      writer:setvbuf "no"
      writer:write(row[2])
      cli.wait_for(function() return #service.requests() == row[3] end)
      cli.wait_for(child.is_asleep)
      child.signal "TERM"
      local result = child.finish()
      writer:close()
      assert.are.same({ "", 143, "cancelled" }, { result.stdout, result.status, only_upload().status })
      check.holds("standard input: interrupted by SIGTERM; " .. only_upload().id .. " was cancelled\n", result.stderr)
    end)
  end

  it("says with --dry-run what would be sent, and reads nothing", function()
    local result = start("<&-", 10, "--dry-run").finish()
    assert.are.same({ "-: 10 bytes as 'a.txt', text/plain, for batch, in 3 parts of 4 bytes at most\n", 0 },
      { result.stdout, result.status }, result.stderr)
    check.nothing_sent(service)
  end)
end)
