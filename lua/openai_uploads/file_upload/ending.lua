-- SPDX-License-Identifier: MIT
-- How a file's way ends: all is completed; or what is under way is stopped, and the Upload cancelled.
local batch = require "openai_uploads.file_upload.batch"
local core = require "openai_uploads.core"
local finalizer = require "openai_uploads.file_upload.finalizer"
local resume = require "openai_uploads.file_upload.resume"

local ending = {}

-- What a completion can be refused with for good: to send it once more would give the same.
local final_kinds = { bad_request = true, not_found = true, gone = true, unprocessable_entity = true }

--- Calls on_done's listener, if there is one. An error in it is told on stderr.
function ending.tell_listener(self)
  local listener = self.listener
  if not listener then return end
  self.listener = false
  local fine, raised = pcall(listener, self)
  if fine then return end
  if raised == "not enough memory" then
    self.listener = listener -- it is called again
    error(raised, 0)
  end
  io.stderr:write("openai_uploads: the on_done function raised an error: ", core.describe(raised), "\n")
end

--- All is over: nothing is held any more, and whoever listens is told.
function ending.conclude(self)
  self.is_concluding = true
  ending.go_on(self)
end

-- May be called again when memory ran out in it.
local function conclude(self)
  self.batch:stop()
  finalizer.disarm(self)
  if self.plan.file then self.plan.file:close() end
  if self.digest then self.digest:close() end
  if self.kept_digest then self.kept_digest:close() end
  self.is_done = true
  ending.tell_listener(self)
  self.has_told = true
end

--- Lets go of one that could not begin.
function ending.abandon(self)
  self.batch:stop()
  finalizer.disarm(self)
  if self.digest then self.digest:close() end
  if self.kept_digest then self.kept_digest:close() end
end

--- A copy of the program's options, for one of the calls that are made for them.
function ending.options(self)
  local options = {}
  for name, value in pairs(self.options) do options[name] = value end
  options.with_response = nil
  return options
end

--- What is to be saved in order to go on. `completing`: a completion is about to be sent. From then on an Upload may be
--- completed, whoever reads that.
function ending.describe(self, completing)
  local saved = resume.describe(self.plan, self.upload_id, self.parts)
  saved.completing = completing or self.may_be_completed or nil
  return saved
end

-- The cancel is tried however little time there was for the rest, and nobody is told of its retries.
local function options_of_cancel(self)
  local options = ending.options(self)
  options.deadline, options.on_retry = nil, nil
  return options
end

local function tell_cancelled(self, upload, failure)
  local failed, id = self.failure, self.upload_id
  failed.cancelled = upload ~= nil
  failed.cancel_failure = failure
  if upload then
    failed.aftermath = id .. " was cancelled"
    failed.may_have_applied = false
  elseif failure.kind == "gone" then
    failed.aftermath = id .. " has expired"
  else
    failed.aftermath = ("the cancel of %s was not confirmed: %s"):format(id, tostring(failure))
  end
  ending.conclude(self)
end

-- There may be an Upload of a creation that was given up as it was begun; or its cancel may have been done.
local function note_doubt(self)
  if self.failure and not self.failure.cancelled then self.failure.may_have_applied = true end
end

-- What is known where a completion was sent, and nothing is cancelled any more.
local function words_of_completion(self)
  local id, upload = self.upload_id, self.upload_answered
  local file = upload and type(upload.file) == "table" and upload.file.id
  if file then return ("%s was completed: its File is %s"):format(id, file) end
  return ("%s may have been completed: look for '%s' of purpose '%s' in the service's list of Files; to send it " ..
    "again would make a second File"):format(id, self.plan.filename, self.plan.create.purpose)
end

-- Neither cancelled, which could race with the completion, nor called kept, which would make a second File.
local function leave_in_doubt(self)
  local failure = self.failure
  failure.may_have_applied, failure.may_be_completed = true, true
  failure.aftermath = words_of_completion(self)
  if self.plan.keeps_on_failure and not self.upload_answered and not final_kinds[failure.kind] then
    failure.resume = ending.describe(self)
  end
  ending.conclude(self)
end

--- What goes wrong in a program's function, or in ours, ends it all.
function ending.fail_by_error(self, raised)
  if not self.is_done then ending.fail(self, core.failure("aborted", core.describe(raised))) end
