-- SPDX-License-Identifier: MIT
-- What happens to a file on its way: its Upload is created, its parts are sent side by side, it is completed. All of it
-- happens in the steps of the client: each call is a transfer of its own, and what it comes to begins what comes next.
local core = require "openai_uploads.core"
local ending = require "openai_uploads.file_upload.ending"
local finalizer = require "openai_uploads.file_upload.finalizer"
local resume = require "openai_uploads.file_upload.resume"
local batch = require "openai_uploads.file_upload.batch"

local SECONDS_BETWEEN_LOOKS = 0.02 -- at a digest that takes longer than the sending
local SECONDS_OF_PATIENCE = 30 -- with parts and the completion, where nobody said how often to try again

local MIN_DEADLINE = 0.001 -- seconds that a call takes for one

local flow = {
  SECONDS_BETWEEN_REPORTS = 0.1, -- of progress, to a program that wants them
}

local function size_of_part(plan, number)
  return math.min(plan.part_size, plan.bytes - (number - 1) * plan.part_size)
end

-- The options of one more call; nil, and the failure, when the deadline of the whole has passed.
local function options_of_call(self)
  local options = ending.options(self)
  if self.deadline_at then
    options.deadline = self.deadline_at - core.now()
    if options.deadline < MIN_DEADLINE then
      return nil, core.failure("timeout", ("the deadline of %g s has passed"):format(self.options.deadline))
    end
  end
  return options
end

-- For what happens in no call's answer.
local function guarded(self, action, ...)
  local fine, raised = pcall(action, self, ...)
  if not fine then ending.fail_by_error(self, raised) end
end

local function call_program(name, action, ...)
  local fine, raised = pcall(action, ...)
  if not fine then error(("the %s function raised an error: %s"):format(name, core.describe(raised)), 0) end
end

--- Bytes handed over so far, those of parts that are done and of those under way, and in total.
function flow.progress(self) return self.bytes_done + self.batch:bytes_sent(), self.plan.bytes end

local function report(self)
  local on_progress = self.plan.on_progress
  if not on_progress or self.failure then return end
  self.reported_at = core.now()
  call_program("on_progress", on_progress, flow.progress(self))
end

-- part: the one that has come; nil after the creation, and before the completion. The table grows with them: a new
-- one each time would take time that grows with the square of their number.
local function save(self, part, completing)
  local on_checkpoint = self.plan.on_checkpoint
  if not on_checkpoint then return end
  self.saved = self.saved or ending.describe(self)
  if completing then self.saved.completing = true end
  call_program("on_checkpoint", on_checkpoint, self.saved, part)
end

-- part: { number, id, md5 } of one that has come.
local function note_part(self, part)
  local number = part.number
  self.parts[number] = self.parts[number] or false -- has its place, before it is added
  if not self.parts[number] and self.saved and part.md5 then resume.add(self.saved, part) end
  self.parts[number] = part
  save(self, part)
end

-- For what is in vain when the line is away for a while: nothing of a file should be lost by that.
local function be_patient(self, options)
  if not self.retries_as_told and options.max_retries == nil and options.patience == nil then
    options.patience = SECONDS_OF_PATIENCE
  end
  return options
end

local function accept_completed(self, upload, failure, response)
  self.upload, self.response, self.is_completing = upload, response, false
  if upload then return ending.conclude(self) end
  if failure.may_have_applied then self.may_be_completed = true end
  ending.fail(self, failure)
end

-- Sends the completion. From then on nothing may cancel the Upload before its outcome is known. What fails while it is
-- begun, in a function of the program, is seen to afterwards.
local function send_completion(self, md5, options)
  save(self, nil, true)
  if self.failure then return ending.go_on(self) end
  self.is_completing, self.is_begun_now = true, true
  finalizer.stand_back(self)
  local begun, raised = pcall(self.batch.launch, self.batch, accept_completed, 0, self.client.start.complete,
    self.upload_id, { part_ids = self.part_ids, md5 = md5 }, options)
  self.is_begun_now = false
  if not begun then
    self.is_completing = false
    error(raised, 0)
  end
  if self.failure then ending.go_on(self) end
end

local complete

-- A pause may be ended too, by the client's `close` or a fork, and then so is all.
local function look_again(self, has_passed, failure)
  if not has_passed then return ending.fail(self, failure) end
  complete(self)
end

-- All parts are there. The digest may need longer than the sending; then this is called again.
function complete(self)
  local options, failure = options_of_call(self)
  if not options then return ending.fail(self, failure) end
  failure = self.plan.file and self.plan.file:problem()
  if failure then return ending.fail(self, failure) end
  local md5 = self.plan.md5
  if self.digest then
    md5, failure = self.digest:wait(0)
    if failure then return ending.fail(self, failure) end
    if not md5 then return self.batch:launch(look_again, batch.PAUSE, self.pause, SECONDS_BETWEEN_LOOKS) end
  end
  options.with_response = self.options.with_response
  send_completion(self, md5, be_patient(self, options))
end

local send_parts

-- An on_retry that is told the number of the part. What is no function is refused where the call begins.
local function naming_part(on_retry, number)
  if type(on_retry) ~= "function" then return on_retry end
  return function(info)
    info.part_number = number
    on_retry(info)
  end
end

