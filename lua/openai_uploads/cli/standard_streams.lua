-- SPDX-License-Identifier: MIT
-- A standard stream that the caller closed leaves its number to the next file or socket that is opened: what is
-- printed later would go there.

local standard_streams = {}

local EBADF = 9

-- In the order of their numbers: what is opened gets the least that is free.
local streams = { { "stdin", "r" }, { "stdout", "w" }, { "stderr", "w" } }

--- What stands in the place of those that are closed, by their names.
standard_streams.held = {}

--- Puts something harmless there.
function standard_streams.hold()
  for _, row in ipairs(streams) do
    local name, mode = row[1], row[2]
    local _, _, number = io[name]:seek()
    if number == EBADF then standard_streams.held[name] = io.open("/dev/null", mode) end
  end
end

return standard_streams
