-- SPDX-License-Identifier: MIT
-- The greatest resident memory of a program that sends a file, whatever the file's size.
local lua_nginx = require "bench.support.lua_nginx"
local shell = require "bench.support.shell"
local statistics = require "bench.support.statistics"
local upload_source = require "bench.support.upload_source"

local small_mib, large_mib = 1024, 8 * 1024
local at_a_time = 4
local most_runs = 3

local function measure(bench, command)
  local values = {}
  for run = 1, math.min(most_runs, bench.setting.pair_count) do
    values[run] = shell.numbers_of(command)[3] / 1024
  end
  return statistics.median(values)
end

local function print_rows(bench, base_url, make)
  local function of(mib)
    return measure(bench, bench.command_at(base_url, bench.script("upload_file"), make(mib), at_a_time))
  end
  local of_small = of(small_mib)
  local of_large, lowest, highest = of(large_mib)
  local what = ("greatest memory, %d GiB, %d at a time"):format(large_mib / 1024, at_a_time)
  bench.row(what, "< 24 MiB", ("%.2f (%.2f .. %.2f) MiB"):format(of_large, lowest, highest), highest < 24)
  local more = of_large - of_small
  bench.row(what .. ", beyond that of 1 GiB", "<= 1 MiB", ("%.2f MiB"):format(more), math.abs(more) <= 1)
end

return function(bench)
  lua_nginx.with_upload_service(bench, function(_, base_url)
    upload_source.with_sparse_files(bench, function(make) print_rows(bench, base_url, make) end)
  end)
end
