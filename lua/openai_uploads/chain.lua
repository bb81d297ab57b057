-- SPDX-License-Identifier: MIT
-- Calls that follow one another, which a program holds as one transfer. The answer to each call decides what comes
-- next: its handler begins another call, or ends the chain. It is no coroutine, because nginx's own cannot be resumed
-- in a step.
local compound = require "openai_uploads.compound"
local core = require "openai_uploads.core"
local in_flight = require "openai_uploads.in_flight"
local waiting = require "openai_uploads.waiting"

local chain = {}
chain.__index = chain

-- Notes the answer to the call that has ended. Returns it, or nil if none has.
local function next_answer(self)
  if self.answer then return self.answer end
  local transfer, handler = self.calls:peek()
  if not transfer then return nil end
  local result, failure, response = compound.results(transfer)
  self.answer = { handler = handler, transfer = transfer, result = result, failure = failure, response = response }
  self.calls:remove(transfer)
  return self.answer
end

local function deal_with(self, answer)
  if not self.is_over then answer.handler(self, answer.result, answer.failure, answer.response) end
end

-- When memory runs out in a handler, the next step calls it again. Another error ends the chain.
local function work(self)
  local answer = next_answer(self)
  while answer do
    local fine, raised = pcall(deal_with, self, answer)
    if not fine and raised == core.out_of_memory then error(raised, 0) end
    self.answer = false
    core.release(answer.transfer)
    if not fine then
      self:fail(core.failure("aborted", core.describe(raised)))
      if core.is_interruption(raised) then error(raised, 0) end
    end
    answer = next_answer(self)
  end
  if self.is_over then compound.tell_listener(self) end
end

-- Handles every answer that has arrived. To take one may tell another one's end, which calls this again: the outer call
-- goes on then.
local function advance(self)
  if self.is_working then return end
  self.is_working = compound.running()
  local fine, raised = pcall(work, self)
  self.is_working = false
  if not fine then error(raised, 0) end
end

--- Returns a chain without a call. waits: the client's waiting.
function chain.new(client, waits)
  local self = setmetatable({
    client = client, waiting = waits, calls = false,
    answer = false, -- the one that is being handled
    is_over = false, result = nil, failure = nil, response = nil,
    lost = nil, lost_response = nil, -- the failure that further calls look into, see lost.confirm
    listener = false, is_working = false,
    look = nil, seconds_between_looks = nil, -- called while a program waits or polls, if set
  }, chain)
  self.calls = in_flight.new(function() advance(self) end)
  return self
end

--- Begins a call with start(...). handler(chain, result, failure, response) is called with its answer. Misuse raises.
function chain:begin(handler, start, ...)
  self.calls:add(compound.begin(start, ...), handler)
end

--- Ends the chain with its result.
function chain:finish(result, response)
  if self.is_over then return end
  self.is_over, self.result, self.response = true, result, response
end

--- Ends it with a failure.
function chain:fail(failure, response)
  if self.is_over then return end
  self.is_over, self.failure, self.response = true, failure, response
end

function chain:done() return self.is_over end

local function result(self)
  if not self.is_over then return false end
  if self.failure then return true, nil, self.failure, self.response end
  return true, self.result, nil, self.response
end

function chain:poll()
  if not self.is_over then self.client.step() end
  if self.look then self.look(self) end
  advance(self)
  return result(self)
end

function chain:wait(seconds)
  compound.refuse_own_wait(self, seconds)
  waiting.check(self.waiting, self, seconds)
  self.waiting:wait(self, seconds, self.seconds_between_looks, self.look)
  if not self.is_over then return self:poll() end
  return result(self)
end

--- Ends the chain as aborted, or with that failure, and the call under way. A failure that is looked into stays the
--- chain's: its doubt remains.
function chain:abort(failure)
  if self.is_over then return false end
  failure = self.lost or failure or core.failure("aborted", "aborted by the program")
  self:fail(failure, self.lost_response)
  for transfer in self.calls:each() do
    self.calls:remove(transfer)
    transfer:abort()
    failure.may_have_applied = failure.may_have_applied or compound.leaves_doubt(transfer)
    core.release(transfer)
  end
  advance(self)
  return true
end

chain.__close = function(self) self:abort() end

--- How far the call under way is, as transfer:progress().
function chain:progress()
  local transfer = next(self.calls.calls)
  if transfer then return transfer:progress() end
  return 0
end

--- Like on_done, but the client does not hold the chain for it.
function chain:listen(listener)
  self.listener = listener
  if self.is_over then advance(self) end
end

chain.on_done = compound.on_done

function chain:__tostring() return "openai_uploads.transfer: " .. (self.is_over and "done" or "running") end

return chain
