-- SPDX-License-Identifier: MIT
-- What an nginx worker's other requests feel while it uploads a file of 1 GiB.
local lua_nginx = require "bench.support.lua_nginx"
local ping = require "bench.support.ping"
local socket = require "socket"
local statistics = require "bench.support.statistics"
local upload_source = require "bench.support.upload_source"

local mib = 1024
local pings_alone = 1000

local function alone(port, pause)
  return (ping.slow(port, function(count) return count < pings_alone end, pause))
end

-- From the Upload's begin to its end. Returns the 99th percentile, the longest, how many there were, and the Upload's
-- seconds.
local function beside_upload(host, file, pause)
  local upload = assert(socket.connect("127.0.0.1", host.port))
  assert(upload:send(("GET /upload?file=%s HTTP/1.0\r\n\r\n"):format(file)))
  local slow, longest, count = ping.slow(host.port, function()
    return #socket.select({ upload }, nil, 0) == 0
  end, pause)
  local seconds = upload:receive("*a"):match("^HTTP/1.1 200 .*\r\n\r\n(%S+)")
  upload:close()
  if not seconds then error("nginx did not upload:\n" .. host.last_words(), 0) end
  return slow, longest, count, tonumber(seconds)
end

-- row: { what, goal, pause }
local function compare_pings(bench, host, file, row)
  local ratios, before, meanwhile, longest, counts, seconds = {}, {}, {}, {}, {}, {}
  for pair = 1, bench.setting.pair_count do
    before[pair] = alone(host.port, row.pause)
    meanwhile[pair], longest[pair], counts[pair], seconds[pair] = beside_upload(host, file, row.pause)
    ratios[pair] = meanwhile[pair] / before[pair]
  end
  local ratio, lowest, highest = statistics.median(ratios)
  local met
  if row.goal then met = ratio <= row.goal end
  bench.row(row.what, row.goal and ("<= %.2f"):format(row.goal), ("%.3f (%.3f .. %.3f)"):format(ratio, lowest, highest),
    met)
  bench.note(row.what, "%.0f / %.0f us, the longest %.0f us; %.2f s, %d pings", statistics.median(meanwhile) * 1e6,
    statistics.median(before) * 1e6, statistics.median(longest) * 1e6, statistics.median(seconds),
    (statistics.median(counts)))
end

local function print_rows(bench, host, file)
  local what = "nginx, upload of 1 GiB: 99 % of /ping, "
  compare_pings(bench, host, file, { what = what .. "each ms / before", goal = 3.00, pause = 0.001 })
  compare_pings(bench, host, file, { what = what .. "without a pause / before" })
end

return function(bench)
  if not lua_nginx.has_module(bench) then
    bench.note("nginx, upload of 1 GiB", "not measured: there is no build for its LuaJIT")
    return
  end
  local service = lua_nginx.start(bench, "upload_service", {}, bench.setting.pin.nginx)
  local host = lua_nginx.start_host(bench, { BASE_URL = ("http://127.0.0.1:%d/v1"):format(service.port) })
  local done, problem = pcall(upload_source.with_file, bench, mib, function(source)
    print_rows(bench, host, source)
  end)
  host.stop()
  service.stop()
  if not done then error(problem, 0) end
end
