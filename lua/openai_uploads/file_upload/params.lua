-- SPDX-License-Identifier: MIT
-- The params of upload_file_chunked. This file checks them, adds defaults, and plans the parts. Misuse raises, without
-- a position. Problems of the environment, such as a missing file, are failures.
local core = require "openai_uploads.core"
local guess_mime_type = require "openai_uploads.file_upload.mime_types"
local data_reader = require "openai_uploads.file_upload.data_reader"
local part_buffers = require "openai_uploads.file_upload.part_buffers"
local part_sizes = require "openai_uploads.file_upload.part_sizes"
local plain = require "openai_uploads.plain"
local resume = require "openai_uploads.file_upload.resume"
local resume_file = require "openai_uploads.file_upload.resume_file"
local spool = require "openai_uploads.file_upload.spool"
local stored_parts = require "openai_uploads.file_upload.stored_parts"
local stream = require "openai_uploads.file_upload.stream"

local params = {}

--- Whether a text is an MD5 as the service takes it.
function params.is_md5(text) return #text == 32 and text:find "^%x+$" ~= nil end

-- Each connection begins slowly, so on a fast line far away more of them are faster. Of a stream, each Part under way
-- may take memory.
local DEFAULT_CONCURRENCY, DEFAULT_STREAM_CONCURRENCY, MAX_CONCURRENCY = 8, 4, 64

-- name -> type
local known = {
  file = "string", data = "string, a function, an open file or an object with read", filename = "string",
  mime_type = "string", purpose = "string", md5 = "string",
  bytes = "whole number", part_size = "whole number", concurrency = "whole number",
  expires_after = "table", resume = "table", resume_file = "string",
  spool = "boolean", data_timeout = "number", confirm_lost = "boolean",
  on_progress = "function", on_checkpoint = "function", keep_on_failure = "boolean",
}

local function complain(format, ...)
  error(("bad argument #1 to 'upload_file_chunked' (" .. format .. ")"):format(...), 0)
end

local function complain_of_unknown(given)
  local name = type(given) == "table" and "a table" or core.describe(given)
  local nearest = core.nearest_name(name, known)
  if core.is_option(name) then
    complain("unknown field 'params.%s': it is an option, and goes into the table behind params", name)
  end
  complain("unknown field 'params.%s'%s", name, nearest and (" (did you mean '%s'?)"):format(nearest) or "")
end

-- Reads each field once, so that the checked values are the values used. Fields from an __index count.
local function read(given)
  local fields = {}
  if type(given) ~= "table" then complain("params must be a table, got %s", type(given)) end
  if core.is_client(given) then
    complain("it is a client: write client.upload_file_chunked(...), with a dot in place of the colon")
  end
  for name in next, given do
    if not known[name] then complain_of_unknown(name) end
  end
  for name in pairs(known) do
    local value = given[name]
    local is_copied = type(value) == "table" and name ~= "data" -- an object with `read` is the program's own
    fields[name] = is_copied and plain(value, "params." .. name, 1, "upload_file_chunked") or value
  end
  return fields
end

local function check_types(given)
  for name, value in pairs(given) do
    local wanted = known[name]
    local is_fine = name == "data" or type(value) == wanted or wanted == "whole number" and core.is_whole(value)
    if not is_fine then
      complain("params.%s must be a %s, got %s", name,
        wanted == "whole number" and "whole number that is not negative" or wanted,
        type(value) == "number" and value or type(value))
    end
    if value == "" and name ~= "data" then complain("params.%s is empty", name) end
  end
end

-- Sets given.reader where the data is a stream.
local function check_data(given)
  local data = given.data
  if type(data) == "string" then return end
  given.reader = data_reader.new(data)
  if not given.reader then complain("params.data must be a %s, got %s", known.data, type(data)) end
  if io.type(data) == "closed file" then complain "params.data is a closed file" end
  if given.resume or given.resume_file then
    complain("params.%s goes with params.file or a string: the data of a stream cannot be read again",
      given.resume and "resume" or "resume_file")
  end
end

-- Fields that say how a stream is read.
local function check_stream(given)
  if given.data then check_data(given) end
  for _, name in ipairs { "spool", "data_timeout" } do
    if given[name] ~= nil and not given.reader then
      complain("params.%s goes with params.data that is a function, an open file or an object with read", name)
    end
  end
  local seconds = given.data_timeout
  if seconds and (seconds <= 0 or seconds ~= seconds) then complain "params.data_timeout must be above 0" end
end

local function check_range(given, name, least, most)
  local value = given[name]
  if value and (value < least or value > most) then
    complain("params.%s must be from %d to %d, got %.0f", name, least, most, value)
  end
end

-- Replaces params.resume by its checked copy.
local function check_resume(given)
  local saved, problem = resume.read(given.resume)
  if not saved then complain("params.resume %s", problem) end
  if given.part_size and given.part_size ~= saved.part_size then
    complain("params.part_size is %.0f, but the parts sent so far have %.0f bytes", given.part_size, saved.part_size)
  end
  given.resume = saved
