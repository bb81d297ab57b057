-- SPDX-License-Identifier: MIT
-- What the loops share whose host calls back. One watch serves all coroutines that wait for a client, because most
-- hosts take one watch for each descriptor. The watch steps the client. The step that finishes a transfer wakes the
-- coroutines that wait for it. The last of them ends the watch, so that the host's loop can end and the client can be
-- collected.
local listen = require "openai_uploads.listen"

local LONGEST_TIMER = 1e6 -- seconds

local watch = {}

--- Returns the client's descriptor. Raises where the system has none. name: of the loop.
function watch.descriptor(client, name)
  local descriptor = client.fd()
  if descriptor then return descriptor end
  error(("loop '%s' needs a system on which client.fd() gives a descriptor"):format(name), 0)
end

-- Wakes those that wait for this transfer, or all. Several coroutines may wait for one transfer, but it calls only the
-- last listener.
local function wake_waiting(waiting, transfer)
  local list = {}
  for wake, waited in pairs(waiting) do
    if waited == transfer or not transfer then list[#list + 1] = wake end
  end
  for _, wake in ipairs(list) do wake() end
end

-- Adds a wake function to the watch of a client, and returns that watch. A client that was closed meanwhile has a new
-- descriptor, perhaps with the same number.
local function enter(self, client, transfer, wake)
  local found, descriptor = self.watched[client], client.fd()
  if not found or found.descriptor ~= descriptor then
    found = { finish = false, descriptor = descriptor, waiting = {} }
    found.finish = self.host.begin(client, found.waiting)
    self.watched[client] = found
  end
  found.waiting[wake] = transfer
  return found
end

-- Removes it. Returns whether it was still waiting.
local function leave(self, client, found, wake)
  if not found.waiting[wake] then return false end
  found.waiting[wake] = nil
  if next(found.waiting) then return true end
  if self.watched[client] == found then self.watched[client] = nil end
  found.finish()
  return true
end

local function wait(self, client, transfer, seconds)
  local host = self.host
  local suspend, resume = host.suspension()
  local found, prevent
  local function wake()
    if not leave(self, client, found, wake) then return end
    if prevent then prevent() end
    resume()
  end
  local function give_up() leave(self, client, found, wake) end
  found = enter(self, client, transfer, wake)
  if seconds and seconds < LONGEST_TIMER and host.after then prevent = host.after(seconds, wake) end
  listen(transfer, function() wake_waiting(found.waiting, transfer) end)
  suspend(seconds, give_up)
  give_up()
end

--- Returns the loop of a host, which is a table of functions:
---
---   begin(client, waiting)   begins to step the client whenever it may have work. Returns a function that ends this,
---                            which is called before the client closes its descriptor. `waiting` has the transfers
---                            that are waited for as its values
---   suspension()             returns, for the running coroutine, suspend(seconds, leave) and resume(). resume() is
---                            called at most once, perhaps inside a step, or before suspend. A suspend that raises
---                            calls leave() first. Raises if the coroutine cannot be suspended
---   spawn(action)            that of the loop, see loop.lua
---   after(seconds, action)   calls action() later, and returns a function that prevents it. A host whose suspend
---                            returns after so many seconds needs none
function watch.loop(host)
  local self = {
    host = host,
    watched = {}, -- client -> { finish, descriptor, waiting: wake function -> transfer }. May alone hold a transfer.
  }
  return {
    spawn = host.spawn,
    wait = function(client, transfer, seconds) wait(self, client, transfer, seconds) end,
    -- Wakes every waiter, which ends the watch. A coroutine whose wait is not over, as for a file whose Upload is being
    -- cancelled, then waits on the next watch.
    forget = function(client)
      local found = self.watched[client]
      if found then wake_waiting(found.waiting) end
    end,
  }
end

return watch
