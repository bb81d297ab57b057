-- SPDX-License-Identifier: MIT
-- What scarcity_spec says of memory, for few descriptors and for system calls that fail. SCARCITY_MOST: at how many
-- limits, and at how many system calls of each kind and scenario.
-- Runs once: what fails is called by C below Lua.

local scarcity_rows = require "spec.support.scarcity.rows"

describe("a process", function()
  scarcity_rows {
    { "that may have few descriptors", "descriptors", 4 },
    { "whose system calls fail", "calls", 1, "a later cancel" },
  }
end)