end

local function check(given)
  check_types(given)
  if (given.file == nil) == (given.data == nil) then
    complain(given.file and "params.file and params.data exclude each other"
      or "params.file is missing, and so is params.data")
  end
  if given.file and given.file:find("\0", 1, true) then complain("params.file contains a NUL byte") end
  if given.data and not given.filename then complain("params.filename is missing: data has no name of its own") end
  if not given.purpose then complain("params.purpose is missing") end
  check_range(given, "part_size", 1, core.max_part_bytes)
  check_range(given, "concurrency", 1, MAX_CONCURRENCY)
  if given.md5 and given.md5 ~= "compute" and not params.is_md5(given.md5) then
    complain("params.md5 must be 32 hexadecimal digits or 'compute', got '%s'", given.md5)
  end
  check_stream(given)
  if given.resume and given.resume_file then complain "params.resume and params.resume_file exclude each other" end
  if given.resume then check_resume(given) end
end

local function file_failure(format, ...) return nil, core.failure("file", format:format(...)) end

-- Opens what the parts are read from. Returns true, or nil and a failure.
local function open_stored(plan, given)
  local file, failure
  if given.file then
    file, failure = core.open_file(given.file)
    if not file then return nil, failure end
  end
  plan.source = stored_parts.new(plan, file, given.data)
  plan.bytes = file and file:size() or #given.data
  if plan.bytes ~= 0 and given.bytes and given.bytes ~= plan.bytes then
    return file_failure("%s has %d bytes, where params.bytes says %.0f", plan.filename, plan.bytes, given.bytes)
  end
  return true
end

-- The same for a stream. Its parts are kept in memory if their size is bounded and that of the whole is known.
local function open_stream(plan, given)
  local store, failure
  plan.bytes = part_sizes.whole(given.bytes)
  if given.bytes and not given.spool then
    plan.max_usual_part_bytes = part_sizes.MAX_USUAL_BUFFER_BYTES
    store = part_buffers.new(plan)
  else
    store, failure = spool.new(plan)
    if not store then return nil, failure end
  end
  plan.source = stream.new(plan, given.reader, store)
  return true
end

-- Compares the file with the one to resume. Returns true, or nil and a failure if they differ.
local function compare(plan)
  local difference = plan.resume and resume.difference(plan.resume, plan)
  if not difference then return true end
  return nil, resume.refusal(plan, difference)
end

local function plan_of(given)
  local filename = given.filename or given.file:match("[^/]*$")
  local saved = given.resume or {}
  return {
    filename = filename,
    concurrency = given.concurrency or given.reader and DEFAULT_STREAM_CONCURRENCY or DEFAULT_CONCURRENCY,
    part_size = part_sizes.whole(given.part_size or saved.part_size),
    max_usual_part_bytes = core.max_part_bytes, data_timeout = given.data_timeout,
    md5 = given.md5 ~= "compute" and given.md5 or nil,
    computes_md5 = given.md5 == "compute" or (given.resume and not given.md5), -- two processes send the parts
    on_progress = given.on_progress, on_checkpoint = given.on_checkpoint,
    keeps_on_failure = given.keep_on_failure or given.resume_file ~= nil, resume = given.resume,
    is_saved = given.keep_on_failure or given.on_checkpoint ~= nil or given.resume_file ~= nil,
    confirms_lost = given.confirm_lost,
    create = { -- as the service stores them: a table to resume from may go through JSON
      filename = core.utf8(filename), purpose = core.utf8(given.purpose),
      mime_type = core.utf8(given.mime_type or saved.mime_type or guess_mime_type(filename)),
      expires_after = given.expires_after,
    },
  }
end

-- Opens the file of `resume_file` and adopts its saved Upload. The parts keep their size. Returns the state, nil if no
-- such file is wanted, or false and a failure.
local function take_up(given)
  if not given.resume_file then return nil end
  local state, failure = resume_file.open(given.resume_file)
  if not state then return false, failure end
  given.resume = state.resume
  if state.resume then given.part_size = state.resume.part_size end
  return state
end

--- Returns the plan: { source, bytes, part_size, part_count, create: the params of that call, ... }. Returns nil
--- and a failure if the file cannot be read or is not the one to resume.
function params.plan(given)
  given = read(given)
  check(given)
  local state, fine, failure
  state, failure = take_up(given)
  if state == false then return nil, failure end
  local plan = plan_of(given)
  plan.state = state
  fine, failure = (given.reader and open_stream or open_stored)(plan, given)
  if fine and plan.bytes then fine, failure = part_sizes.divide(plan) end
  if fine then fine, failure = compare(plan) end
  if fine then return plan end
  if plan.source then plan.source:close() end
  if state then resume_file.settle(state, nil, failure) end
  return nil, failure
end

return params
