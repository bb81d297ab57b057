-- SPDX-License-Identifier: MIT
-- A file on its way, as a program holds it: it is used as a transfer is. It is one machine, driven by the answers to
-- its calls, which come in the steps of its client, and by its abort.
--
--     new ──► creating ──────────► sending ──► summing ──► completing ──► concluding ──► done
--     to resume ──► checking ─────────┘
--
--     a failure, or abort:
--     creating ──► winding_down ──┐
--     another one ────────────────┴──► stopping ──► cancelling ──► concluding ──► done
--                                         └──────────────────────────┘ kept, in doubt, or never created
--     aborted once more:
--     winding_down, cancelling ──► giving_up ──► concluding ──► done
--
-- checking: whether the parts that are there hold what the file does. summing: its MD5 is not known yet. completing:
-- the completion was sent; nothing may cancel the Upload from here on before the outcome is known. winding_down: the
-- answer to the creation is waited for, for it alone tells what to cancel. `sending.lua` has what is done in the first
-- five, and `ending.lua` the rest.
local core = require "openai_uploads.core"
local ending = require "openai_uploads.file_upload.ending"
local in_flight = require "openai_uploads.in_flight"
local sending = require "openai_uploads.file_upload.sending"
local waiting = require "openai_uploads.waiting"

local SECONDS_BETWEEN_REPORTS = 0.1 -- of progress, to a program that wants them

local OUT_OF_MEMORY = "not enough memory"

local job = {}
job.__index = job

-- All its fields. Ending goes on without memory, so none is added then.
local function new(client, await, waits, plan, options)
  return setmetatable({
    client = client, await = await, waiting = waits, plan = plan, options = options, process_id = core.process_id(),
    state = "creating",
    deadline_at = nil,        -- on core.now()'s clock
    -- What is there of it.
    upload_id = false,
    dropped = false,          -- cancels it when nobody holds the job any more
    part_ids = {}, parts = {}, -- number -> id; number -> { number, id, md5 }
    has_begun = {}, next_number = 1, -- of parts: number -> true
    bytes_done = 0,           -- of parts that are there
    digest = false, kept_digest = false, -- of the whole; of the parts that were there
    saved = false,            -- what on_checkpoint is given
    reported_at = 0,          -- when on_progress was called
    -- What is under way.
    calls = false,            -- transfer -> { name, number, transfer, its result }
    answer = false,           -- of them, that which is dealt with
    spent = false,            -- those that were; each has the one before as `later`
    is_working = false, interruption = false,
    -- What it came to.
    upload = false, failure = false, response = false,
    is_in_doubt = false,      -- a call was stopped that may have been acted on
    may_be_completed = false, -- a completion was sent, here or before, whose outcome is not known
    upload_answered = false,  -- the Upload of a completion that was answered as it was stopped
    listener = false,
  }, job)
end

-- Notes what a call came to. Alone, a call that ran out of memory raises that; one of a file's ends the file.
local function note_result(call)
  if call.has_result then return end
  local result, failure, response = core.result(call.transfer)
  if result == false then
    local may_have_applied = response
    result, failure, response = nil, core.failure("aborted", OUT_OF_MEMORY), nil
    failure.may_have_applied = may_have_applied
  end
  call.result, call.failure, call.response, call.has_result = result, failure, response, true
end

-- The call whose answer is to be dealt with; nil when there is none.
local function next_answer(self)
  if self.answer then return self.answer end
  local transfer, call = self.calls:peek()
  if not transfer then return nil end
  note_result(call)
  self.answer = call
  self.calls:remove(transfer)
  return call
end

local function has_answer(self) return self.answer or self.calls:done() end

local function deal_with(self, call)
  local act = sending.on_answer[call.name] or ending.on_answer[call.name]
  act(self, call.result, call.failure, call.response, call.number)
end

-- What is raised ends it all; but where memory ran out, it is done once more in the next step.
local function attempt(self, action, call)
  local fine, raised = pcall(action, self, call)
  if fine then return end
  if raised == OUT_OF_MEMORY or self.failure and not call then error(raised, 0) end
  ending.fail_by_error(self, raised)
  if call and self.state == "winding_down" then action(self, call) end -- its answer tells what there is to cancel
end

-- The mark is set and taken away in here, within a pcall: an interruption at either would leave it for ever.
local function work(self)
  self.is_working = true
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

-- Goes on as far as answers are there. A function of the program that steps the client, or aborts this, comes here
-- again: then whoever called it goes on. What raises is called again by the client, so transfers are released last.
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
  local interruption = self.interruption -- has ended this, and goes to whoever steps
  self.interruption = false
  if interruption then error(interruption, 0) end
end

--- Begins a call, start(...). Misuse of it raises. name: whose answer it gets; number: of its part.
function job:begin(name, number, start, ...)
  local call = {
    name = name, number = number, transfer = false, has_result = false, result = nil, failure = nil, response = nil,
    later = false,
  }
  local begun, transfer = pcall(start, ...)
  if not begun then error(transfer, 0) end -- without our line
  call.transfer = transfer
  local fine, raised = pcall(self.calls.add, self.calls, call.transfer, call)
  if fine then return end
  pcall(call.transfer.abort, call.transfer)
  self.calls:remove(call.transfer)
  if pcall(note_result, call) and call.failure and not call.failure.may_have_applied or name == "part" then
    error(raised, 0)
  end
  if name == "complete" then self.may_be_completed = true end
  error("the call was begun, and could not be waited for: " .. core.describe(raised), 0)
end

--- Begins it. Misuse of an option raises.
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

--- One that has failed before anything was begun.
function job.failed(failure)
  local self = new(nil, nil, nil, {}, {})
  self.state, self.failure, self.calls = "done", failure, in_flight.new()
  return self
end

function job:done() return self.state == "done" end

local function result(self)
  if self.state ~= "done" then return false end
  if self.failure then return true, nil, self.failure, self.response or nil end
  return true, self.upload, nil, self.response or nil
end

-- Whoever waits, or polls, tells of the progress now and then.
local function look(self)
  if not self.failure and self.plan.on_progress and core.now() - self.reported_at >= SECONDS_BETWEEN_REPORTS then
    local fine, raised = pcall(sending.report, self)
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
  waiting.check(self.waiting, self, seconds)
  if self.state ~= "done" then
    self.waiting:wait(self, seconds, self.plan.on_progress and SECONDS_BETWEEN_REPORTS, look)
  end
  if self.state ~= "done" then return self:poll() end
  return result(self)
end

--- Ends it, and cancels its Upload: it is done once that is over. While that is under way, gives up on it.
function job:abort()
  if self.state == "done" then return false end
  ending.abort(self)
  advance(self)
  return true
end

job.__close = function(self)
  if self:abort() and self.state ~= "done" then self:wait() end
end

--- The same as on_done, but the client does not hold the job for it.
function job:listen(listener)
  self.listener = listener
  if self.state == "done" then advance(self) end
end

function job:on_done(listener)
  if type(listener) ~= "function" then
    error(("bad argument #1 to 'on_done' (function expected, got %s)"):format(type(listener)), 2)
  end
  self.calls.is_held = true
  self.calls:hold()
  self:listen(listener)
end

job.progress = sending.progress

function job:__tostring()
  local word = self.state == "done" and "done" or self.failure and "cancelling" or "running"
  return "openai_uploads.file_upload: " .. word
end

return job
