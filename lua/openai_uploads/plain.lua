-- SPDX-License-Identifier: MIT
-- Copies of tables that a program passes, so that the checked values are the values used.
local core = require "openai_uploads.core"

--- Returns a deep copy, without metatables, of the table that is argument `number` of `call`. Raises, without a
--- position, if the table contains itself or is larger than any argument may be.
return function(given, what, number, call)
  local copy, problem = core.plain(given, what)
  if copy then return copy end
  error(("bad argument #%d to '%s' (%s)"):format(number, call, problem), 0)
end
