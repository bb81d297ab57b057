-- SPDX-License-Identifier: MIT
-- Calls and whole files to a service that is 25 ms away, each way.
local far = require "bench.support.far"
local shell = require "bench.support.shell"
local statistics = require "bench.support.statistics"

local ROUND_TRIP = 0.05 -- seconds
local KB, MB = 1000, 1000 * 1000

local function file_of(bench, bytes)
  local path = ("%s/file_%d"):format(bench.directory, bytes)
  shell.output_of(("test -e %s || head -c %d /dev/urandom >%s"):format(path, bytes, path))
  return path
end

-- A script at the near end, as bench.script gives it.
local function at_near_end(bench, place, script, ...)
  return bench.command_at(place.url, ("%senv SSL_CERT_FILE=%s %s"):format(place.enter, place.certificate, script), ...)
end

local function ours(bench, place, name, ...) return at_near_end(bench, place, bench.script(name), ...) end

-- The same Upload by curl's command: create, a part, complete, one after the other on one connection. Prints seconds.
local function curl_sequence(place, version, path)
  local request = "-sf -o /dev/null -w '%%{time_total}\\n' -H Expect: "
    .. "-H 'Authorization: Bearer sk-bench' --cacert %s %s"
  request = request:format(place.certificate, version)
  local json = "-H 'Content-Type: application/json' -d '{\"bytes\":1}'"
  local upload = place.url .. "/uploads"
  return ("%scurl %s %s %s --next %s -F data=@%s %s/upload_abc123/parts --next %s %s %s/upload_abc123/complete "
    .. "| awk '{sum += $1} END {print sum}'"):format(place.enter, request, json, upload, request, path, upload, request,
    json, upload)
end

-- Medians of the numbers that a command prints.
local function medians_of(bench, command)
  local columns = {}
  for _ = 1, bench.setting.pair_count do
    for column, number in ipairs(shell.numbers_of(command)) do
      columns[column] = columns[column] or {}
      table.insert(columns[column], number)
    end
  end
  local medians = {}
  for column, values in ipairs(columns) do medians[column] = { statistics.median(values) } end
  return medians
end

-- goal: of round trips; nil: none.
local function round_trips(bench, what, measured, goal)
  local median, lowest, highest = measured[1] / ROUND_TRIP, measured[2] / ROUND_TRIP, measured[3] / ROUND_TRIP
  bench.row(what, goal and ("<= %.1f"):format(goal), ("%.2f (%.2f .. %.2f)"):format(median, lowest, highest),
    goal and median <= goal)
end

local function measure_cancels(bench, place)
  local medians = medians_of(bench, ours(bench, place, "far_cancel"))
  round_trips(bench, "far: a first cancel, in round trips", medians[1])
  round_trips(bench, "far: the next", medians[2])
  round_trips(bench, "far: 64 at once, after it", medians[3])
end

local function measure_small_file(bench, place)
  local path = file_of(bench, KB)
  local function measure(what, temperature, goal)
    round_trips(bench, what, medians_of(bench, ours(bench, place, "far_upload", path, temperature))[1], goal)
  end
  measure("far: a file of 1 kB, cold, in round trips", "cold", 5.4)
  measure("far: a file of 1 kB, warm", "warm")
end

local function compare_with_curl(bench, place, megabytes, goal)
  local path = file_of(bench, megabytes * MB)
  for _, version in ipairs { { "HTTP/1.1", "--http1.1" }, { "HTTP/2", "--http2" } } do
    bench.compare {
      what = ("far: %d MB, cold / curl, one connection, %s"):format(megabytes, version[1]), goal = goal,
      ours = function() return ours(bench, place, "far_upload", path, "cold") end,
      theirs = function() return curl_sequence(place, version[2], path) end,
    }
  end
end

local function compare_with_before(bench, place, megabytes, temperature, goal)
  local path, what = file_of(bench, megabytes * MB), ("far: %d MB, %s"):format(megabytes, temperature)
  local function run(script) return at_near_end(bench, place, script, path, temperature) end
  if bench.compare_with_before { what = what, script = "far_upload", run = run, goal = goal } then return end
  bench.row(what, nil, ("%.2f s"):format(medians_of(bench, run(bench.script "far_upload"))[1][1]))
end

-- What the line carries: its bytes a second, less the 52 of each packet of 1500 that are TCP's and IP's.
local function measure_goodput(bench, place, mbit)
  local bytes = 1024 * 1024 * 1024
  local seconds = medians_of(bench, ours(bench, place, "far_upload", file_of(bench, bytes), "cold"))[1]
  local limit = bytes / (mbit * 1e6 / 8 * 1448 / 1500)
  local measured = ("%.3f (%.3f .. %.3f)"):format(limit / seconds[1], limit / seconds[3], limit / seconds[2])
  bench.row(("far: 1 GiB over %d Mbit/s, of the line's limit"):format(mbit), ">= 0.95", measured,
    limit / seconds[1] >= 0.95)
end

return function(bench)
  local refusal = far.refusal()
  if refusal then return bench.row("far: not measured, for " .. refusal, nil, "-") end
  far.with_link(bench, { delay_ms = 25 }, function(place)
    measure_cancels(bench, place)
    measure_small_file(bench, place)
    compare_with_curl(bench, place, 1, 0.90)
    compare_with_curl(bench, place, 40, 0.60)
    for _, temperature in ipairs { "cold", "warm" } do
      compare_with_before(bench, place, 40, temperature, temperature == "warm" and 0.50 or nil)
      compare_with_before(bench, place, 80, temperature)
    end
  end)
  far.with_link(bench, { delay_ms = 25, mbit = 200, queue_kib = 2048 }, function(place)
    measure_goodput(bench, place, 200)
  end)
end
