-- SPDX-License-Identifier: MIT
-- What happens to a file on its way: its Upload is created, its parts are sent side by side, it is completed; and when
-- anything goes wrong, cancelled. All of it happens in the steps of the client: each call is a transfer of its own, and
-- what it comes to begins what comes next.
local batch = require "openai_uploads.file_upload.batch"
local core = require "openai_uploads.core"
local finalizer = require "openai_uploads.file_upload.finalizer"
local resume = require "openai_uploads.file_upload.resume"

local SECONDS_BETWEEN_REPORTS = 0.1
local SECONDS_BETWEEN_LOOKS = 0.02 -- at a digest that takes longer than the sending

local flow = {}

local function size_of_part(plan, number)
  return math.min(plan.part_size, plan.bytes - (number - 1) * plan.part_size)
end

-- The options of one more call; nil, and the failure, when the deadline of the whole has passed.
local function options_of_call(self)
  local options = {}
  for name, value in pairs(self.options) do options[name] = value end
  options.with_response = nil
  if self.deadline_at then
    options.deadline = self.deadline_at - core.now()
    if options.deadline <= 0 then
      return nil, core.failure("timeout", ("the deadline of %g s has passed"):format(self.options.deadline))
    end
  end
  return options
end

-- Those of the cancel: it is tried however little time there was for the rest, and nobody is told of its retries.
local function options_of_cancel(self)
  local options = {}
  for name, value in pairs(self.options) do options[name] = value end
  options.with_response, options.deadline, options.on_retry = nil, nil, nil
  return options
end

--- Calls on_done's listener, if there is one. An error in it is told on stderr.
function flow.tell_listener(self)
  if not self.listener then return end
  local fine, raised = pcall(self.listener, self)
  if not fine then io.stderr:write("openai_uploads: the on_done function raised an error: ", tostring(raised), "\n") end
end

local function conclude(self)
  self.is_done = true
  self.batch:stop()
  finalizer.release(self)
  finalizer.disarm(self)
  if self.plan.file then self.plan.file:close() end
  if self.digest then self.digest:close() end
  flow.tell_listener(self)
end

local function tell_cancelled(self, upload, failure)
  local ending, id = self.ending, self.upload_id
  ending.cancelled = upload ~= nil
  ending.cancel_failure = failure
  if upload then
    ending.aftermath = id .. " was cancelled"
    ending.may_have_applied = false
  elseif failure.kind == "gone" then
    ending.aftermath = id .. " has expired"
  else
    ending.aftermath = ("the cancel of %s was not confirmed: %s"):format(id, tostring(failure))
  end
  conclude(self)
end

local function fail_by_error(self, raised)
  if not self.is_done then flow.fail(self, core.failure("aborted", tostring(raised))) end
end

-- The Upload may have been completed as it was given up; unless it is known to be cancelled.
local function note_doubt(self)
  if self.ending and not self.ending.cancelled then self.ending.may_have_applied = true end
end

local function new_batch(self) return batch.new(self, fail_by_error, note_doubt) end

-- What goes wrong in a program's function, or in ours, ends the whole.
local function guarded(self, action, ...)
  local fine, raised = pcall(action, self, ...)
  if not fine then fail_by_error(self, raised) end
end

-- Ends what is under way, and makes room for what cleans up. Returns whether it may have come to something all the
-- same.
local function stop_running(self)
  local may_have_applied = self.batch:stop()
  self.batch = new_batch(self)
  return may_have_applied
end

-- What has failed leaves nothing behind. In a process forked since, the Upload is the parent's.
local function clean_up(self)
  local failure = self.ending
  failure.upload_id = self.upload_id
  if not self.upload_id or core.process_id() ~= self.process_id then return conclude(self) end
  if self.plan.keeps_on_failure then
    local has_expired = failure.kind == "gone" -- it takes no part any more
    failure.resume = not has_expired and resume.describe(self.plan, self.upload_id, self.part_ids) or nil
    failure.aftermath = self.upload_id .. (has_expired and " has expired" or " is kept")
    return conclude(self)
  end
  local started, problem = pcall(self.batch.launch, self.batch, tell_cancelled, 0, self.client.start.cancel,
    self.upload_id, options_of_cancel(self))
  if not started then tell_cancelled(self, nil, core.failure("aborted", tostring(problem))) end
end

-- Ends it: what is under way is stopped. But for the creation: only its answer tells what there is to cancel.
function flow.fail(self, failure)
  if self.ending then return end
  self.ending = failure
  if self.is_creating then return end
  if stop_running(self) then failure.may_have_applied = true end
  clean_up(self)
end

local function call_program(name, action, ...)
  local fine, raised = pcall(action, ...)
  if not fine then error(("the %s function raised an error: %s"):format(name, tostring(raised)), 0) end
end

--- Bytes handed over so far, those of parts that are done and of those under way, and in total.
function flow.progress(self) return self.bytes_done + self.batch:bytes_sent(), self.plan.bytes end

local function report(self)
  local on_progress = self.plan.on_progress
  if not on_progress or self.ending then return end
  self.reported_at = core.now()
  call_program("on_progress", on_progress, flow.progress(self))
end

