-- SPDX-License-Identifier: MIT
-- What an nginx worker's other requests feel while it uploads a file of 1 GiB.
local curl_command = require "bench.support.curl_command"
local lua_nginx = require "bench.support.lua_nginx"
local ping = require "bench.support.ping"
local shell = require "bench.support.shell"
local socket = require "socket"
local statistics = require "bench.support.statistics"
local upload_source = require "bench.support.upload_source"

local mib = 1024
local pings_alone = 1000

local function alone(port, pause)
  return (ping.slow(port, function(count) return count < pings_alone end, pause))
end

-- While curl sends the same from another process, and the worker has nothing to do: the machine's part of it.
local function beside_curl(bench, port, command, pause)
  local finished = bench.directory .. "/finished"
  os.remove(finished)
  os.execute(("(%s; echo $? >%s.new; mv %s.new %s) >/dev/null 2>&1 </dev/null &")
    :format(command:gsub("^exec ", ""), finished, finished, finished))
  local slow = ping.slow(port, function()
    local file = io.open(finished)
    if file then file:close() end
    return not file
  end, pause)
  assert(shell.read_file(finished) == "0\n", "curl failed")
  return slow
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

-- other: pings on a worker that does not upload, in the same manner.
local function compare(bench, what, goal, uploading, other)
  local ratios, others, meanwhile, longest, counts, seconds = {}, {}, {}, {}, {}, {}
  for pair = 1, bench.setting.pair_count do
    others[pair] = other()
    meanwhile[pair], longest[pair], counts[pair], seconds[pair] = uploading()
    ratios[pair] = meanwhile[pair] / others[pair]
  end
  local ratio, lowest, highest = statistics.median(ratios)
  local met
  if goal then met = ratio <= goal end
  bench.row(what, goal and ("<= %.2f"):format(goal), ("%.3f (%.3f .. %.3f)"):format(ratio, lowest, highest), met)
  bench.note(what, "%.0f / %.0f us, the longest %.0f us; %.2f s, %d pings", statistics.median(meanwhile) * 1e6,
    statistics.median(others) * 1e6, statistics.median(longest) * 1e6, statistics.median(seconds),
    (statistics.median(counts)))
end

local function print_rows(bench, host, file, curl)
  local pause, what = 0.001, "nginx, upload of 1 GiB: 99 % of /ping, "
  local function uploading() return beside_upload(host, file, pause) end
  compare(bench, what .. "each ms / before", 3.00, uploading, function() return alone(host.port, pause) end)
  compare(bench, what .. "each ms / beside curl", nil, uploading, function()
    return beside_curl(bench, host.port, curl, pause)
  end)
  compare(bench, what .. "without a pause / before", nil, function() return beside_upload(host, file) end,
    function() return alone(host.port) end)
end

return function(bench)
  if not lua_nginx.has_module(bench) then
    bench.note("nginx, upload of 1 GiB", "not measured: there is no build for its LuaJIT")
    return
  end
  local service = lua_nginx.start(bench, "upload_service", {}, bench.setting.pin.nginx)
  local base_url = ("http://127.0.0.1:%d/v1"):format(service.port)
  local host = lua_nginx.start_host(bench, { BASE_URL = base_url })
  local done, problem = pcall(upload_source.with_file, bench, mib, function(source)
    local parts = upload_source.split(source)
    print_rows(bench, host, source, curl_command.parallel(parts, base_url .. "/uploads/upload_abc123/parts", 4))
  end)
  host.stop()
  service.stop()
  if not done then error(problem, 0) end
end
