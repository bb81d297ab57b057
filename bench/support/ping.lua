-- SPDX-License-Identifier: MIT
-- How long an nginx worker keeps others waiting meanwhile.
local socket = require "socket"
local statistics = require "bench.support.statistics"

local ping = {}

--- Pings on one connection while `goes_on(count)` says so, each at once after the other or after a pause in seconds.
--- Returns the 99th percentile of their times, the longest, and how many there were.
function ping.slow(port, goes_on, pause)
  local connection = assert(socket.connect("127.0.0.1", port))
  connection:setoption("tcp-nodelay", true)
  local times = {}
  while goes_on(#times) do
    if pause then socket.sleep(pause) end
    local began = socket.gettime()
    assert(connection:send("GET /ping HTTP/1.1\r\nHost: bench\r\n\r\n"))
    repeat local line = assert(connection:receive("*l")) until line == ""
    assert(connection:receive(4) == "pong")
    times[#times + 1] = socket.gettime() - began
  end
  connection:close()
  local ordered = statistics.sorted(times)
  return ordered[math.ceil(#ordered * 0.99)], ordered[#ordered], #ordered
end

return ping