local function save(self)
  local on_checkpoint = self.plan.on_checkpoint
  if not on_checkpoint then return end
  call_program("on_checkpoint", on_checkpoint, resume.describe(self.plan, self.upload_id, self.part_ids))
end

local function succeed(self, upload, failure, response)
  if not upload then return flow.fail(self, failure) end
  self.upload, self.response = upload, response
  conclude(self)
end

local complete

-- A pause may be ended too, by the client's `close` or a fork, and then so is all.
local function look_again(self, has_passed, failure)
  if not has_passed then return flow.fail(self, failure) end
  complete(self)
end

-- All parts are there. The digest may need longer than the sending; then this is called again.
function complete(self)
  local options, failure = options_of_call(self)
  if not options then return flow.fail(self, failure) end
  failure = self.plan.file and self.plan.file:problem()
  if failure then return flow.fail(self, failure) end
  local md5 = self.plan.md5
  if self.digest then
    md5, failure = self.digest:wait(0)
    if failure then return flow.fail(self, failure) end
    if not md5 then return self.batch:launch(look_again, 0, self.pause, SECONDS_BETWEEN_LOOKS) end
  end
  options.with_response = self.options.with_response
  self.batch:launch(succeed, 0, self.client.start.complete, self.upload_id, { part_ids = self.part_ids, md5 = md5 },
    options)
end

local send_parts

local function send_part(self, number, options)
  local plan = self.plan
  self.batch:launch(function(_, part, failure)
    if not part then
      failure.part_number = number
      return flow.fail(self, failure)
    end
    self.part_ids[number] = part.id
    self.bytes_done = self.bytes_done + size_of_part(plan, number)
    save(self)
    report(self)
    send_parts(self)
  end, number, self.client.start.parts.create, self.upload_id, {
    file = plan.file, data = plan.data, offset = (number - 1) * plan.part_size, length = size_of_part(plan, number),
  }, options)
end

-- The number of the next part to send; nil when there is none.
local function take_next(self)
  while self.next_number <= self.plan.part_count do
    local number = self.next_number
    self.next_number = number + 1
    if not self.part_ids[number] then return number end
  end
end

-- What a call comes to may have ended it while that call was begun.
local function is_over(self) return self.ending or self.is_done end

-- Keeps as many on their way as are wanted at a time.
function send_parts(self)
  while self.batch.count < self.plan.concurrency and not is_over(self) do
    local number = take_next(self)
    if not number then break end
    local options, failure = options_of_call(self)
    if not options then return flow.fail(self, failure) end
    send_part(self, number, options)
  end
  if self.batch.count == 0 and not is_over(self) then complete(self) end
end

local function accept_created(self, upload, failure)
  self.is_creating = false
  finalizer.release(self)
  if upload then
    self.upload_id = upload.id
    finalizer.arm(self)
  end
  if self.ending then
    if failure then self.ending.may_have_applied = failure.may_have_applied end
    return clean_up(self)
  end
  if not upload then return flow.fail(self, failure) end
  save(self)
  report(self)
  send_parts(self)
end

-- Takes up an Upload that was there before.
local function adopt(self, saved)
  self.upload_id, self.part_ids = saved.upload_id, resume.part_ids(saved)
  for number = 1, self.plan.part_count do
    if self.part_ids[number] then self.bytes_done = self.bytes_done + size_of_part(self.plan, number) end
  end
end

-- False when it cannot begin, and then all has ended.
local function begin_digest(self)
  local failure
  self.digest, failure = core.digest(self.plan.file or self.plan.data)
  if not self.digest then flow.fail(self, failure) end
  return self.digest ~= nil
end

--- A new one; nothing has begun.
function flow.new(client, pause, plan, options)
  local self = {
    client = client, pause = pause, plan = plan, options = options, process_id = core.process_id(),
    part_ids = {}, bytes_done = 0, next_number = 1,
  }
  self.batch = new_batch(self)
  return self
end

--- Begins it. Misuse of an option raises.
function flow.begin(self)
  if type(self.options.deadline) == "number" then self.deadline_at = core.now() + self.options.deadline end
  if self.plan.resume then adopt(self, self.plan.resume) end
  if self.plan.computes_md5 and not begin_digest(self) then return end
  if self.plan.resume then
    guarded(self, report)
    send_parts(self)
    if not self.is_done then finalizer.arm(self) end -- no sooner: misuse leaves the Upload as it was
    return
  end
  self.is_creating = true
  self.batch:launch(accept_created, 0, self.client.start.create, self.plan.create,
    options_of_call(self) or self.options)
  if self.is_creating then finalizer.hold(self) end
end

--- Tells of the progress, when that was not done for a while. Whoever waits calls this now and then.
function flow.report_if_due(self)
  if is_over(self) or not self.plan.on_progress then return end
  if core.now() - (self.reported_at or 0) >= SECONDS_BETWEEN_REPORTS then guarded(self, report) end
end

--- Ends it as aborted; or, where it is ending, gives up on the answer to the creation, or on the cancel.
function flow.abort(self)
  local failure = core.failure("aborted", "aborted by the program")
  if not self.ending then return flow.fail(self, failure) end
  failure.may_have_applied = stop_running(self)
  if self.upload_id then return tell_cancelled(self, nil, failure) end
  self.ending.may_have_applied = failure.may_have_applied
  conclude(self)
end

return flow
