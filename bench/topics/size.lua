-- SPDX-License-Identifier: MIT
-- What the C module weighs.
local shell = require "bench.support.shell"

return function(bench)
  local stripped = bench.directory .. "/core.so"
  os.execute(("strip -o %s %s"):format(stripped, bench.setting.core))
  local kib = #shell.read_file(stripped) / 1024
  bench.row("core.so, stripped", "< 100 KiB", ("%.1f KiB"):format(kib), kib < 100)
end
