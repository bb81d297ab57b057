-- SPDX-License-Identifier: MIT
-- The options of calls on Files that Lua makes of several calls of the service.
local core = require "openai_uploads.core"
local plain = require "openai_uploads.plain"

local options = {}

--- Returns a copy of the options, argument `number` of `call`, without our own: rows of { name, min, default }, whose
--- values, numbers, are in the second result. Misuse raises, without a position.
function options.split(given, number, call, own)
  if given ~= nil and type(given) ~= "table" then
    error(("bad argument #%d to '%s' (options must be a table, got %s)"):format(number, call, type(given)), 0)
  end
  local of_each, values = given and plain(given, "options", number, call) or {}, {}
  for _, row in ipairs(own) do
    local name, value = row[1], of_each[row[1]]
    if value == nil then value = row[3] end
    if type(value) ~= "number" or value ~= value or value < row[2] then
      error(("bad option '%s' (a number from %g on expected, got %s)"):format(name, row[2], core.describe(value)), 0)
    end
    values[name], of_each[name] = value, nil
  end
  return of_each, values
end

return options
