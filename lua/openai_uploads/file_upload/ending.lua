-- SPDX-License-Identifier: MIT
-- The end of a file's upload: either all is completed, or the running calls are stopped and the Upload is cancelled. If
-- memory runs out in a state, its function is called again.
local compound = require "openai_uploads.compound"
local core = require "openai_uploads.core"
local lost = require "openai_uploads.files.lost"
local resume = require "openai_uploads.file_upload.resume"
local resume_file = require "openai_uploads.file_upload.resume_file"
local supply = require "openai_uploads.file_upload.supply"

local ending = {
  -- The aftermath of a creation whose outcome is not known.
  created_or_not = "an Upload may have been created; if so, it expires by itself within an hour",
  on_entering = {}, -- state -> function, which leads to another state or waits for an answer
  on_answer = {},   -- name of a call -> function that handles its answer
}
local on_entering, on_answer = ending.on_entering, ending.on_answer

local SECONDS_OF_AN_UPLOAD = 3600 -- how long one lives

-- Failures that refuse a completion for good. Sending the completion again would give the same failure.
local final_kinds = { bad_request = true, not_found = true, gone = true, unprocessable_entity = true }

--- Ends the job with a failure. Later failures are ignored. The answer to a creation is waited for, because only that
--- answer has the id of the Upload to cancel.
function ending.fail(self, failure)
  if self.failure or self.state == "done" then return end
  self.failure = failure
  self.state = self.state == "creating" and "winding_down" or "stopping"
end

--- Ends the job with an error that a function of the program, or of this library, raised.
function ending.fail_by_error(self, raised)
  if core.is_interruption(raised) then self.interruption = raised end
  ending.fail(self, core.failure("aborted", core.describe(raised)))
end

--- Ends a job that has sent nothing. An existing Upload is left as it is.
function ending.refuse(self, failure)
  if self.failure then return end
  failure.upload_id = self.upload_id or nil
  self.failure, self.state = failure, "concluding"
end

--- Ends the job as aborted. If the job is already ending, gives up on the answer to the creation or on the cancel.
function ending.abort(self)
  local failure = not self.failure and core.failure("aborted", "aborted by the program")
  if failure then return ending.fail(self, failure) end
  if self.state == "winding_down" or self.state == "cancelling" then self.state = "giving_up" end
  if self.state == "confirming" then self.state = "concluding" end
end

--- Releases the resources of the job. No call may run any more.
function ending.release(self)
  if self.dropped then self.dropped.is_armed = false end
  if self.plan.state then resume_file.settle(self.plan.state, self.upload or nil, self.failure or nil) end
  self.source:close()
  supply.close(self)
  if self.digest then self.digest:close() end
  if self.kept_digest then self.kept_digest:close() end
end

--- Returns the table to save in order to resume. `completing`: a completion is about to be sent. From then on, every
--- reader must assume that the Upload may be completed.
function ending.describe(self, completing)
  local saved = resume.describe(self.plan, self.upload_id, self.parts)
  saved.completing = completing or self.may_be_completed or nil
  return saved
end

-- Notes whether the service may have acted on an aborted call, and the Upload of its answer, if one has come.
local function note_doubt(self, transfer)
  local may_have_applied, upload = compound.leaves_doubt(transfer)
  self.upload_answered = upload or self.upload_answered
  if may_have_applied then self.is_in_doubt = true end
end

-- Aborts the running calls and ignores their answers.
local function stop(self)
  for transfer, call in self.calls:each() do
    transfer:abort()
    if call.name == "complete" or call.name == "cancel" or call.name == "create" then note_doubt(self, transfer) end
    self.calls:remove(transfer)
  end
end

--- Stops a job for good that could not start.
function ending.abandon(self)
  pcall(stop, self)
  ending.release(self)
end

function on_entering.winding_down(self)
  for transfer in self.calls:each() do core.wind_down(transfer) end
end

-- Returns the aftermath of a completion that was sent. Nothing is cancelled any more.
local function words_of_completion(self)
  local id, upload = self.upload_id, self.upload_answered
  local file = upload and type(upload.file) == "table" and upload.file.id
  if file then return ("%s was completed: its File is %s"):format(id, file) end
  return ("%s may have been completed: look for '%s' of purpose '%s' in the service's list of Files; to send it " ..
    "again would make a second File"):format(id, self.plan.filename, self.plan.create.purpose)
end

-- Neither cancels the Upload, which could race with the completion, nor reports it as kept, which would lead to a
-- second File.
local function leave_in_doubt(self)
  local failure = self.failure
  failure.may_have_applied, failure.may_be_completed = true, true
  failure.aftermath = words_of_completion(self)
  if self.plan.keeps_on_failure and not self.upload_answered and not final_kinds[failure.kind] then
    failure.resume = ending.describe(self)
  end
  self.state = self.plan.confirms_lost and not self.upload_answered and "confirming" or "concluding"
end

-- The File that a completion may have made. Before this process the Upload may have been created within the last hour.
local function wanted(self)
  local plan = self.plan
  return { filename = plan.create.filename, bytes = plan.bytes, purpose = plan.create.purpose,
    since = self.created_at or lost.by_our_clock(os.time() - SECONDS_OF_AN_UPLOAD) }
end

-- Asks for the list of Files, regardless of the deadline: a completion whose answer was lost may have made one.
function on_entering.confirming(self)
  if self.calls.count > 0 or self.answer then return end
  local options = compound.options_of_ending(self.options)
  local begun, raised = pcall(self.begin, self, "confirmation", nil, self.client.start.files.list,
    lost.params(wanted(self), self.listed_until or nil), options)
  if begun then return end
  if raised == core.out_of_memory then error(raised, 0) end
  self.state = "concluding"
end

function on_answer.confirmation(self, page, reason)
  self.pages = self.pages + 1
  self.listed_until = lost.take(self.failure, wanted(self), self.pages, page, reason)
  if not self.listed_until then self.state = "concluding" end
end

local function keep(self)
  local failure = self.failure
  local has_expired = failure.kind == "gone" -- an expired Upload accepts no part
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

-- Tries the cancel regardless of the deadline. on_retry is not called for its retries.
local function cancel(self)
  local options = compound.options_of_ending(self.options)
  if self.dropped then self.dropped.is_armed = true end
  local begun, raised = pcall(self.begin, self, "cancel", nil, self.client.start.cancel, self.upload_id, options)
  if begun then self.state = "cancelling" return end
  if raised == core.out_of_memory then error(raised, 0) end
  note_cancel(self, nil, core.failure("aborted", core.describe(raised)))
end

-- A doubt here is about a completion, because no other call leaves one in this state. A forked child cancels nothing,
-- because the Upload belongs to its parent.
function on_entering.stopping(self)
  stop(self)
  if self.is_in_doubt then self.may_be_completed = true end
  self.failure.upload_id = self.upload_id or nil
  if not self.upload_id or core.process_id() ~= self.process_id then
    if not self.upload_id and self.failure.may_have_applied then self.failure.aftermath = ending.created_or_not end
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
  if self.is_in_doubt then self.failure.aftermath = ending.created_or_not end
  self.state = "concluding"
end

function on_entering.concluding(self)
  stop(self)
  ending.release(self)
  self.state = "done"
end

on_entering.done = compound.tell_listener

return ending
