-- SPDX-License-Identifier: MIT
-- A set of calls that run side by side. Each call has a context: an id, or a table. Finished calls stay in a queue,
-- `line`, until they are handled.
--
-- A loop waits for the set as it waits for a transfer: the set is done when any of its calls is. Running out of memory,
-- or a hook that raises (Ctrl-C), may interrupt any function here. The client's next step then calls `hear` again, so
-- no call is lost.
local core = require "openai_uploads.core"

local in_flight = {}
in_flight.__index = in_flight

--- Returns an empty set. wake(set) is called when a call finishes, within the step that finishes it.
function in_flight.new(wake)
  local self = setmetatable({
    calls = {}, -- transfer -> context, of every call that was not handled yet
    line = {}, first = 1, last = 0,
    count = 0,
    wake = wake or false, is_held = false, hear = false,
  }, in_flight)
  function self.hear(transfer)
    self:note_end(transfer)
    if self.wake then self.wake(self) end
  end
  return self
end

-- May be interrupted anywhere and called again. A transfer that is then queued twice is skipped the second time.
function in_flight:note_end(transfer)
  if self.calls[transfer] == nil then return end
  local last = self.last + 1
  self.line[last] = transfer
  self.last = last
end

--- Adds a started transfer. If the transfer is already done, it joins the queue at once.
function in_flight:add(transfer, what)
  self.calls[transfer] = what
  self.count = self.count + 1
  if self.is_held then core.hold(transfer) end
  if core.listen(transfer, self.hear) then self:note_end(transfer) end
end

--- Returns the first transfer in the queue and its context, or nil if the queue is empty. The transfer stays queued.
function in_flight:peek()
  local calls, line = self.calls, self.line
  while self.first <= self.last do
    local transfer = line[self.first]
    local what = calls[transfer]
    if what ~= nil then return transfer, what end
    line[self.first] = nil
    self.first = self.first + 1
  end
end

--- Removes a transfer, whether it is queued or still runs.
function in_flight:remove(transfer)
  if self.calls[transfer] == nil then return end
  self.calls[transfer] = nil
  self.count = self.count - 1
end

--- Removes the first transfer from the queue. Returns the transfer and its context, or nil if the queue is empty.
function in_flight:take()
  local transfer, what = self:peek()
  if transfer then self:remove(transfer) end
  return transfer, what
end

--- Iterates over every transfer and its context. The loop body may remove them.
function in_flight:each() return next, self.calls, nil end

function in_flight:abort()
  for transfer in self:each() do
    if not transfer:done() then transfer:abort() end
  end
end

--- Lets the client hold the running transfers until they are done. If `is_held` is set, `add` does so for later ones.
function in_flight:hold()
  for transfer in self:each() do core.hold(transfer) end
end

function in_flight:done() return self:peek() ~= nil end

function in_flight:listen(woken)
  if self:done() then woken(self) else self.wake = woken end
end

--- Calls woken(set) when a call is done. The transfers hold the listener, and the client holds the transfers.
function in_flight:on_done(woken)
  self:hold()
  self:listen(woken)
end

return in_flight
