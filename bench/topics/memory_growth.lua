-- SPDX-License-Identifier: MIT
-- Resident memory that many calls gain.
local shell = require "bench.support.shell"

return function(bench)
  local growth = shell.numbers_of(bench.command(bench.script("memory_growth"), 10000, 200000))[1]
  bench.row("resident memory gained, call 10 000 to 200 000", "< 1 MiB", growth .. " KiB", growth < 1024)
end
