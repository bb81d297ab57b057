-- SPDX-License-Identifier: MIT
-- Misuse of upload_file_chunked raises at the caller's line, says what is wrong, and sends nothing.

local check = require "spec.support.check"
local drive = require "spec.support.drive"
local upload_file = require "spec.support.upload_file"
local with_service = require "spec.support.with_service"

local client, path
local mib64 = 64 * 1024 * 1024

local service = with_service.emulator()

setup(function() client = check.client(service) end)

teardown(function() client.close() end)

before_each(function() path = upload_file.write "abcdefghij" end)

after_each(upload_file.remove_all)

local md5 = ("0"):rep(32)
local saved = {
  upload_id = "upload_1", filename = "a.jsonl", purpose = "batch", mime_type = "text/jsonl", bytes = 10, part_size = 2,
  parts = {},
}
local function saved_but(changes)
  return { resume = check.merged(saved, changes) }
end

-- What is wrong, the params (beside a file and a purpose) or a function that makes all of them, and the message.
local rows = {
  { "no params", function() return nil end, "params must be a table, got nil" },
  { "a path as params", function() return "a.jsonl" end, "params must be a table, got string" },
  { "neither file nor data", function() return { purpose = "batch" } end,
    "params.file is missing, and so is params.data" },
  { "both", { data = "a", filename = "a.txt" }, "params.file and params.data exclude each other" },
  { "data without filename", function() return { purpose = "batch", data = "a" } end, "params.filename is missing" },
  { "no purpose", function() return { file = path } end, "params.purpose is missing" },
  { "an empty purpose", { purpose = "" }, "params.purpose is empty" },
  { "an empty path", { file = "" }, "params.file is empty" },
  { "an empty filename", { filename = "" }, "params.filename is empty" },
  { "a NUL in the path", { file = "a\0.txt" }, "params.file contains a NUL byte" },
  { "a file that is open", function() return { purpose = "batch", file = io.stdin } end,
    "params.file must be a string, got userdata" },
  { "data of another type", function() return { purpose = "batch", data = {}, filename = "a.txt" } end,
    "params.data must be a string, a function, an open file or an object with read, got table" },
  { "a number as purpose", { purpose = 1 }, "params.purpose must be a string, got 1" },
  { "bytes that are text", { bytes = "10" }, "params.bytes must be a whole number that is not negative, got string" },
  { "bytes that are broken", { bytes = 1.5 }, "params.bytes must be a whole number that is not negative, got 1.5" },
  { "bytes below zero", { bytes = -1 }, "params.bytes must be a whole number that is not negative, got -1" },
  { "bytes without end", { bytes = math.huge }, "params.bytes must be a whole number that is not negative, got inf" },
  { "bytes that are no number", { bytes = 0 / 0 }, "params.bytes must be a whole number that is not negative, got " },
  { "a part_size of 0", { part_size = 0 }, "params.part_size must be from 1 to 67108864, got 0" },
  { "a part_size over 64 MiB", { part_size = mib64 + 1 }, "params.part_size must be from 1 to 67108864, got 67108865" },
  { "a part_size below zero", { part_size = -5 },
    "params.part_size must be a whole number that is not negative, got -5" },
  { "a concurrency of 0", { concurrency = 0 }, "params.concurrency must be from 1 to 64, got 0" },
  { "a concurrency of 65", { concurrency = 65 }, "params.concurrency must be from 1 to 64, got 65" },
  { "a short MD5", { md5 = "abc" }, "params.md5 must be 32 hexadecimal digits or 'compute', got 'abc'" },
  { "an MD5 of other letters", { md5 = ("g"):rep(32) }, "params.md5 must be 32 hexadecimal digits" },
  { "an MD5 of 33 digits", { md5 = ("a"):rep(33) }, "params.md5 must be 32 hexadecimal digits" },
  { "on_progress that is no function", { on_progress = true }, "params.on_progress must be a function, got boolean" },
  { "on_checkpoint that is no function", { on_checkpoint = "f" },
    "params.on_checkpoint must be a function, got string" },
  { "keep_on_failure that is no boolean", { keep_on_failure = 1 }, "params.keep_on_failure must be a boolean, got 1" },
  { "expires_after that is no table", { expires_after = 3600 }, "params.expires_after must be a table, got 3600" },
  { "a resume that is no table", { resume = "upload_1" }, "params.resume must be a table, got string" },
  { "a resume of nothing", { resume = {} }, "params.resume has no upload_id" },
  { "a resume without upload_id", saved_but { upload_id = 1 }, "params.resume has no upload_id" },
  { "a resume with an upload_id that cannot be sent", saved_but { upload_id = ".." },
    "params.resume has an upload_id that may not be '.' or '..'" },
  { "a resume with a purpose that is none", saved_but { purpose = 1 }, "params.resume has no purpose" },
  { "a resume with a filename that is none", saved_but { filename = "" }, "params.resume has no filename" },
  { "a resume with a mime_type that is none", saved_but { mime_type = {} }, "params.resume has no mime_type" },
  { "a resume with an MD5 that is none", saved_but { parts = { { number = 1, id = "part_1", md5 = md5 .. "0" } } },
    "params.resume has a part 1 without the 32 hexadecimal digits of its md5" },
  { "a resume with a part twice", saved_but { parts = { { number = 1, id = "a" }, { number = 1, id = "b" } } },
    "params.resume has part 1 twice" },
  { "a resume with an id twice", saved_but { parts = { { number = 1, id = "a" }, { number = 2, id = "a" } } },
    "params.resume has part 'a' twice" },
  { "a resume without bytes", saved_but { bytes = "10" }, "params.resume has no bytes or no part_size" },
  { "a resume without part_size", saved_but { part_size = 0 }, "params.resume has no bytes or no part_size" },
  { "a resume with a part_size that was none", saved_but { part_size = mib64 * 2 }, "params.resume has" },
  { "a resume with a broken part_size", saved_but { part_size = 2.5 }, "params.resume has" },
  { "a resume without parts", saved_but { parts = 1 }, "params.resume has no list of parts" },
  { "a resume with a part that is none", saved_but { parts = { "part_1" } }, "params.resume has a part without" },
  { "a resume with a part of no id", saved_but { parts = { { number = 1 } } }, "params.resume has a part without" },
  { "a resume with a part beyond the last", saved_but { parts = { { number = 6, id = "part_1" } } },
    "params.resume has a part" },
  { "a resume with a part before the first", saved_but { parts = { { number = 0, id = "part_1" } } },
    "params.resume has a part" },
  { "a resume with half a part", saved_but { parts = { { number = 1.5, id = "part_1" } } },
    "params.resume has a part" },
  { "a resume with a part that is no number", saved_but { parts = { { number = 0 / 0, id = "part_1" } } },
    "params.resume has a part" },
  { "a resume of parts of another size", { resume = saved, part_size = 3 },
    "params.part_size is 3, but the parts sent so far have 2 bytes" },
  { "a field that is near one", { fil = "a" }, "unknown field 'params.fil' (did you mean 'file'?)" },
  { "a field of another client", { filepath = "a" }, "unknown field 'params.filepath'" },
  { "an option", { timeout = 1 }, "unknown field 'params.timeout': it is an option, and goes into the table behind " ..
    "params" },
  { "a field that is near none", { zzzzzz = 1 }, "unknown field 'params.zzzzzz'" },
  { "a list", { "a.jsonl" }, "unknown field 'params.1'" },
  { "a field whose name cannot be told", { [setmetatable({}, { __tostring = error })] = 1 },
    "unknown field 'params.a table'" },
  { "on_progess", { on_progess = print }, "(did you mean 'on_progress'?)" },
}

