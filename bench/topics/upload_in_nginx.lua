-- SPDX-License-Identifier: MIT
-- What an nginx worker's other requests feel while it uploads a file of 1 GiB.
local lua_nginx = require "bench.support.lua_nginx"
local ping = require "bench.support.ping"
local socket = require "socket"
local statistics = require "bench.support.statistics"
local upload_source = require "bench.support.upload_source"

local mib = 1024
local pings_alone = 3000

local function alone(port)
  return (ping.slow(port, function(count) return count < pings_alone end))
end

-- From the Upload's begin to its end. Returns the 99th percentile, the longest, how many there were, and the Upload's
-- seconds.
local function beside_upload(host, file)
  local upload = assert(socket.connect("127.0.0.1", host.port))
  assert(upload:send(("GET /upload?file=%s HTTP/1.0\r\n\r\n"):format(file)))
  local slow, longest, count = ping.slow(host.port, function()
    return #socket.select({ upload }, nil, 0) == 0
  end)
  local seconds = upload:receive("*a"):match("^HTTP/1.1 200 .*\r\n\r\n(%S+)")
  upload:close()
  if not seconds then error("nginx did not upload:\n" .. host.last_words(), 0) end
  return slow, longest, count, tonumber(seconds)
end

local function compare_pings(bench, host, file)
  local ratios, before, meanwhile, longest, counts, seconds = {}, {}, {}, {}, {}, {}
  for pair = 1, bench.setting.pair_count do
    before[pair] = alone(host.port)
    meanwhile[pair], longest[pair], counts[pair], seconds[pair] = beside_upload(host, file)
    ratios[pair] = meanwhile[pair] / before[pair]
  end
  local ratio, lowest, highest = statistics.median(ratios)
  bench.row("nginx: 99th percentile of /ping during an upload of 1 GiB / before", "<= 3.00",
    ("%.3f (%.3f .. %.3f)"):format(ratio, lowest, highest), ratio <= 3)
  bench.note("nginx, 99th percentile of /ping", "%.0f us before, %.0f us during the upload, the longest %.0f us",
    statistics.median(before) * 1e6, statistics.median(meanwhile) * 1e6, (statistics.median(longest) * 1e6))
  bench.note("nginx, upload of 1 GiB", "%.2f s, %d pings meanwhile", statistics.median(seconds),
    (statistics.median(counts)))
end

return function(bench)
  if not lua_nginx.has_module(bench) then
    bench.note("nginx, upload of 1 GiB", "not measured: there is no build for its LuaJIT")
    return
  end
  local service = lua_nginx.start(bench, "upload_service", {}, bench.setting.pin.nginx)
  local host = lua_nginx.start_host(bench, { BASE_URL = ("http://127.0.0.1:%d/v1"):format(service.port) })
  local done, problem = pcall(upload_source.with_file, bench, mib, function(source)
    compare_pings(bench, host, source)
  end)
  host.stop()
  service.stop()
  if not done then error(problem, 0) end
end
