-- SPDX-License-Identifier: MIT
-- Memory of this process, after a full collection: VmRSS, or VmHWM, the most that it ever was. Linux only.
return function(name)
  collectgarbage()
  collectgarbage() -- what finalizers of the first round let go
  for line in io.lines("/proc/self/status") do
    local kib = line:match("^" .. (name or "VmRSS") .. ":%s*(%d+) kB")
    if kib then return tonumber(kib) end
  end
  error("no such figure in /proc/self/status")
end
