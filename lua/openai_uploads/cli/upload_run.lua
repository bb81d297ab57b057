-- SPDX-License-Identifier: MIT
-- One file of `upload` on its way: a job of upload_file_chunked, its display, and the state of --resume.
local core = require "openai_uploads.core"
local calls = require "openai_uploads.cli.calls"
local interruption = require "openai_uploads.cli.interruption"
local progress = require "openai_uploads.cli.progress"

local upload_run = {}
upload_run.__index = upload_run

local SECONDS_TO_CLEAN_UP = 10 -- after a signal
local SECONDS_UNTIL_CONNECTING = 0.25 -- is worth a word

--- state: what resume_state.open returned; nil without --resume.
function upload_run.new(path, options, out, state)
  return setmetatable({
    path = path, options = options, out = out, state = state, display = progress.new(path, options, out),
    subject = path == "-" and "standard input" or path, -- of what is said
    total = nil,            -- bytes, once they are known
    interruption = nil,     -- the last signal that arrived
    gave_up = nil,          -- why nobody waits for the cancel any more
    is_connected = true,    -- or nothing needs to be said about that
    told_of_state = false,  -- that the state cannot be written
  }, upload_run)
end

--- Writes what was sent into the state. A state that cannot be written is told once, and is no reason to give up what
--- is under way.
function upload_run:save(resume, part)
  local saved, problem = self.state.save(resume, part)
  if not saved then self:tell_of_state(problem) end
end

function upload_run:tell_of_state(problem)
  if self.told_of_state then return end
  self.told_of_state = true
  self.display.erase()
  self.out.failure(self.subject, problem)
end

--- What upload_file_chunked is given of a command line for a file.
function upload_run.params_of(path, options)
  return {
    file = path, purpose = options.purpose, mime_type = options.mime_type, filename = options.filename,
    part_size = options.part_size, concurrency = options.concurrency, md5 = options.md5 and "compute" or nil,
    expires_after = calls.expires_after(options.expires_after),
  }
end

local function show_connecting(self)
  if self.is_connected or core.now() - self.began_at < SECONDS_UNTIL_CONNECTING then return end
  self.display.wait("connecting", math.huge)
end

local function params_of(self)
  local params = upload_run.params_of(self.path, self.options)
  params.on_progress = function(sent, total)
    self.total = total
    if self.interruption then return end
    show_connecting(self)
    self.display.show(sent, total)
  end
  if not self.state then return params end -- without one nobody needs the MD5 of each part
  params.resume, params.keep_on_failure = self.state.resume, true
  params.on_checkpoint = function(resume, part) self:save(resume, part) end
  return params
end

--- An on_retry that shows what is waited for.
function upload_run.showing_waits(self)
  return function(info)
    local is_patient = self.options.max_retries == nil and info.part_number ~= nil
    if not self.interruption then self.display.wait(progress.words_of_wait(info, is_patient), info.wait) end
  end
end

local function options_of(self)
  local all = { deadline = self.options.deadline, on_retry = self:showing_waits() }
  if self.options.verbose then return all end -- the client's own log tells of each request
  function all.log(event)
    if event.event ~= "done" or self.is_connected then return end
    self.is_connected = true
    self.display.wait(nil)
  end
  return all
end

function upload_run:begin(client)
  self.began_at, self.is_connected = core.now(), self.state ~= nil and self.state.resume ~= nil
  self.job = client.start.upload_file_chunked(params_of(self), options_of(self))
end

--- Notes a signal: from now on nothing is sent but what cleans up.
function upload_run:begin_leaving(raised)
  self.interruption = raised
  self.display.erase()
  self.out.note "stopping; Ctrl-C once more leaves at once"
end

--- Notes that nobody waits for what cleans up any more. raised: a second signal; nil when the time was up.
function upload_run:give_up(raised)
  if interruption.is(raised) then self.interruption = raised end
  self.gave_up = interruption.is(raised) and "left at once" or ("no answer within %d s"):format(SECONDS_TO_CLEAN_UP)
end

-- Returns true and what the job came to; or false and what was raised meanwhile.
local function try_to_wait(job, seconds)
  local fine, done, upload, failure = pcall(job.wait, job, seconds)
  if fine then return done, upload, failure end
  return false, done
end

-- Gives a job that was aborted the time to cancel its Upload; a second signal ends that.
local function wait_for_cleaning(self)
  local done, upload, failure = try_to_wait(self.job, SECONDS_TO_CLEAN_UP)
  if done then return upload, failure end
  self:give_up(upload)
  self.job:abort()
  return select(2, self.job:poll())
end

--- Waits for the end, and through a signal: then the job ends in its own order, and leaves nothing behind. Returns the
--- Upload; or nil and a failure.
function upload_run:wait()
  local done, upload, failure = try_to_wait(self.job)
  if done then return upload, failure end
  local raised = upload
  if interruption.is(raised) then self:begin_leaving(raised) end
  if not self.job.failure then self.job:abort() end -- else it would give up on the cancel
  upload, failure = wait_for_cleaning(self)
  if not self.interruption then error(raised, 0) end
  return upload, failure
end

return upload_run
