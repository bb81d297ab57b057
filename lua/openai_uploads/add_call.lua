-- SPDX-License-Identifier: MIT
-- Calls that Lua makes of several calls of the service: a function that waits, and one of `start` that does not.

local SECONDS_TO_CANCEL = 10 -- how long an interrupted call waits for what it still has to cancel

-- Waits for it. If the wait raises (on Ctrl-C, for example), aborts it and waits for its cancel, then raises the error
-- again.
local function wait_through(begun)
  local fine, raised = pcall(begun.wait, begun)
  if fine then return end
  if not begun.failure then pcall(begun.abort, begun) end -- a second abort would give up on the cancel
  pcall(begun.wait, begun, SECONDS_TO_CANCEL)
  error(raised, 0)
end

--- Adds such a call to `calls`, and one to `starts`. begin(...) returns what has the interface of a transfer and a
--- field `failure`, or raises for misuse. waits: the client's waiting.
return function(waits, calls, starts, name, begin)
  starts[name] = function(...)
    local begun, made = pcall(begin, ...)
    if not begun then error(made, 2) end
    return made
  end
  calls[name] = function(...)
    local made, refusal = waits:begin(begin, ...)
    if not made then return nil, refusal end
    if waits.loop and not waits.in_pcall then made:wait() else wait_through(made) end
    local _, object, failure, response = made:poll()
    return waits.result(object, failure, response)
  end
end
