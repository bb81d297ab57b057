-- SPDX-License-Identifier: MIT
-- The upload of a file: creates its Upload, sends its parts side by side, and completes it. The function of a state is
-- called again whenever an answer arrives, and if memory ran out in it.
local core = require "openai_uploads.core"
local cancel_when_dropped = require "openai_uploads.cancel_when_dropped"
local compound = require "openai_uploads.compound"
local ending = require "openai_uploads.file_upload.ending"
local part_sizes = require "openai_uploads.file_upload.part_sizes"
local reporting = require "openai_uploads.file_upload.reporting"
local resume = require "openai_uploads.file_upload.resume"
local supply = require "openai_uploads.file_upload.supply"

local SECONDS_OF_PATIENCE = 30 -- for parts and the completion, if the program set no retry limits

local sending = { on_entering = {}, on_answer = {} } -- as in `ending`
local on_entering, on_answer = sending.on_entering, sending.on_answer

-- Adds the default patience to the options of a call, so that a short loss of the network loses nothing of a file.
local function be_patient(self, options)
  if not self.plan.retries_as_told and options.max_retries == nil and options.patience == nil then
    options.patience = SECONDS_OF_PATIENCE
  end
  return options
end

-- Notes the Upload's id. From here on the Upload is cancelled when the job is collected, unless it is to be kept or may
-- be completed.
local function note_upload(self, upload_id)
  self.upload_id = upload_id
  self.dropped = self.dropped or cancel_when_dropped(self.client, upload_id,
    not self.plan.keeps_on_failure and not self.may_be_completed and self.state ~= "completing")
end

function on_answer.create(self, upload, failure)
  if upload then
    self.created_at = upload.created_at
    note_upload(self, upload.id)
  end
  if self.failure then
    if failure then self.failure.may_have_applied = failure.may_have_applied end
    self.state = "stopping"
    return
  end
  self.state = "sending"
  if not upload then return ending.fail(self, failure) end
  reporting.save(self)
  reporting.report(self)
end

-- Returns the MD5 of a digest. Returns nil if the digest still runs, after starting a wait for it. Returns nil and the
-- failure if the digest failed.
local function md5_of(self, digest)
  local md5, failure = digest:wait(0)
  if not md5 and not failure then self:begin("digest", nil, self.await, digest:descriptor(), self.options) end
  return md5, failure
end

-- The wait fails at the deadline, and as after the client's `close` or a fork.
function on_answer.digest(self, has_ended, failure)
  if not has_ended then ending.fail(self, failure) end
end

-- Sends nothing before the sent parts are known to hold the file's present bytes.
function on_entering.checking(self)
  if self.calls.count > 0 then return end
  local plan = self.plan
  local last = resume.last_number(plan.resume)
  local failure, md5s
  if last == 0 then
    self.state = "sending"
    return
  end
  if not self.kept_digest then self.kept_digest, failure = self.source:digest_parts(last) end
  if self.kept_digest then md5s, failure = md5_of(self, self.kept_digest) end
  if failure then return ending.refuse(self, failure) end
  if not md5s then return end
  local difference = resume.difference_of_parts(plan.resume, md5s)
  if difference then return ending.refuse(self, resume.refusal(plan, difference)) end
  self.state = "sending"
end

-- Returns the number of the next part to send, whose data is there, and the params of parts.create for it. Returns nil
-- if there is none.
local function take_next(self)
  while self.next_number <= self.plan.part_count do
    local number = self.next_number
    local is_sent = self.part_ids[number] or self.has_begun[number]
    local part = not is_sent and self.source:part(number)
    if not is_sent and not part then return nil end
    self.next_number = number + 1
    if part then return number, part end
  end
end

-- Returns an on_retry that adds the number of the Part. A value that is not a function is refused when the call starts.
local function naming_part(on_retry, number)
  if type(on_retry) ~= "function" then return on_retry end
  return function(info)
    info.part_number = number
    on_retry(info)
  end
end

local function send_part(self, number, part)
  local options = compound.copy_options(self.options)
  part.md5, options.with_response = self.plan.is_saved, self.plan.is_saved
  options.on_retry = naming_part(options.on_retry, number)
  self:begin("part", number, self.client.start.parts.create, self.upload_id, part, be_patient(self, options))
end

-- Starts a part. If that fails, as when memory ran out, the same part is the next one to send.
local function begin_part(self, number, part)
  self.has_begun[number] = true
  local fine, raised = pcall(send_part, self, number, part)
  if fine then return end
  self.has_begun[number] = nil
  self.next_number = math.min(self.next_number, number)
  error(raised, 0)
end

-- Returns the number of running calls that have a connection, or wait for one.
local function count_connected(self) return self.calls.count - (self.waits_for_data and 1 or 0) end

-- Waits for data if more is wanted. Returns false if its source has failed, which ends the job.
local function go_on_with_data(self)
  self.source:drain()
  if self.source.failure then
    ending.fail(self, self.source.failure)
    return false
  end
  supply.go_on(self)
  return true
