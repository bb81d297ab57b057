-- SPDX-License-Identifier: MIT
-- Copies of the tables that a program hands over, so that what is checked is what is used.
local core = require "openai_uploads.core"

--- A copy of the table that is argument `number` of `call`, and that of the tables in it, without metatables. Raises,
--- without a position, where it contains itself or is larger than any argument.
return function(given, what, number, call)
  local copy, problem = core.plain(given, what)
  if copy then return copy end
  error(("bad argument #%d to '%s' (%s)"):format(number, call, problem), 0)
end
