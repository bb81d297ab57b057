-- SPDX-License-Identifier: MIT
-- What the loops share that suspend plain coroutines.
local coroutines = {}

local isyieldable = rawget(coroutine, "isyieldable") -- absent in Lua 5.1 and 5.2

--- Returns the running coroutine. Raises if it cannot yield. remedy: what a program should use there, for the message.
function coroutines.running(remedy)
  local running, is_main = coroutine.running()
  if not running or is_main or isyieldable and not isyieldable() then
    error("a call that suspends was made outside a coroutine, or in an api_key, log or on_retry function: use "
      .. remedy .. ', or loop = "blocking"', 0)
  end
  return running
end

--- Returns the function `suspension` of a host, see watch.lua. Coroutines are resumed in a turn of the host's loop of
--- their own, never inside the step that finished their transfer. soon(action): calls action() in such a turn.
---
--- An error in a coroutine is raised for the host to report, which ends some programs. If the program survives, the
--- other coroutines are resumed in a later turn.
function coroutines.suspension(soon, remedy)
  local ready = {} -- coroutines to resume
  local wake

  local function resume_ready()
    local list = ready
    ready = {}
    for index, waiting in ipairs(list) do
      local is_alive = coroutine.status(waiting) == "suspended"
      local succeeded, raised = coroutine.resume(waiting)
      if is_alive and not succeeded then
        for later = index + 1, #list do wake(list[later]) end
        error(debug.traceback(waiting, tostring(raised)), 0)
      end
    end
  end

  function wake(waiting)
    ready[#ready + 1] = waiting
    if #ready == 1 then soon(resume_ready) end
  end

  return function()
    local running = coroutines.running(remedy)
    return coroutine.yield, function() wake(running) end
  end
end

--- Runs the action in a coroutine until that first waits. Returns true.
function coroutines.spawn(action)
  coroutine.wrap(action)()
  return true
end

return coroutines
