-- SPDX-License-Identifier: MIT
-- When the caller has closed a standard stream, the next file or socket that is opened gets its number, and later
-- output would go there.

local standard_streams = {}

local EBADF = 9

-- In the order of their numbers: an open takes the lowest free one.
local streams = { { "stdin", "r" }, { "stdout", "w" }, { "stderr", "w" } }

--- The files that stand in for closed streams, by the name of the stream.
standard_streams.held = {}

--- Opens /dev/null in the place of each closed stream.
function standard_streams.hold()
  for _, row in ipairs(streams) do
    local name, mode = row[1], row[2]
    local _, _, number = io[name]:seek()
    if number == EBADF then standard_streams.held[name] = io.open("/dev/null", mode) end
  end
end

return standard_streams
