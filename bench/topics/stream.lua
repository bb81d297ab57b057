-- SPDX-License-Identifier: MIT
-- 1 GiB that comes from a function, held against the same out of its file; and its memory.
local lua_nginx = require "bench.support.lua_nginx"
local shell = require "bench.support.shell"
local statistics = require "bench.support.statistics"
local upload_source = require "bench.support.upload_source"

local mib = 1024
local at_a_time, buffers_mib = 4, 4 * 4
local most_runs = 3

local function compare(bench, service, base_url, source)
  local function by(script, ...)
    local command = bench.command_at(base_url, bench.script(script), ...)
    return function() return command end
  end
  for _, row in ipairs {
    { "memory", "a file", 1.10, by("upload_file", source, at_a_time) },
    { "memory", "a file in Parts of 4 MiB", nil, by("upload_stream", "file", source, at_a_time) },
    { "memory", "the function alone", nil, by("upload_stream", "read", source, at_a_time) },
    { "spool", "a file", nil, by("upload_file", source, at_a_time) },
    { "unknown", "a file", nil, by("upload_file", source, at_a_time) },
  } do
    bench.compare {
      what = ("1 GiB of a function, %s / %s"):format(row[1], row[2]), goal = row[3], service = service,
      ours = by("upload_stream", row[1], source, at_a_time), theirs = row[4],
    }
  end
end

-- beside: the MiB of the buffers, which the documents name.
local function measure_memory(bench, base_url, source, way, beside)
  local values = {}
  for run = 1, math.min(most_runs, bench.setting.pair_count) do
    local command = bench.command_at(base_url, bench.script("upload_stream"), way, source, at_a_time)
    values[run] = shell.numbers_of(command)[3] / 1024 - beside
  end
  local middle, lowest, highest = statistics.median(values)
  bench.row(("greatest memory of that, %s, beside %d MiB of buffers"):format(way, beside), "< 24 MiB",
    ("%.2f (%.2f .. %.2f) MiB"):format(middle, lowest, highest), highest < 24)
end

return function(bench)
  lua_nginx.with_upload_service(bench, function(service, base_url)
    upload_source.with_file(bench, mib, function(source)
      compare(bench, service, base_url, source)
      measure_memory(bench, base_url, source, "memory", buffers_mib)
      measure_memory(bench, base_url, source, "spool", 0)
    end)
  end)
end
