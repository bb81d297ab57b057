-- SPDX-License-Identifier: MIT
-- The upload of a file, as a program holds it. It has the interface of a transfer. It is a state machine, driven by its
-- `abort` and by the answers to its calls, which arrive in the steps of its client.
--
--     new ──► creating ──────────► sending ──► summing ──► completing ──► concluding ──► done
--     of unknown size ──► spooling ──► creating
--     to resume ──► checking ──► sending
--
--     a failure, or abort:
--     creating ──► winding_down ──┐
--     another one ────────────────┴──► stopping ──► cancelling ──► concluding ──► done
--                                         └──────────────────────────┘ kept, in doubt, or never created
--     in doubt, with `confirm_lost`:
--     stopping ──► confirming ──► concluding ──► done
--     aborted once more:
--     winding_down, cancelling ──► giving_up ──► concluding ──► done
--
-- spooling: the data is collected, because the creation announces its size. checking: the job compares the sent parts
-- with the file. summing: the job waits for the MD5 of the whole file. completing: the completion was sent, and nothing
-- may cancel the Upload before the outcome is known. winding_down: the job waits for the answer to the creation,
-- because only that answer has the id of the Upload to cancel. confirming: the list of Files
-- tells whether the completion made one. `sending.lua` has the functions of the states up to `completing`, and
-- `ending.lua` the others.
local compound = require "openai_uploads.compound"
local core = require "openai_uploads.core"
local ending = require "openai_uploads.file_upload.ending"
local in_flight = require "openai_uploads.in_flight"
local reporting = require "openai_uploads.file_upload.reporting"
local sending = require "openai_uploads.file_upload.sending"
local supply = require "openai_uploads.file_upload.supply"
local waiting = require "openai_uploads.waiting"

local SECONDS_BETWEEN_REPORTS = 0.1 -- of progress, to a program's on_progress

local job = {}
job.__index = job

-- Creates a job with all its fields. Ending must work without memory, so no field is added later.
local function new(client, await, waits, plan, options)
  return setmetatable({
    client = client, await = await, waiting = waits, plan = plan, options = options, process_id = core.process_id(),
    source = plan.source or false, -- of the parts' data: stored_parts or stream
    producer = false, leash = false, waits_for_data = false, -- see supply
    state = "creating",
    -- The Upload and its parts so far.
    upload_id = false,
    dropped = false,          -- cancels the Upload when the job is collected
    part_ids = {}, parts = {}, -- number -> id, and number -> { number, id, md5 }
    has_begun = {}, next_number = 1, -- of started parts: number -> true
    bytes_done = 0,           -- of parts that the service has
    digest = false, kept_digest = false, -- of the whole file, and of the parts sent before
    saved = false,            -- the table that on_checkpoint gets
    reported_at = 0,          -- when on_progress was last called
    -- The calls.
    calls = false,            -- transfer -> { name, number, transfer, its result }
    answer = false,           -- the call that is being handled
    spent = false,            -- a list of handled calls: each has the previous one as `later`
    is_working = false, interruption = false,
    -- The outcome.
    upload = false, failure = false, response = false,
    is_in_doubt = false,      -- the service may have acted on a call that was stopped
    may_be_completed = false, -- a completion with unknown outcome was sent, here or before
    upload_answered = false,  -- the Upload in the answer to a stopped completion
    created_at = false,       -- of the Upload, by the service's clock
    listed_until = false, pages = 0, -- of the list of Files: its last File so far, and the pages
    listener = false,
  }, job)
end

-- Notes the results of a call that has ended.
local function note_results(call)
  if call.has_results then return end
  call.result, call.failure, call.response = compound.results(call.transfer)
  call.has_results = true
end

-- Returns the next call whose answer is to be handled, or nil if there is none.
local function next_answer(self)
  if self.answer then return self.answer end
  local transfer, call = self.calls:peek()
  if not transfer then return nil end
  note_results(call)
  self.answer = call
  self.calls:remove(transfer)
  return call
end

local function has_answer(self) return self.answer or self.calls:done() end

local function deal_with(self, call)
  local act = sending.on_answer[call.name] or ending.on_answer[call.name]
  act(self, call.result, call.failure, call.response, call.number)
end

-- Calls action(self, call). An error ends the job. Running out of memory does not: the next step tries the action
-- again.
local function attempt(self, action, call)
  local fine, raised = pcall(action, self, call)
  if fine then return end
  if raised == core.out_of_memory or self.failure and not call then error(raised, 0) end
  ending.fail_by_error(self, raised)
  if call and self.state == "winding_down" then action(self, call) end -- its answer has the id of the Upload to cancel