end

-- What dealt with a call's answer has raised, so it is not beginning the completion any more: an interruption may have
-- kept it from saying so.
local function fail_in_answer(self, raised)
  self.is_begun_now = false
  ending.fail_by_error(self, raised)
end

--- For the calls under way.
function ending.new_batch(self) return batch.new(self, fail_in_answer, note_doubt, ending.go_on) end

-- Ends what is under way, and makes room for what cleans up. Returns whether it may have come to something all the
-- same, and the Upload of an answer that had come.
local function stop_running(self)
  local may_have_applied, upload = self.batch:stop()
  self.batch = ending.new_batch(self)
  return may_have_applied, upload
end

-- Cleans up: what has failed leaves nothing behind. In a process forked since, the Upload is the parent's.
local function clean_up(self)
  local failure = self.failure
  failure.upload_id = self.upload_id or nil
  if not self.upload_id or core.process_id() ~= self.process_id then return ending.conclude(self) end
  if self.may_be_completed then return leave_in_doubt(self) end
  if self.plan.keeps_on_failure then
    local has_expired = failure.kind == "gone" -- it takes no part any more
    failure.resume = not has_expired and ending.describe(self) or nil
    failure.aftermath = self.upload_id .. (has_expired and " has expired" or " is kept")
    return ending.conclude(self)
  end
  finalizer.go_on(self)
  local started, problem = pcall(self.batch.launch, self.batch, tell_cancelled, 0, self.client.start.cancel,
    self.upload_id, options_of_cancel(self))
  if not started and problem == "not enough memory" then error(problem, 0) end
  self.is_cancelling = true
  if not started then tell_cancelled(self, nil, core.failure("aborted", core.describe(problem))) end
end

-- Nothing more is waited for.
local function give_up(self)
  local failure = core.failure("aborted", "aborted by the program")
  failure.may_have_applied = stop_running(self)
  if self.upload_id then return tell_cancelled(self, nil, failure) end
  self.failure.may_have_applied = failure.may_have_applied
  ending.conclude(self)
end

-- The answer to a creation is waited for, if it is on its way: it alone tells what there is to cancel.
local function wind_down(self)
  if self.is_winding_down then return end
  self.batch:wind_down()
  self.is_winding_down = true
end

-- Ends what has failed, unless that is under way. What is in doubt when all is stopped is a completion: no other call
-- leaves a doubt here. It is stopped once it has been begun: then it is known whether it was sent.
local function end_failed(self)
  if not self.failure or self.is_cancelling then return end
  if self.is_creating then wind_down(self) end
  if self.is_creating or self.is_begun_now then return end
  if not self.has_stopped then
    local in_doubt, upload = stop_running(self)
    if in_doubt then self.may_be_completed, self.upload_answered = true, upload end
    self.has_stopped = true
  end
  clean_up(self)
end

-- The mark is set and taken away in here, within a pcall: an interruption at either would leave it for ever.
local function take_next_step(self)
  self.is_going_on = true
  if not self.is_concluding then (self.has_given_up and give_up or end_failed)(self) end
  if self.is_concluding then conclude(self) end
  self.is_going_on = false
end

--- Does what is left to do of the ending, if it has begun. It is called once more where memory ran out in it.
function ending.go_on(self)
  if self.is_going_on or self.has_told then return end
  local fine, raised = pcall(take_next_step, self)
  if fine then return end
  self.is_going_on = false
  error(raised, 0)
end

--- Ends it: what is under way is stopped, and the Upload cancelled.
function ending.fail(self, failure)
  if not self.failure then self.failure = failure end
  ending.go_on(self)
end

--- Ends it before anything of it was begun: an Upload that is there is left as it is.
function ending.refuse(self, failure)
  if self.failure then return end
  self.failure = failure
  failure.upload_id = self.upload_id or nil
  ending.conclude(self)
end

--- Ends it as aborted; or, where it is ending, gives up on the answer to the creation, or on the cancel.
function ending.abort(self)
  if not self.failure then return ending.fail(self, core.failure("aborted", "aborted by the program")) end
  if self.is_begun_now then return end
  self.has_given_up = true
  ending.go_on(self)
end

return ending
