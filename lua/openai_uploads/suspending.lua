-- SPDX-License-Identifier: MIT
-- Clients whose calls suspend only the coroutine that makes them. C never yields: a call is begun there, its loop
-- does the waiting, and its result is taken there again.
local core = require "openai_uploads.core"

local suspending = {
  -- Plain Lua 5.1 cannot suspend inside a pcall. (To try would be a yield, which nginx forbids inside `require`.)
  in_pcall = _VERSION ~= "Lua 5.1" or rawget(_G, "jit") ~= nil,
}

-- What transfer:wait([seconds]) is for a client that is not there yet.
local function waiting(loop, later)
  return function(transfer, seconds)
    if seconds ~= nil and not (type(seconds) == "number" and seconds >= 0) then
      error("bad argument #1 to 'wait' (seconds must be a number that is not negative)", 2)
    end
    local last = seconds and core.now() + seconds
    while not transfer:done() do
      local left = last and last - core.now()
      if left and left <= 0 then break end
      loop.wait(later.client, transfer, left)
    end
    return transfer:poll()
  end
end

-- The call of the service whose beginning is `start`.
local function call(loop, client, start)
  return function(...)
    local why = loop.refusal and loop.refusal()
    if why then return nil, core.failure("configuration", why) end
    local started, transfer = pcall(start, ...)
    if not started then error(transfer, 2) end
    while not transfer:done() do loop.wait(client, transfer) end
    return core.take(transfer)
  end
end

-- Puts a suspending call into `calls` for each that `starts` can begin; of a table of them, a table.
local function suspend_all(loop, client, starts, calls)
  for name, start in pairs(starts) do
    if type(start) == "table" then
      suspend_all(loop, client, start, calls[name])
    else
      calls[name] = call(loop, client, start)
    end
  end
end

-- Some loops have to let go of a descriptor before it is closed.
local function closing(loop, client)
  local close = client.close
  return function()
    if loop.forget then loop.forget(client) end
    close()
  end
end

--- A client of the core that lives in `loop`, and its pause; the settings as for the core. Errors have no position.
function suspending.client(settings, loop)
  local later = {}
  local made, client, pause = pcall(core.client, settings, waiting(loop, later))
  if not made then error(client, 0) end
  later.client, client.close = client, closing(loop, client)
  suspend_all(loop, client, client.start, client)
  return client, pause
end

return suspending