end

-- `is_working` is set and cleared in this function, which runs in a pcall. Elsewhere an interruption could leave it
-- set.
local function work(self)
  self.is_working = compound.running()
  repeat
    local state = self.state
    local enter = ending.on_entering[state] or not has_answer(self) and sending.on_entering[state]
    if enter then attempt(self, enter) end
    local call = next_answer(self)
    if call then
      attempt(self, deal_with, call)
      self.calls:remove(call.transfer)
      call.later, self.spent, self.answer = self.spent, call, false
    end
  until not call and self.state == state
  self.is_working = false
end

-- Handles every answer that has arrived. A function of the program may step the client or abort the job, and so call
-- this again. The outer call then goes on. The client calls a listener again if it raised, so transfers are released
-- last.
local function advance(self)
  if self.is_working then return end
  local fine, raised = pcall(work, self)
  if not fine then
    self.is_working = false
    error(raised, 0)
  end
  while self.spent do
    core.release(self.spent.transfer)
    self.spent = self.spent.later
  end
  local interruption = self.interruption -- has ended the job, and is raised to the caller of the step
  self.interruption = false
  if interruption then error(interruption, 0) end
end

--- Lets the job go on when something else than an answer has come: data of a stream.
function job:go_on() advance(self) end

--- Starts a call with start(...). Misuse raises. name: the key of the function that handles the answer. number: the
--- number of the call's part, if it has one.
function job:begin(name, number, start, ...)
  local call = {
    name = name, number = number, transfer = false, has_results = false, result = nil, failure = nil, response = nil,
    later = false,
  }
  call.transfer = compound.begin(start, ...)
  local fine, raised = pcall(self.calls.add, self.calls, call.transfer, call)
  if fine then return end
  pcall(call.transfer.abort, call.transfer)
  self.calls:remove(call.transfer)
  if pcall(note_results, call) and call.failure and not call.failure.may_have_applied or name == "part" then
    error(raised, 0)
  end
  if name == "complete" then self.may_be_completed = true end
  error("the call was begun, and could not be waited for: " .. core.describe(raised), 0)
end

--- Starts the job. Misuse of an option raises.
function job.start(client, await, waits, plan, options)
  local self = new(client, await, waits, plan, options or {})
  self.calls = in_flight.new(function() advance(self) end)
  local fine, raised = pcall(sending.begin, self)
  if not fine then
    ending.abandon(self)
    error(raised, 0)
  end
  advance(self)
  return self
end

--- Returns a job that has failed before it sent anything.
function job.failed(failure)
  local self = new(nil, nil, nil, {}, {})
  self.state, self.failure, self.calls = "done", failure, in_flight.new()
  return self
end

function job:done() return self.state == "done" end

local function result(self)
  if self.state ~= "done" then return false end
  if self.failure then return true, nil, self.failure, self.response or nil end
  return true, self.plan.gives_file and self.upload.file or self.upload, nil, self.response or nil
end

-- Reports the progress at intervals. Called while a program waits or polls.
local function look(self)
  if not self.failure and self.plan.on_progress and core.now() - self.reported_at >= SECONDS_BETWEEN_REPORTS then
    local fine, raised = pcall(reporting.report, self)
    if not fine then ending.fail_by_error(self, raised) end
  end
  advance(self)
end

function job:poll()
  if self.state ~= "done" then self.client.step() end
  look(self)
  return result(self)
end

function job:wait(seconds)
  compound.refuse_own_wait(self, seconds)
  waiting.check(self.waiting, self, seconds)
  if self.state ~= "done" then
    self.waiting:wait(self, seconds, self.plan.on_progress and SECONDS_BETWEEN_REPORTS, look)
  end
  if self.state ~= "done" then return self:poll() end
  supply.stop(self)
  return result(self)
end

--- Aborts the job and cancels its Upload. The job is done when the cancel is. A second call gives up on the cancel.
function job:abort()
  if self.state == "done" then return false end
  ending.abort(self)
  advance(self)
  return true
end

job.__close = function(self)
  if self:abort() and self.state ~= "done" then self:wait() end
end

--- Like on_done, but the client does not hold the job for it.
function job:listen(listener)
  self.listener = listener
  if self.state == "done" then advance(self) end
end

job.on_done = compound.on_done

job.progress = reporting.progress

function job:__tostring()
  local word = self.state == "done" and "done" or self.failure and "cancelling" or "running"
  return "openai_uploads.file_upload: " .. word
end

return job
