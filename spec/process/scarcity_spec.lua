-- SPDX-License-Identifier: MIT
-- Memory that runs out at some allocation of the process, be it Lua's, ours or of a library, over all calls, without
-- and with TLS and HTTP/2. Each call ends with what is true or raises "not enough memory", nothing of ours is lost, and
-- the next call works. SCARCITY_MOST: at how many allocations of each scenario; a large number means at each.

local scarcity_rows = require "spec.support.scarcity.rows"

describe("a process", function()
  scarcity_rows { { "whose memory runs out", "malloc", 2 } }
end)
