-- SPDX-License-Identifier: MIT
-- The functions `run` of hosts that embed Lua, see suspended.lua.

local suspended = require "spec.support.suspended"

local running = {}

-- Plain Lua 5.1 cannot yield inside a pcall. There an error shows in that the functions do not end.
local function call(action)
  if suspended.yields_in_pcall then return pcall(action) end
  action()
  return true
end

--- wait_until(condition): lets the host work until the condition holds, or for suspended.PATIENCE seconds.
function running.run(spawn, wait_until)
  return function(functions)
    local left, problem = #functions, nil
    for _, action in ipairs(functions) do
      spawn(function()
        local fine, raised = call(action)
        if not fine then problem = problem or raised end
        left = left - 1
      end)
    end
    wait_until(function() return left == 0 or problem end)
    if problem then error(problem, 0) end
    assert(left == 0, "the loop has something to do still")
  end
end

--- Returns a wait_until of a host in which `pause()` suspends the caller of `run`.
function running.by(pause)
  return function(condition)
    local last = os.time() + suspended.PATIENCE
    while not condition() and os.time() <= last do pause() end
  end
end

return running
