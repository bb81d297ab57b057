-- SPDX-License-Identifier: MIT
-- upload_file: sends a file of any size, and gives the File. A small one goes in one call, a larger one in parts.
local add_call = require "openai_uploads.add_call"
local begin = require "openai_uploads.file_upload.begin"
local chain = require "openai_uploads.chain"
local core = require "openai_uploads.core"
local job = require "openai_uploads.file_upload.job"
local lost = require "openai_uploads.files.lost"
local params = require "openai_uploads.file_upload.params"

-- The service takes 512 MiB in one call. A file of a few MiB gains most by it: one round trip in place of three. A
-- larger one is faster on several connections, and a failure costs one part, not all of it.
local USUAL_SINGLE_CALL_BYTES = 8 * 1024 * 1024
local MAX_SINGLE_CALL_BYTES = 512 * 1024 * 1024

local SECONDS_OF_PATIENCE = 30 -- as with a part, if the program set no retry limits
local SECONDS_BETWEEN_REPORTS = 0.1

-- Returns the params of upload_file_chunked, and the limit of one call. Fields from an __index count.
local function split(given)
  if type(given) ~= "table" or core.is_client(given) then return given, 0 end -- refused by params.plan
  local limit = given.single_call_bytes
  if limit == nil then limit = USUAL_SINGLE_CALL_BYTES end
  if not core.is_whole(limit, 0, MAX_SINGLE_CALL_BYTES) then
    error(("bad argument #1 to 'upload_file' (params.single_call_bytes must be a whole number from 0 to %d, got %s)")
      :format(MAX_SINGLE_CALL_BYTES, core.describe(limit)), 0)
  end
  local rest = setmetatable({}, { __index = given })
  for name, value in next, given do
    if name ~= "single_call_bytes" then rest[name] = value end
  end
  return rest, limit
end

-- The plan's checks name the call that it is written for.
local function plan_of(given)
  local fine, plan, failure = pcall(params.plan, given)
  if fine then return plan, failure end
  error((tostring(plan):gsub("upload_file_chunked", "upload_file")), 0)
end

-- Whether the plan is to go in one call: it is small, all of it is there, and nothing is asked for that only parts
-- have.
local function goes_in_one_call(plan, limit)
  local is_stored = plan.source.file or plan.source.data
  return is_stored and plan.bytes <= limit and not (plan.is_saved or plan.keeps_on_failure or plan.resume
    or plan.md5 or plan.computes_md5)
end

-- Calls the program's on_progress. Returns a failure if it raised.
local function report(self, sent)
  local on_progress = self.plan.on_progress
  if not on_progress then return nil end
  self.reported_at = core.now()
  local fine, raised = pcall(on_progress, sent, self.plan.bytes)
  if fine then return nil end
  if core.is_interruption(raised) then error(raised, 0) end
  return core.failure("aborted", "the on_progress function raised an error: " .. core.describe(raised))
end

-- Called while a program waits or polls.
local function look(self)
  if self.is_over or core.now() - self.reported_at < SECONDS_BETWEEN_REPORTS then return end
  local failure = report(self, (self:progress()))
  if failure then self:abort(failure) end
end

local function end_with(self, file, response)
  local failure = report(self, self.plan.bytes)
  if not failure then return self:finish(file, response) end
  failure.file, failure.may_have_applied, failure.aftermath = file, true, "the File is there: " .. file.id
  self:fail(failure, response)
end

local function on_file(self, file, failure, response)
  local plan = self.plan
  plan.source:close()
  if file then return end_with(self, file, response) end
  if failure.may_have_applied then
    failure.may_be_completed, failure.aftermath = true, lost.words(self.wanted)
    if plan.confirms_lost then return lost.confirm(self, failure, response, self.options) end
  end
  self:fail(failure, response)
end

local function send_in_one_call(client, waits, settings, plan, options)
  local self, create, of_call = chain.new(client, waits), plan.create, {}
  for name, value in pairs(options or {}) do of_call[name] = value end
  if not (settings.max_retries or settings.patience or of_call.max_retries or of_call.patience) then
    of_call.patience = SECONDS_OF_PATIENCE
  end
  self.plan, self.options, self.reported_at = plan, of_call, 0
  self.wanted = {
    filename = create.filename, bytes = plan.bytes, purpose = create.purpose, since = lost.by_our_clock(os.time()),
  }
  if plan.on_progress then self.look, self.seconds_between_looks = look, SECONDS_BETWEEN_REPORTS end
  local begun, raised = pcall(self.begin, self, on_file, client.start.files.create, {
    file = plan.source.file or nil, data = plan.source.data or nil, filename = create.filename,
    purpose = create.purpose, mime_type = create.mime_type, expires_after = create.expires_after,
  }, of_call)
  if begun then return self end
  plan.source:close()
  error(raised, 0)
end

--- Adds upload_file and start.upload_file to a client. await: the client's. settings: those that the program passed to
--- the client.
return function(client, await, waits, settings)
  add_call(waits, client, client.start, "upload_file", function(given, options)
    options = begin.options(options, "upload_file")
    local rest, limit = split(given)
    local plan, failure = plan_of(rest)
    if not plan then return job.failed(failure) end
    if goes_in_one_call(plan, limit) then return send_in_one_call(client, waits, settings, plan, options) end
    plan.gives_file = true
    return begin.job(client, await, waits, settings, plan, options)
  end)
end
