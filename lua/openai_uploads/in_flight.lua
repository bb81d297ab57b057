-- SPDX-License-Identifier: MIT
-- Calls under way side by side, each with what it is for: an id, or a table. Those that are done wait in a line to be
-- dealt with.
--
-- A loop waits for the set as for a transfer, which is done when any of its calls is. Memory may run out at any point,
-- and a hook may raise (Ctrl-C): then the client's next step calls `hear` once more, and nothing was forgotten.
local core = require "openai_uploads.core"

local in_flight = {}
in_flight.__index = in_flight

--- An empty one. wake(): called when one is done, in the step that ends it.
function in_flight.new(wake)
  local self = setmetatable({
    calls = {}, -- transfer -> what it is for; of all, as long as they are not dealt with
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

-- It may be interrupted anywhere, and called again: one that is in the line twice is passed over.
function in_flight:note_end(transfer)
  if self.calls[transfer] == nil then return end
  local last = self.last + 1
  self.line[last] = transfer
  self.last = last
end

--- Adds a transfer that was begun. Where it has ended as it was begun, it joins the line at once.
function in_flight:add(transfer, what)
  self.calls[transfer] = what
  self.count = self.count + 1
  if self.is_held then core.hold(transfer) end
  if core.listen(transfer, self.hear) then self:note_end(transfer) end
end

--- The first one in the line, and what it is for; it stays there. nil when there is none.
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

--- Forgets one, whether it is in the line or runs.
function in_flight:remove(transfer)
  if self.calls[transfer] == nil then return end
  self.calls[transfer] = nil
  self.count = self.count - 1
end

--- Takes the first one out of the line.
function in_flight:take()
  local transfer, what = self:peek()
  if transfer then self:remove(transfer) end
  return transfer, what
end

--- Iterates over all: transfer, what it is for. Each may be removed meanwhile.
function in_flight:each() return next, self.calls, nil end

function in_flight:abort()
  for transfer in self:each() do
    if not transfer:done() then transfer:abort() end
  end
end

--- The client holds those under way until they are done; with `is_held`, those that are added later as well.
function in_flight:hold()
  for transfer in self:each() do core.hold(transfer) end
end

function in_flight:done() return self:peek() ~= nil end

function in_flight:listen(woken)
  if self:done() then woken(self) else self.wake = woken end
end

--- Whoever waits by this alone is held by the transfers, and those by the client.
function in_flight:on_done(woken)
  self:hold()
  self:listen(woken)
end

return in_flight
