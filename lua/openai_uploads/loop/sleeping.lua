-- SPDX-License-Identifier: MIT
-- The loop of a host that can sleep in a coroutine, or a thread, of its own: each waiting coroutine sleeps and steps
-- the client in turn.
local core = require "openai_uploads.core"
local new_pace = require "openai_uploads.loop.pace"

local function bytes_of(transfer) return transfer.progress and transfer:progress() or 0 end

--- Returns the loop of a host whose function sleep(seconds) suspends the running coroutine.
return function(sleep)
  if type(sleep) ~= "function" then
    error(("bad argument #1 to 'sleeping' (function expected, got %s)"):format(type(sleep)), 2)
  end
  local loop = {}

  function loop.wait(client, transfer, seconds)
    local last, pace, bytes = core.now() + (seconds or math.huge), new_pace(), 0
    repeat
      local before = bytes
      bytes = bytes_of(transfer)
      sleep(math.min(pace(bytes ~= before), math.max(0, last - core.now())))
      client.step()
    until transfer:done() or core.now() >= last
  end

  return loop
end
