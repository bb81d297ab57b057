-- SPDX-License-Identifier: MIT
-- VmRSS of this process, after a full collection. Linux only.
return function()
  collectgarbage()
  collectgarbage() -- what finalizers of the first round let go
  for line in io.lines("/proc/self/status") do
    local kib = line:match("^VmRSS:%s*(%d+) kB")
    if kib then return tonumber(kib) end
  end
  error("no VmRSS in /proc/self/status")
end
