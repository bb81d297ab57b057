-- SPDX-License-Identifier: MIT
-- A host in plain Lua with timers, and coroutines that sleep on them: for loops.sleeping and loops.timers, and as a
-- host for suspended.lua.

local socket = require "socket"
local suspended = require "spec.support.suspended"

local SHORTEST, LONGEST_NAP = 0.001, 0.005 -- seconds

local timer_host = {}

local timers = {}   -- each { due, action }, in no order
local sleeping = {} -- coroutine -> its present sleep

--- Calls action() after so many seconds.
function timer_host.after(seconds, action)
  timers[#timers + 1] = { due = socket.gettime() + seconds, action = action }
end

local function resume(thread)
  local fine, raised = coroutine.resume(thread)
  if not fine then error(raised, 0) end
end

--- Suspends the running coroutine for so many seconds. One that could not yield may sleep elsewhere later.
function timer_host.sleep(seconds)
  local running, sleep = coroutine.running(), {}
  timer_host.after(seconds, function()
    if sleeping[running] ~= sleep then return end
    sleeping[running] = nil
    if coroutine.status(running) == "suspended" then resume(running) end
  end)
  sleeping[running] = sleep
  coroutine.yield()
end

--- How many timers there are.
function timer_host.timers() return #timers end

function timer_host.spawn(action)
  local thread = coroutine.create(action)
  timer_host.after(0, function() resume(thread) end)
end

function timer_host.pause() timer_host.sleep(SHORTEST) end

-- Calls what is due. Returns the seconds until more is, and adds to `problems` what was raised.
local function turn(problems)
  local list, now, nearest = timers, socket.gettime(), math.huge
  timers = {}
  for _, timer in ipairs(list) do
    if timer.due > now then
      timers[#timers + 1] = timer
      nearest = math.min(nearest, timer.due - now)
    else
      local fine, raised = pcall(timer.action)
      if not fine then problems[#problems + 1] = raised end
    end
  end
  return nearest
end

--- Runs functions in coroutines until no timer is left. Returns what was raised in them and survived.
function timer_host.run_all(functions)
  local last, problems = os.time() + suspended.PATIENCE, {}
  timers, sleeping = {}, {}
  for _, action in ipairs(functions) do timer_host.spawn(action) end
  while #timers > 0 do
    assert(os.time() <= last, problems[1] or "the loop has something to do still")
    local nearest = turn(problems)
    if nearest < math.huge then socket.sleep(math.min(nearest, LONGEST_NAP)) end
  end
  return problems
end

function timer_host.run(functions)
  local problems = timer_host.run_all(functions)
  if problems[1] then error(problems[1], 0) end
end

return timer_host
