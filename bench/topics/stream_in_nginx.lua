-- SPDX-License-Identifier: MIT
-- What an nginx worker's other requests feel while a request body of 1 GiB goes through it, and its memory.
local lua_nginx = require "bench.support.lua_nginx"
local ping = require "bench.support.ping"
local shell = require "bench.support.shell"
local statistics = require "bench.support.statistics"
local upload_source = require "bench.support.upload_source"

local mib = 1024
local pings_alone, pause = 1000, 0.001

-- Sends the file to a path of the worker. Returns the 99th percentile of pings meanwhile, the longest, and the seconds.
local function beside_body(bench, host, source, path)
  local answer = bench.directory .. "/answer"
  os.remove(answer)
  os.execute(("(curl -sSf -o /dev/null -w '%%{time_total}' -X POST -H Expect: -T %s http://127.0.0.1:%d%s >%s.new; "
    .. "mv %s.new %s) </dev/null &"):format(source, host.port, path, answer, answer, answer))
  local slow, longest = ping.slow(host.port, function()
    local file = io.open(answer)
    if file then file:close() end
    return not file
  end, pause)
  local seconds = tonumber(shell.read_file(answer))
  if not seconds then error("nginx did not take the body:\n" .. host.last_words(), 0) end
  return slow, longest, seconds
end

local function print_ratio(bench, what, ratios, goal)
  local ratio, lowest, highest = statistics.median(ratios)
  bench.row(what, goal and ("<= %.2f"):format(goal), ("%.3f (%.3f .. %.3f)"):format(ratio, lowest, highest),
    goal and ratio <= goal)
end

local function note(bench, what, values)
  bench.note(what, "99 %% of /ping %.0f us, the longest %.0f us; %.2f s", statistics.median(values.slow) * 1e6,
    statistics.median(values.longest) * 1e6, (statistics.median(values.seconds)))
end

local function print_rows(bench, host, source)
  local what, before, to_idle, to_proxy = "nginx, body of 1 GiB: ", {}, {}, {}
  local ours = { path = "/receive", slow = {}, longest = {}, seconds = {} }
  local proxied = { path = "/pass_on", slow = {}, longest = {}, seconds = {} }
  for pair = 1, bench.setting.pair_count do
    before[pair] = ping.slow(host.port, function(count) return count < pings_alone end, pause)
    for _, way in ipairs { ours, proxied } do
      way.slow[pair], way.longest[pair], way.seconds[pair] = beside_body(bench, host, source, way.path)
    end
    to_idle[pair], to_proxy[pair] = ours.slow[pair] / before[pair], ours.slow[pair] / proxied.slow[pair]
  end
  print_ratio(bench, what .. "99 % of /ping, each ms / before", to_idle, 3)
  print_ratio(bench, what .. "the same / beside proxy_pass", to_proxy)
  note(bench, what .. "into Parts", ours)
  note(bench, what .. "by proxy_pass, not buffered", proxied)
  bench.note(what .. "99 % of /ping before", "%.0f us", statistics.median(before) * 1e6)
  local memory = tonumber(host.ask "/memory") / 1024
  bench.row(what .. "greatest memory of the worker", "< 32 MiB", ("%.2f MiB"):format(memory), memory < 32)
end

return function(bench)
  if not lua_nginx.has_module(bench) then
    bench.note("nginx, body of 1 GiB", "not measured: there is no build for its LuaJIT")
    return
  end
  local service = lua_nginx.start(bench, "upload_service", {}, bench.setting.pin.nginx)
  local host = lua_nginx.start_host(bench, { BASE_URL = ("http://127.0.0.1:%d/v1"):format(service.port) })
  local done, problem = pcall(upload_source.with_file, bench, mib, function(source) print_rows(bench, host, source) end)
  host.stop()
  service.stop()
  if not done then error(problem, 0) end
end
