-- SPDX-License-Identifier: MIT
-- usage: timed.lua COMMAND      runs it, and prints the seconds that it took from its start to its end, and of CPU
local clock = require "bench.clock"

local start = clock.monotonic()
local status = os.execute(arg[1] .. " >/dev/null")
local seconds = clock.monotonic() - start
assert(status == true or status == 0, "the command failed")
print(("%.6f %.6f"):format(seconds, clock.cpu_of_children()))
