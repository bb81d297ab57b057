-- SPDX-License-Identifier: MIT
-- Calls under way side by side. What they come to is taken up in the steps of their client, one after the other.
local core = require "openai_uploads.core"

local batch = {
  PAUSE = -1, -- in place of a part's number: a wait, about which there can be no doubt
}
batch.__index = batch

--- An empty one. Each call's finish(owner, ...) is called with what it came to; on_error(owner, raised) with what that
--- raises, for a listener's error would only be told; on_doubt(owner) when a call that was stopped while it was begun
--- may have come to something all the same.
function batch.new(owner, on_error, on_doubt)
  return setmetatable({ owner = owner, on_error = on_error, on_doubt = on_doubt, running = {}, count = 0 }, batch)
end

-- Aborts a call. Returns whether the service may have created, completed or cancelled an Upload for it all the same;
-- and that Upload, where its answer has come already.
local function abort(transfer, number)
  transfer:abort()
  local _, result, failure = transfer:poll()
  if number ~= 0 then return false end
  return result ~= nil or failure.may_have_applied, result
end

-- Within a pcall, for taking it may raise, too.
local function take(self, finished) return finished.finish(self.owner, core.take(finished.transfer)) end

-- What is begun meanwhile makes steps, in which more comes: that joins the queue, or each answer would stand on the
-- stack of the one before.
local function take_up(self)
  if self.is_taking_up then return end
  self.is_taking_up = true
  while self.first and not self.is_stopped do
    local finished = self.first
    self.first = finished.later
    self.running[finished.transfer] = nil
    self.count = self.count - 1
    local fine, raised = pcall(take, self, finished)
    if not fine then self.on_error(self.owner, raised) end
  end
  self.is_taking_up = false
end

local function queue(self, finished)
  if self.first then self.last.later = finished else self.first = finished end
  self.last = finished
end

--- Begins a call, start(...); misuse of it raises. `number`: of its part, 0 for another call, or PAUSE. It counts from
--- before its start: that makes a step, in which others end, and perhaps all of it.
function batch:launch(finish, number, start, ...)
  self.count = self.count + 1
  local begun, transfer = pcall(start, ...)
  if not begun then
    self.count = self.count - 1
    error(transfer, 0)
  end
  if self.is_stopped then
    if abort(transfer, number) then self.on_doubt(self.owner) end
    return
  end
  self.running[transfer] = number
  if self.owner.is_held then core.hold(transfer) end
  core.listen(transfer, function()
    if self.is_stopped then return end
    queue(self, { transfer = transfer, finish = finish })
    local fine, raised = pcall(take_up, self)
    if fine then return end
    self.is_taking_up = false
    self.on_error(self.owner, raised)
  end)
end

--- The client holds those under way, and so all that they shall begin, until they are done.
function batch:hold()
  for transfer in pairs(self.running) do core.hold(transfer) end
end

--- Aborts those under way; what they come to is not taken up any more. Returns whether there is a doubt about any,
--- and the Upload, where an answer with one has come.
function batch:stop()
  local may_have_applied, upload = false, nil
  self.is_stopped = true
  for transfer, number in pairs(self.running) do
    local in_doubt, answered = abort(transfer, number)
    may_have_applied, upload = in_doubt or may_have_applied, answered or upload
  end
  self.running, self.count = {}, 0
  return may_have_applied, upload
end

--- Those under way begin no further attempt, and end now unless an answer is on its way. It is taken up.
function batch:wind_down()
  local transfers = {}
  for transfer in pairs(self.running) do transfers[#transfers + 1] = transfer end
  for _, transfer in ipairs(transfers) do core.wind_down(transfer) end
end

--- Bytes of parts under way that have been handed over.
function batch:bytes_sent()
  local sent = 0
  for transfer, number in pairs(self.running) do
    if number > 0 then sent = sent + transfer:progress() end
  end
  return sent
end

return batch
