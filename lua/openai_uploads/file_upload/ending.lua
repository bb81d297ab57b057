-- SPDX-License-Identifier: MIT
-- How a file's way ends: all is completed; or what is under way is stopped, and the Upload cancelled. What happens in a
-- state is done once more where memory ran out in it.
local core = require "openai_uploads.core"
local resume = require "openai_uploads.file_upload.resume"
local resume_file = require "openai_uploads.file_upload.resume_file"

local ending = {
  on_entering = {}, -- state -> what is done in it, which leads to another one, or waits for an answer
  on_answer = {},   -- what a call was for -> what its answer leads to
}
local on_entering, on_answer = ending.on_entering, ending.on_answer

-- What a completion can be refused with for good: to send it once more would give the same.
local final_kinds = { bad_request = true, not_found = true, gone = true, unprocessable_entity = true }

--- Ends it with a failure, the first one. The answer to a creation is waited for: it alone tells what to cancel.
function ending.fail(self, failure)
  if self.failure or self.state == "done" then return end
  self.failure = failure
  self.state = self.state == "creating" and "winding_down" or "stopping"
end

--- The same, by what was raised in a program's function, or in ours.
function ending.fail_by_error(self, raised)
  if core.is_interruption(raised) then self.interruption = raised end
  ending.fail(self, core.failure("aborted", core.describe(raised)))
end

--- Ends it before anything of it was begun: an Upload that is there is left as it is.
function ending.refuse(self, failure)
  if self.failure then return end
  failure.upload_id = self.upload_id or nil
  self.failure, self.state = failure, "concluding"
end

--- Ends it as aborted; or, where it is ending, gives up on the answer to the creation, or on the cancel.
function ending.abort(self)
  local failure = not self.failure and core.failure("aborted", "aborted by the program")
  if failure then return ending.fail(self, failure) end
  if self.state == "winding_down" or self.state == "cancelling" then self.state = "giving_up" end
end

--- Lets go of what it holds. Nothing may be under way any more.
function ending.release(self)
  if self.dropped then self.dropped.is_armed = false end
  if self.plan.state then resume_file.settle(self.plan.state, self.upload or nil, self.failure or nil) end
  if self.plan.file then self.plan.file:close() end
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

-- Whether a call that was aborted may have been acted on all the same. Notes an Upload that it was answered with.
local function leaves_doubt(self, transfer)
  local result, failure, may_have_applied = core.result(transfer)
  if result == false then return may_have_applied end
  self.upload_answered = result or self.upload_answered
  return result ~= nil or failure.may_have_applied
end

-- Aborts those under way; their answers are not taken up any more. Notes whether one of them leaves a doubt.
local function stop(self)
  for transfer, call in self.calls:each() do
    transfer:abort()
    if call.name == "complete" or call.name == "cancel" or call.name == "create" then
      if leaves_doubt(self, transfer) then self.is_in_doubt = true end
    end
    self.calls:remove(transfer)
  end
end

--- Stops what is under way, for good, where it could not begin.
function ending.abandon(self)
  pcall(stop, self)
  ending.release(self)
end

function on_entering.winding_down(self)
  for transfer in self.calls:each() do core.wind_down(transfer) end
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
  self.state = "concluding"
end

local function keep(self)
  local failure = self.failure
  local has_expired = failure.kind == "gone" -- it takes no part any more
  failure.resume = not has_expired and ending.describe(self) or nil
  failure.aftermath = self.upload_id .. (has_expired and " has expired" or " is kept")
  self.state = "concluding"
end

local function note_cancel(self, upload, failure)
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
  self.state = "concluding"
end

-- It is tried however little time there was for the rest, and nobody is told of its retries.
local function cancel(self)
  local options = ending.options(self)
  options.deadline, options.on_retry = nil, nil
  if self.dropped then self.dropped.is_armed = true end
  local begun, raised = pcall(self.begin, self, "cancel", nil, self.client.start.cancel, self.upload_id, options)
  if begun then self.state = "cancelling" return end
  if raised == "not enough memory" then error(raised, 0) end
  note_cancel(self, nil, core.failure("aborted", core.describe(raised)))
end

-- What is in doubt when all is stopped is a completion: no other call leaves a doubt here. In a process forked since,
-- the Upload is the parent's.
function on_entering.stopping(self)
  stop(self)
  if self.is_in_doubt then self.may_be_completed = true end
  self.failure.upload_id = self.upload_id or nil
  if not self.upload_id or core.process_id() ~= self.process_id then
    self.state = "concluding"
  elseif self.may_be_completed then
    leave_in_doubt(self)
  elseif self.plan.keeps_on_failure then
    keep(self)
  else
    cancel(self)
  end
end

on_answer.cancel = note_cancel

function on_entering.giving_up(self)
  stop(self)
  if self.upload_id then
    local failure = core.failure("aborted", "aborted by the program")
    failure.may_have_applied = self.is_in_doubt
    return note_cancel(self, nil, failure)
  end
  self.failure.may_have_applied = self.is_in_doubt
  self.state = "concluding"
end

function on_entering.concluding(self)
  stop(self)
  ending.release(self)
  self.state = "done"
end

--- Calls on_done's listener, if there is one. An error in it is told on stderr.
function on_entering.done(self)
  local listener = self.listener
  if not listener then return end
  self.listener = false
  local fine, raised = pcall(listener, self)
  if fine then return end
  if raised == "not enough memory" then
    self.listener = listener -- it is called again
    error(raised, 0)
  end
  if core.is_interruption(raised) then
    self.interruption = raised
    return
  end
  io.stderr:write("openai_uploads: the on_done function raised an error: ", core.describe(raised), "\n")
end

return ending