local function send_part(self, number, options)
  local plan = self.plan
  options.with_response = plan.is_saved
  options.on_retry = naming_part(options.on_retry, number)
  self.batch:launch(function(_, part, failure, response)
    if not part then
      failure.part_number = number
      return ending.fail(self, failure)
    end
    if not self.part_ids[number] then
      self.part_ids[number] = part.id
      self.bytes_done = self.bytes_done + size_of_part(plan, number)
    end
    if plan.is_saved then note_part(self, { number = number, id = part.id, md5 = response.md5 }) end
    report(self)
    send_parts(self)
  end, number, self.client.start.parts.create, self.upload_id, {
    file = plan.file, data = plan.data, offset = (number - 1) * plan.part_size, length = size_of_part(plan, number),
    md5 = plan.is_saved,
  }, be_patient(self, options))
end

-- The number of the next part to send; nil when there is none.
local function take_next(self)
  while self.next_number <= self.plan.part_count do
    local number = self.next_number
    self.next_number = number + 1
    if not self.part_ids[number] and not self.has_begun[number] then return number end
  end
end

-- A part that could not be begun, as when memory ran out, is the next one again.
local function begin_part(self, number, options)
  self.has_begun[number] = true
  local fine, raised = pcall(send_part, self, number, options)
  if fine then return end
  self.has_begun[number] = nil
  self.next_number = math.min(self.next_number, number)
  error(raised, 0)
end

-- What a call comes to may have ended it while that call was begun.
local function is_over(self) return self.failure or self.is_done end

-- Keeps as many on their way as are wanted at a time.
function send_parts(self)
  while self.batch.count < self.plan.concurrency and not is_over(self) do
    local options, failure = options_of_call(self)
    if not options then return ending.fail(self, failure) end
    local number = take_next(self)
    if not number then break end
    begin_part(self, number, options)
  end
  if self.batch.count == 0 and not is_over(self) then complete(self) end
end

local function accept_created(self, upload, failure)
  self.is_creating = false
  if upload then
    self.upload_id = upload.id
    finalizer.arm(self)
  end
  if self.failure then
    if failure then self.failure.may_have_applied = failure.may_have_applied end
    return ending.go_on(self)
  end
  if not upload then return ending.fail(self, failure) end
  save(self)
  report(self)
  send_parts(self)
end

-- Takes up an Upload that was there before.
local function adopt(self, saved)
  self.upload_id, self.may_be_completed = saved.upload_id, saved.completing
  for _, part in ipairs(saved.parts) do
    self.part_ids[part.number], self.parts[part.number] = part.id, part
    self.bytes_done = self.bytes_done + size_of_part(self.plan, part.number)
  end
end

-- False when it cannot begin, and then all has ended.
local function begin_digest(self)
  local failure
  self.digest, failure = core.digest(self.plan.file or self.plan.data)
  if not self.digest then ending.refuse(self, failure) end
  return self.digest ~= nil
end

-- Nothing is sent before the parts that are there are known to hold what is in their place now.
local function look_at_kept(self, has_passed, failure)
  if not has_passed then return ending.fail(self, failure) end
  local options, md5s
  options, failure = options_of_call(self)
  if not options then return ending.fail(self, failure) end
  md5s, failure = self.kept_digest:wait(0)
  if failure then return ending.refuse(self, failure) end
  if not md5s then return self.batch:launch(look_at_kept, batch.PAUSE, self.pause, SECONDS_BETWEEN_LOOKS, options) end
  local difference = resume.difference_of_parts(self.plan.resume, md5s)
  if not difference then return send_parts(self) end
  ending.refuse(self, resume.refusal(self.plan, difference))
end

-- Misuse of an option raises, be that where the parts are looked at first.
local function go_on(self)
  local plan = self.plan
  local last = resume.last_number(plan.resume)
  guarded(self, report)
  if last == 0 or is_over(self) then return send_parts(self) end
  local failure
  self.kept_digest, failure = core.digest(plan.file or plan.data, plan.part_size, last)
  if not self.kept_digest then return ending.refuse(self, failure) end
  self.batch:launch(look_at_kept, batch.PAUSE, self.pause, 0, options_of_call(self) or self.options)
end

--- A new one; nothing has begun.
function flow.new(client, pause, plan, options)
  local self = {
    client = client, pause = pause, plan = plan, options = options, process_id = core.process_id(),
    part_ids = {}, parts = {}, has_begun = {}, bytes_done = 0, next_number = 1,
    retries_as_told = plan.retries_as_told,
    -- Of how it ends, here already: that must go on without memory.
    upload_id = false, upload = false, failure = false, response = false, digest = false, kept_digest = false,
    armed = false, is_creating = false, has_given_up = false, has_stopped = false, is_cancelling = false,
    is_concluding = false, is_going_on = false, is_done = false, has_told = false, listener = false, is_held = false,
    is_completing = false, is_begun_now = false, is_winding_down = false, may_be_completed = false,
    upload_answered = false,
  }
  self.batch = ending.new_batch(self)
  return self
end

--- Begins it. Misuse of an option raises.
function flow.begin(self)
  if type(self.options.deadline) == "number" then self.deadline_at = core.now() + self.options.deadline end
  if self.plan.resume then adopt(self, self.plan.resume) end
  if self.plan.computes_md5 and not begin_digest(self) then return end
  if self.plan.resume then
    go_on(self)
    if not self.is_done then finalizer.arm(self) end -- no sooner: misuse leaves the Upload as it was
    return
  end
  self.is_creating = true
  self.batch:launch(accept_created, 0, self.client.start.create, self.plan.create,
    options_of_call(self) or self.options)
  if self.is_creating then self.batch:hold() end -- without an id there is nothing to cancel it by
end

--- Tells of the progress, when that was not done for a while. Whoever waits calls this now and then.
function flow.report_if_due(self)
  if is_over(self) or not self.plan.on_progress then return end
  if core.now() - (self.reported_at or 0) >= flow.SECONDS_BETWEEN_REPORTS then guarded(self, report) end
end

return flow