end

-- Collects data of unknown size before the Upload is created, because the creation announces the size.
function on_entering.spooling(self)
  if go_on_with_data(self) and self.plan.bytes then sending.create(self) end
end

-- Keeps as many parts running as `concurrency` allows. A connection that is being made counts as its part.
function on_entering.sending(self)
  while count_connected(self) < math.min(self.plan.concurrency, self.plan.part_count) do
    local number, part = take_next(self)
    if not number then break end
    begin_part(self, number, part)
  end
  if go_on_with_data(self) and self.calls.count == 0 then self.state = "summing" end
end

function on_answer.data(self, _, failure)
  if failure then
    self.waits_for_data = false
    return ending.fail(self, failure)
  end
  supply.on_answer(self)
end

function on_answer.part(self, part, failure, response, number)
  if not part then
    failure.part_number = number
    return ending.fail(self, failure)
  end
  if not self.part_ids[number] then
    self.part_ids[number] = part.id
    self.bytes_done = self.bytes_done + part_sizes.of(self.plan, number)
  end
  self.source:confirm(number)
  if self.plan.is_saved then reporting.note_part(self, { number = number, id = part.id, md5 = response.md5 }) end
  reporting.report(self)
end

-- Sends the completion. From here on nothing may cancel the Upload before the outcome is known.
local function send_completion(self, md5)
  local options = be_patient(self, compound.copy_options(self.options))
  options.with_response = self.options.with_response
  reporting.save(self, nil, true)
  if self.failure then return end
  self.state = "completing"
  if self.dropped then self.dropped.is_armed = false end
  local begun, raised = pcall(self.begin, self, "complete", nil, self.client.start.complete, self.upload_id,
    { part_ids = self.part_ids, md5 = md5 }, options)
  if begun then return end
  if not self.may_be_completed then self.state = "summing" end
  error(raised, 0)
end

-- Completes the Upload, once all parts are sent and the MD5 is known. The digest may take longer than the parts. After
-- the deadline no completion would be sent, so none is saved as sent.
function on_entering.summing(self)
  if self.calls.count > 0 then return end
  local failure = self.source:problem() or core.late(self.options.deadline)
  if failure then return ending.fail(self, failure) end
  local md5 = self.plan.md5 or self.source:md5()
  if self.digest then
    md5, failure = md5_of(self, self.digest)
    if failure then return ending.fail(self, failure) end
    if not md5 then return end
  end
  send_completion(self, md5)
end

function on_answer.complete(self, upload, failure, response)
  self.upload, self.response = upload, response
  if upload then
    self.state = "concluding"
    return
  end
  if failure.may_have_applied then self.may_be_completed = true end
  ending.fail(self, failure)
end

-- Adopts an Upload that an earlier job created. Misuse of an option raises first, and leaves the Upload as it was.
local function adopt(self, saved)
  core.release(self.await(-1, self.options, 0))
  self.state, self.may_be_completed = "checking", saved.completing or false
  for _, part in ipairs(saved.parts) do
    self.part_ids[part.number], self.parts[part.number] = part.id, part
    self.bytes_done = self.bytes_done + part_sizes.of(self.plan, part.number)
  end
  note_upload(self, saved.upload_id)
  local fine, raised = pcall(reporting.report, self)
  if not fine then ending.fail_by_error(self, raised) end
end

-- Makes connections for the first parts while the Upload is created. Each takes the place of its part until then. A
-- failure to connect is ignored, because the part will meet it too. A part of at most `core.max_shared_part_bytes` is
-- sent on the connection of the creation.
local function connect_ahead(self)
  local plan, options = self.plan, compound.copy_options(self.options)
  if plan.part_size <= core.max_shared_part_bytes or plan.bytes <= core.max_shared_part_bytes then return end
  options.max_retries, options.patience, options.on_retry = 0, 0, nil
  for number = 1, math.min(plan.concurrency, plan.part_count) do
    local fine, raised = pcall(self.begin, self, "connection", number, self.client.start.parts.connect, options)
    if not fine and raised ~= core.out_of_memory then return ending.fail_by_error(self, raised) end
  end
end

function on_answer.connection() end

--- Begins the creation of the Upload. Misuse of an option raises.
function sending.create(self)
  self:begin("create", nil, self.client.start.create, self.plan.create, compound.copy_options(self.options))
  self.state = "creating"
  connect_ahead(self)
  self.calls:hold() -- the client holds the creation: without its id nothing could be cancelled
end

--- Starts the job, which has no running call yet. Misuse of an option raises.
function sending.begin(self)
  local plan, failure = self.plan, nil
  compound.share_deadline(self.options)
  if plan.computes_md5 then self.digest, failure = self.source:begin_digest() end
  if failure then return ending.refuse(self, failure) end
  if plan.resume then return adopt(self, plan.resume) end
  if plan.bytes then return sending.create(self) end
  self.state = "spooling"
  supply.go_on(self)
end

return sending
