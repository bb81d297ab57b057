-- SPDX-License-Identifier: MIT
-- Calls under way side by side. What they come to is taken up in the steps of their client, one after the other.
--
-- Memory may run out at any point. Then the step raises that, and what a call came to is taken up again in the next:
-- nothing is forgotten before it was dealt with.
local core = require "openai_uploads.core"

local batch = {
  PAUSE = -1, -- in place of a part's number: a wait, about which there can be no doubt
}
batch.__index = batch

local OUT_OF_MEMORY = "not enough memory"

--- An empty one. Each call's finish(owner, ...) is called with what it came to, and may be called again when memory ran
--- out in it; on_error(owner, raised) with what else it raises, for a listener's error would only be told;
--- on_doubt(owner) when a call that was stopped while it was begun may have come to something all the same;
--- on_late(owner) when one is done after `stop`.
function batch.new(owner, on_error, on_doubt, on_late)
  return setmetatable({
    owner = owner, on_error = on_error, on_doubt = on_doubt, on_late = on_late, running = {}, count = 0,
    first = false, last = false, carrier = false, is_taking_up = false, is_stopped = false,
    may_have_applied = false, answered = false,
  }, batch)
end

-- No longer under way.
local function leave(self, call)
  if self.running[call] == nil then return end
  self.running[call] = nil
  self.count = self.count - 1
end

-- Aborts a call. Returns whether the service may have created, completed or cancelled an Upload for it all the same;
-- and that Upload, where its answer has come already.
local function abort(call)
  call.transfer:abort()
  if call.number ~= 0 then return false end
  local result, failure, may_have_applied = core.result(call.transfer)
  if result == false then return may_have_applied end
  return result ~= nil or failure.may_have_applied, result
end

-- Alone, a call that ran out of memory raises that; one of a file's ends the file.
local function note_result(self, call)
  if call.has_result then return end
  call.result, call.failure, call.response = core.result(call.transfer)
  if call.result == false then
    local may_have_applied = call.response
    call.result, call.failure, call.response = nil, core.failure("aborted", OUT_OF_MEMORY), nil
    call.failure.may_have_applied = may_have_applied
  end
  call.has_result = true
  leave(self, call)
end

-- Within a pcall, for it may raise.
local function take(self, call)
  note_result(self, call)
  if call.is_finished then return end
  call.finish(self.owner, call.result, call.failure, call.response)
  call.is_finished = true
end

-- Deals with the first one, which stays the first until that has come to an end.
local function take_first(self)
  local call = self.first
  if not call.raised then
    local fine, raised = pcall(take, self, call)
    if not fine then
      if raised == OUT_OF_MEMORY then error(raised, 0) end
      call.raised = raised
    end
  end
  if call.raised then
    self.on_error(self.owner, call.raised)
    if self.owner.is_creating then take(self, call) end -- its answer tells what there is to cancel
  end
  if call ~= self.carrier then core.release(call.transfer) end
  self.first = call.later
end

local function take_all(self)
  while self.first and not self.is_stopped do take_first(self) end
end

-- What is begun meanwhile makes steps, in which more comes: that joins the queue, or each answer would stand on the
-- stack of the one before. All are taken up in the listener of the first, the carrier, which is called again where that
-- raises: so its transfer is released last.
local function take_up(self, carrier)
  if self.is_taking_up and self.carrier ~= carrier then return end
  self.carrier = carrier
  self.is_taking_up = true
  local fine, raised = pcall(take_all, self)
  self.is_taking_up = false
  if not fine then error(raised, 0) end
  core.release(carrier.transfer)
  self.carrier = false
end

local function listen(self, call, listener)
  if self.owner.is_held then core.hold(call.transfer) end
  core.listen(call.transfer, listener)
end

local function hear(self, call)
  if self.is_stopped then return self.on_late(self.owner) end
  if not call.is_queued then -- noted last: an interruption before that has it done again
    if self.first and self.last ~= call then self.last.later = call end
    self.last = call
    self.first = self.first or call
    call.is_queued = true
  end
  take_up(self, call)
end

-- Ends a call that nothing will be heard of.
local function give_up(self, call, raised)
  leave(self, call)
  local ended, may_have_applied = pcall(abort, call)
  if not ended or may_have_applied then
    self.on_doubt(self.owner)
    raised = raised and "the call was begun, and could not be waited for: " .. raised
  end
  if raised then error(raised, 0) end
end

--- Begins a call, start(...); misuse of it raises. `number`: of its part, 0 for another call, or PAUSE. It counts from
--- before its start: that makes a step, in which others end, and perhaps all of it. What it needs is allocated before.
function batch:launch(finish, number, start, ...)
  local call = {
    finish = finish, number = number, transfer = false, later = false, is_queued = false, has_result = false,
    result = false, failure = false, response = false, is_finished = false, raised = false,
  }
  local function listener() hear(self, call) end
  self.running[call] = number
  self.count = self.count + 1
  local begun, transfer = pcall(start, ...)
  if not begun then
    leave(self, call)
    error(transfer, 0)
  end
  call.transfer = transfer
  if self.is_stopped then return give_up(self, call) end
  local heard, raised = pcall(listen, self, call, listener)
  if not heard then give_up(self, call, raised) end
end

--- The client holds those under way, and so all that they shall begin, until they are done.
function batch:hold()
  for call in pairs(self.running) do
    if call.transfer then core.hold(call.transfer) end
  end
end

--- Aborts those under way; what they come to is not taken up any more. Returns whether there is a doubt about any,
--- and the Upload, where an answer with one has come. May be called again, when it could not be finished.
function batch:stop()
  self.is_stopped = true
  for call in pairs(self.running) do
    if call.transfer then
      local in_doubt, answered = abort(call)
      if in_doubt then self.may_have_applied = true end
      self.answered = answered or self.answered
    end
    leave(self, call)
  end
  return self.may_have_applied, self.answered or nil
end

--- Those under way begin no further attempt, and end now unless an answer is on its way. It is taken up.
function batch:wind_down()
  local transfers = {}
  for call in pairs(self.running) do transfers[#transfers + 1] = call.transfer or nil end
  for _, transfer in ipairs(transfers) do core.wind_down(transfer) end
end

--- Bytes of parts under way that have been handed over.
function batch:bytes_sent()
  local sent = 0
  for call, number in pairs(self.running) do
    if number > 0 and call.transfer then sent = sent + call.transfer:progress() end
  end
  return sent
end

return batch
