-- SPDX-License-Identifier: MIT
-- One file that `upload` sends: the job of upload_file_chunked, its display, and the state of --resume.
local core = require "openai_uploads.core"
local calls = require "openai_uploads.cli.calls"
local interruption = require "openai_uploads.cli.interruption"
local progress = require "openai_uploads.cli.progress"

local upload_run = {}
upload_run.__index = upload_run

local SECONDS_TO_CLEAN_UP = 10 -- after a signal
local SECONDS_UNTIL_CONNECTING = 0.25 -- is shown

--- state: the result of resume_state.open; nil without --resume.
function upload_run.new(path, options, out, state)
  return setmetatable({
    path = path, options = options, out = out, state = state, display = progress.new(path, options, out),
    subject = path == "-" and "standard input" or path, -- of messages
    total = nil,            -- bytes, once they are known
    interruption = nil,     -- the last signal that arrived
    gave_up = nil,          -- why the cancel is not waited for any more
    is_connected = true,    -- or the connection is not to be mentioned
    told_of_state = false,  -- that the state cannot be written
  }, upload_run)
end

--- Records in the state what was sent. A state that cannot be written is reported once, and the upload goes on.
function upload_run:save(resume, part)
  local saved, problem = self.state:save(resume, part)
  if not saved then self:tell_of_state(problem) end
end

function upload_run:tell_of_state(problem)
  if self.told_of_state then return end
  self.told_of_state = true
  self.display:erase()
  self.out:failure(self.subject, problem)
end

--- The params of upload_file_chunked for a file.
function upload_run.params_of(path, options)
  return {
    file = path, purpose = options.purpose, mime_type = options.mime_type, filename = options.filename,
    part_size = options.part_size, concurrency = options.concurrency, md5 = options.md5 and "compute" or nil,
    expires_after = calls.expires_after(options.expires_after), keep_on_failure = options.resume ~= nil,
  }
end

local function show_connecting(self)
  if self.is_connected or core.now() - self.began_at < SECONDS_UNTIL_CONNECTING then return end
  self.display:wait("connecting", math.huge)
end

local function params_of(self)
  local params = upload_run.params_of(self.path, self.options)
  params.on_progress = function(sent, total)
    self.total = total
    if self.interruption then return end
    show_connecting(self)
    self.display:show(sent, total)
  end
  if not self.state then return params end -- without a state the MD5 of each Part is not needed
  params.resume = self.state.resume
  if params.resume then params.part_size = nil end -- the parts keep their size
  params.on_checkpoint = function(resume, part) self:save(resume, part) end
  return params
end

--- Returns an on_retry that shows the reason of each wait.
function upload_run.showing_waits(self)
  return function(info)
    local is_patient = self.options.max_retries == nil and info.part_number ~= nil
    if not self.interruption then self.display:wait(progress.words_of_wait(info, is_patient), info.wait) end
  end
end

local function options_of(self)
  local all = { deadline = self.options.deadline, on_retry = self:showing_waits() }
  if self.options.verbose then return all end -- the client's own log tells of each request
  function all.log(event)
    if event.event ~= "done" or self.is_connected then return end
    self.is_connected = true
    self.display:wait(nil)
  end
  return all
end

function upload_run:begin(client)
  self.began_at, self.is_connected = core.now(), self.state ~= nil and self.state.resume ~= nil
  self.job = client.start.upload_file_chunked(params_of(self), options_of(self))
end

--- Notes a signal. From now on only the clean-up is sent.
function upload_run:begin_leaving(raised)
  self.interruption = raised
  self.display:erase()
  self.out:note(("stopping; a second %s leaves at once"):format(raised.signal == "SIGINT" and "Ctrl-C" or "signal"))
end

--- Notes that the clean-up is given up. raised: the interruption by a second signal; nil when the time was up.
function upload_run:give_up(raised)
  if interruption.is(raised) then self.interruption = raised end
  self.gave_up = interruption.is(raised) and "left at once" or ("no answer within %d s"):format(SECONDS_TO_CLEAN_UP)
end

-- Returns true and the results of the job; or false and the error that was raised.
local function try_to_wait(job, seconds)
  local fine, done, upload, failure = pcall(job.wait, job, seconds)
  if fine then return done, upload, failure end
  return false, done
end

-- Gives an aborted job the time to cancel its Upload. A second signal ends the wait.
local function wait_for_cleaning(self)
  local done, upload, failure = try_to_wait(self.job, SECONDS_TO_CLEAN_UP)
  if done then return upload, failure end
  self:give_up(upload)
  self.job:abort()
  return select(2, self.job:poll())
end

--- Waits for the end of the job. After a signal it aborts the job and waits until the job has cleaned up. Returns the
--- Upload; or nil and a failure.
function upload_run:wait()
  local done, upload, failure = try_to_wait(self.job)
  if done then return upload, failure end
  local raised = upload
  if interruption.is(raised) then self:begin_leaving(raised) end
  if not self.job.failure then self.job:abort() end -- a second abort would give the cancel up
  upload, failure = wait_for_cleaning(self)
  if not self.interruption then error(raised, 0) end
  return upload, failure
end

return upload_run