local misuses_of_options = {
  { "options that are none", 12, "bad argument #2 to 'upload_file_chunked' (options must be a table, got number)" },
  { "an unknown option", { time_out = 1 }, "unknown option 'time_out' (did you mean 'timeout'?)" },
  { "an option of the wrong type", { max_retries = "many" }, "max_retries" },
  { "an option that the last call alone is given", { with_response = "yes" },
    "bad option 'with_response' (boolean expected, got string)" },
  { "an option out of range", { deadline = -1 }, "deadline" },
  { "a deadline of nothing", { deadline = 0 }, "deadline" },
  { "a setting of a whole client", { loop = "luv" }, "option 'loop' is a setting of a whole client" },
}

local function check_misuse(params, options, says)
  for _, start in ipairs { client.upload_file_chunked, client.start.upload_file_chunked } do
    local fine, message = pcall(function() start(params, options) end)
    local line = debug.getinfo(1, "l").currentline - 1
    assert.is_false(fine)
    check.holds(says, message)
    assert.are.equal(1, (message:find("spec/files/params_spec.lua:" .. line .. ": ", 1, true)
      or message:find("./spec/files/params_spec.lua:" .. line .. ": ", 1, true)), message)
  end
end

describe("upload_file_chunked raises for", function()
  for _, row in ipairs(rows) do
    it(row[1], function()
      local given = row[2]
      if type(given) == "function" then
        given = given()
      else
        given = check.merged({ file = path, purpose = "batch" }, given)
      end
      local before = upload_file.descriptors()
      check_misuse(given, nil, row[3])
      assert.are.equal(before, upload_file.descriptors())
      drive.all(client)
      check.nothing_sent(service)
    end)
  end

  for _, row in ipairs(misuses_of_options) do
    it(row[1], function()
      local before = upload_file.descriptors()
      check_misuse({ file = path, purpose = "batch" }, row[2], row[3])
      check_misuse({ file = path, purpose = "batch", md5 = "compute" }, row[2], row[3])
      assert.are.equal(before, upload_file.descriptors())
      drive.all(client)
      check.nothing_sent(service)
    end)
  end

  it("a job's wait that is not for a time, and an on_done that is no function", function()
    local job = client.start.upload_file_chunked { file = path, purpose = "batch" }
    for _, misuse in ipairs {
      { function() job:wait(-1) end, "bad argument #1 to 'wait'" },
      { function() job:wait(0 / 0) end, "bad argument #1 to 'wait'" },
      { function() job:wait "soon" end, "bad argument #1 to 'wait'" },
      { function() job:on_done() end, "bad argument #1 to 'on_done' (function expected, got nil)" },
    } do
      local fine, message = pcall(misuse[1])
      assert.is_false(fine)
      check.holds(misuse[2], message)
      check.holds("params_spec.lua:" .. debug.getinfo(misuse[1], "S").linedefined .. ": ", message)
    end
    assert.is_true((job:wait()))
  end)
end)
