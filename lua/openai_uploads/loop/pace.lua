-- SPDX-License-Identifier: MIT
-- How long a loop pauses between two steps where the host cannot watch a descriptor: about a sixteenth of the time for
-- which nothing has happened. A long wait then costs few steps, and each wait is only that much longer.
local core = require "openai_uploads.core"

local SHORTEST, LONGEST = 0.002, 0.02 -- seconds
local SHARE = 1 / 16

--- Returns a function that returns the seconds to pause. Its argument says whether something has happened since its
--- last call.
return function()
  local since = core.now()
  return function(has_progressed)
    local now = core.now()
    if has_progressed then since = now end
    return math.max(SHORTEST, math.min(LONGEST, (now - since) * SHARE))
  end
end
