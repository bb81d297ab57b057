-- SPDX-License-Identifier: MIT
-- Resident memory of a transfer that waits for its answer, beyond that of libcurl's own handle in the same state.
local service = require "bench.support.service"
local shell = require "bench.support.shell"
local statistics = require "bench.support.statistics"

local transfers = 1000
local room_for_warming_up = 100
local most_pairs = 3

-- The KiB that the command for a base URL prints. Each has a silence of its own, for connections that nobody took
-- stay in the line.
local function measure(command)
  local silence = service.listen_in_silence(transfers + room_for_warming_up)
  local numbers = shell.numbers_of(command(("http://127.0.0.1:%d/v1"):format(silence.port)))
  silence.close()
  return numbers[1]
end

local function compare(bench, connections)
  local function ours(base_url)
    return bench.command_at(base_url, bench.script("memory_in_flight"), transfers, connections)
  end
  local function theirs(base_url)
    return bench.command(bench.program("multi_memory"), base_url, bench.request_file, transfers, connections)
  end
  local beyond, of_ours, of_theirs = {}, {}, {}
  for pair = 1, math.min(most_pairs, bench.setting.pair_count) do
    of_ours[pair], of_theirs[pair] = measure(ours), measure(theirs)
    beyond[pair] = of_ours[pair] - of_theirs[pair]
  end

  local kib, lowest, highest = statistics.median(beyond)
  local what = ("memory of a transfer, %d on %d connections"):format(transfers, connections)
  bench.row(what .. ", beyond libcurl's", "<= 2.8 KiB", ("%.1f (%.1f .. %.1f) KiB"):format(kib, lowest, highest),
    kib <= 2.8)
  bench.note(what, "%.1f / %.1f KiB", statistics.median(of_ours), (statistics.median(of_theirs)))
end

return function(bench)
  compare(bench, 64)
  compare(bench, transfers)
end
