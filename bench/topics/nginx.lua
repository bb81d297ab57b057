-- SPDX-License-Identifier: MIT
-- The module inside an nginx worker, held against what else a program could do there.
local lua_nginx = require "bench.support.lua_nginx"
local ping = require "bench.support.ping"
local socket = require "socket"
local statistics = require "bench.support.statistics"

local resty_http = os.getenv "RESTY_HTTP"
local pings = 3000
local seconds_idle = 10

local function median_of(bench, measure)
  local values = {}
  for pair = 1, bench.setting.pair_count do values[pair] = measure() end
  return values
end

local function compare_rates(bench, ask)
  for _, row in ipairs {
    { 8, 0.90, 0.60 }, { 64, 0.95, 0.60 }, { 256, 1.00, 0.60 },
  } do
    local threads = row[1]
    local function seconds_of(kind)
      local total = math.ceil(20000 / threads) * threads
      return tonumber(ask("/calls?kind=%s&threads=%d&total=%d", kind, threads, total):match("%S+"))
    end
    local function held_against(kind, goal)
      local ratios = median_of(bench, function() return seconds_of(kind) / seconds_of("module") end)
      local ratio, lowest, highest = statistics.median(ratios)
      bench.row(("nginx, %d at a time: calls a second / %s"):format(threads, kind), (">= %.2f"):format(goal),
        ("%.3f (%.3f .. %.3f)"):format(ratio, lowest, highest), ratio >= goal)
    end
    if resty_http then held_against("resty_http", row[2]) end
    held_against("cosocket", row[3])
  end
end

local function compare_latencies(bench, ask, kind, goal)
  local function median(measured) return tonumber((ask("/latencies?kind=%s&total=4000", measured))) end
  local added, lowest, highest = statistics.median(median_of(bench, function()
    return (median("module") - median(kind)) * 1e6
  end))
  bench.row(("nginx, one at a time: median added to %s's"):format(kind), ("<= %d us"):format(goal),
    ("%.1f us (%.1f .. %.1f)"):format(added, lowest, highest), added <= goal)
end

-- The 99th percentile of a ping's time.
local function slow_ping(port)
  return (ping.slow(port, function(count) return count < pings end))
end

local function compare_pings(bench, ask, port)
  local alone, beside = {}, {}
  local ratio, lowest, highest = statistics.median(median_of(bench, function()
    ask("/hold?count=0")
    socket.sleep(0.5) -- until the last of them are answered
    alone[#alone + 1] = slow_ping(port)
    ask("/hold?count=64")
    beside[#beside + 1] = slow_ping(port)
    return beside[#beside] / alone[#alone]
  end))
  ask("/hold?count=0")
  bench.row("nginx: 99th percentile of /ping beside 64 waiting / alone", "<= 1.50",
    ("%.3f (%.3f .. %.3f)"):format(ratio, lowest, highest), ratio <= 1.5)
  bench.note("nginx, 99th percentile of /ping", "%.0f us alone, %.0f us beside 64 that wait",
    statistics.median(alone) * 1e6, statistics.median(beside) * 1e6)
end

return function(bench)
  if not lua_nginx.has_module(bench) then
    bench.note("nginx", "not measured: there is no build for its LuaJIT")
    return
  end
  local slow = lua_nginx.start(bench, "nginx_slow", {}, bench.setting.pin.nginx)
  local host = lua_nginx.start_host(bench, {
    RESTY_HTTP = resty_http or "", SLOW_URL = ("http://127.0.0.1:%d/v1"):format(slow.port),
  })
  local ask = host.ask
  local done, problem = pcall(function()
    compare_rates(bench, ask)
    if resty_http then compare_latencies(bench, ask, "resty_http", 40) end
    compare_latencies(bench, ask, "cosocket", 35)
    compare_pings(bench, ask, host.port)
    local share = tonumber((ask("/wait?seconds=%d", seconds_idle))) * 100
    bench.row(("nginx: share of a core while one call waits %d s"):format(seconds_idle), "< 0.5 %",
      ("%.2f %%"):format(share), share < 0.5)
  end)
  host.stop()
  slow.stop()
  if not done then error(problem, 0) end
  if not resty_http then bench.note("lua-resty-http", "not measured: RESTY_HTTP names no copy of its repository") end
end
