-- SPDX-License-Identifier: MIT
-- The module inside an nginx worker, held against what else a program could do there.
local http = require "socket.http"
local service = require "bench.support.service"
local shell = require "bench.support.shell"
local socket = require "socket"
local statistics = require "bench.support.statistics"

local resty_http = os.getenv "RESTY_HTTP"
local pings = 3000
local seconds_idle = 10

-- Those that are not built into nginx.
local function load_modules()
  local folder = shell.output_of("PATH=$PATH:/usr/sbin nginx -V 2>&1"):match("%-%-modules%-path=(%S+)")
    or "/usr/lib/nginx/modules"
  local lines = {}
  for _, name in ipairs { "ndk_http_module", "ngx_http_lua_module" } do
    local file = ("%s/%s.so"):format(folder, name)
    if io.open(file) then lines[#lines + 1] = ("load_module %s;"):format(file) end
  end
  return table.concat(lines, "\n")
end

local function start(bench, name, values, pin)
  values.PORT = service.free_port()
  values.MODULES = load_modules()
  values.USER = shell.output_of("id -u"):match("^0") and "user root;" or ""
  local prefix = bench.directory .. "/" .. name
  shell.output_of("mkdir " .. prefix)
  local configuration = shell.read_file(("bench/%s.conf.in"):format(name))
  return service.start_nginx(prefix, configuration, values, values.PORT, pin), values.PORT
end

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

local function compare_latencies(bench, ask)
  local function median(kind) return tonumber((ask("/latencies?kind=%s&total=4000", kind))) end
  local added, lowest, highest = statistics.median(median_of(bench, function()
    return (median("module") - median("resty_http")) * 1e6
  end))
  bench.row("nginx, one at a time: median added to resty_http's", "<= 40 us",
    ("%.1f us (%.1f .. %.1f)"):format(added, lowest, highest), added <= 40)
end

-- The 99th percentile of a ping's time, on one connection.
local function slow_ping(port)
  local connection = assert(socket.connect("127.0.0.1", port))
  connection:setoption("tcp-nodelay", true)
  local times = {}
  for index = 1, pings do
    local began = socket.gettime()
    assert(connection:send("GET /ping HTTP/1.1\r\nHost: bench\r\n\r\n"))
    repeat local line = assert(connection:receive("*l")) until line == ""
    assert(connection:receive(4) == "pong")
    times[index] = socket.gettime() - began
  end
  connection:close()
  return statistics.sorted(times)[math.ceil(pings * 0.99)]
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
  if not io.open(("%s/luajit/openai_uploads/core.so"):format(bench.setting.build)) then
    bench.note("nginx", "not measured: there is no build for its LuaJIT")
    return
  end
  local project = shell.output_of("pwd"):match("[^\n]+")
  local slow, slow_port = start(bench, "nginx_slow", {}, bench.setting.pin.nginx)
  local host, port = start(bench, "nginx_host", {
    PROJECT = project, BUILD = bench.setting.build:gsub("^[^/]", project .. "/%0"), RESTY_HTTP = resty_http or "",
    BASE_URL = bench.base_url, SLOW_URL = ("http://127.0.0.1:%d/v1"):format(slow_port),
  }, bench.setting.pin.client)
  http.TIMEOUT = 120
  local function ask(format, ...)
    local url = ("http://127.0.0.1:%d"):format(port) .. format:format(...)
    local answer, status = http.request(url)
    if status ~= 200 then
      error(("%s: %s\n%s"):format(url, status, shell.read_file(bench.directory .. "/nginx_host/host.log")), 0)
    end
    return answer
  end
  local done, problem = pcall(function()
    compare_rates(bench, ask)
    if resty_http then compare_latencies(bench, ask) end
    compare_pings(bench, ask, port)
    local share = tonumber((ask("/wait?seconds=%d", seconds_idle))) * 100
    bench.row(("nginx: share of a core while one call waits %d s"):format(seconds_idle), "< 0.5 %",
      ("%.2f %%"):format(share), share < 0.5)
  end)
  host.stop()
  slow.stop()
  if not done then error(problem, 0) end
  if not resty_http then bench.note("lua-resty-http", "not measured: RESTY_HTTP names no copy of its repository") end
end
