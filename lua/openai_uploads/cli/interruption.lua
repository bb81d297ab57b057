-- SPDX-License-Identifier: MIT
-- Ctrl-C. Lua's own program answers the first SIGINT with an error, raised from whatever Lua code runs next, and
-- leaves the second one to the system, which ends the process.

local interruption = {}

--- Whether that is what was raised, or what a failure's message ends with.
function interruption.is(raised)
  return type(raised) == "string" and raised:find("interrupted!$") ~= nil
end

return interruption
