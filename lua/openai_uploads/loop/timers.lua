-- SPDX-License-Identifier: MIT
-- The loop of a host with one-shot timers: one of them at a time steps each client that coroutines wait for.
local core = require "openai_uploads.core"
local coroutines = require "openai_uploads.loop.coroutines"
local new_pace = require "openai_uploads.loop.pace"
local watch = require "openai_uploads.loop.watch"

local LONGEST_TIMER = 1 -- seconds: a timer of the host cannot be cancelled

-- A number that changes when bytes were sent, or others wait.
local function state_of(waiting)
  local sum = 0
  for _, transfer in pairs(waiting) do sum = sum + 1 + (transfer.progress and transfer:progress() or 0) end
  return sum
end

--- Returns the loop of a host whose function after(seconds, action) calls action() once, later, from its own loop.
return function(after)
  if type(after) ~= "function" then
    error(("bad argument #1 to 'timers' (function expected, got %s)"):format(type(after)), 2)
  end
  local host = {
    spawn = coroutines.spawn,
    suspension = coroutines.suspension(function(action) after(0, action) end, "coroutine.wrap"),
  }

  function host.begin(client, waiting)
    local is_over, pace, state = false, new_pace(), 0
    local function tick()
      if is_over then return end
      local before = state
      state = state_of(waiting)
      after(pace(state ~= before), tick) -- first: the step may raise
      client.step()
    end
    after(pace(), tick)
    return function() is_over = true end
  end

  function host.after(seconds, action)
    local last = core.now() + seconds
    local function look()
      local left = last - core.now()
      if not action then return end
      if left <= 0 then return action() end
      after(math.min(left, LONGEST_TIMER), look)
    end
    look()
    return function() action = nil end
  end

  return watch.loop(host)
end
