-- SPDX-License-Identifier: MIT
-- How long one step() keeps its caller, with a hundred transfers in flight over TLS.
local shell = require "bench.support.shell"
local statistics = require "bench.support.statistics"

local in_flight = 100
local calls = 20000
local frame = 1 / 60
local most_runs = 5

-- The places of the medians among the numbers that the programs print; the next two are 99.9 % and the longest.
local ours_connecting = { step = 1, start = 4 }
local ours_afterwards = { step = 7, start = 10 }
local plain_connecting, plain_afterwards = 1, 4

-- Runs all commands in turns, again and again. Returns, for each name, a function that gives the median, lowest and
-- highest of the numbers at one place, in microseconds.
local function run_in_turns(commands, runs)
  local numbers = {}
  for run = 1, runs do
    for name, command in pairs(commands) do
      numbers[name] = numbers[name] or {}
      numbers[name][run] = shell.numbers_of(command)
    end
  end
  local measured = {}
  for name, of_runs in pairs(numbers) do
    measured[name] = function(place)
      local values = {}
      for run, printed in ipairs(of_runs) do values[run] = printed[place] * 1e6 end
      return statistics.median(values)
    end
  end
  return measured
end

-- A ca_file as systems have it, with a hundred and more; nil where there is none.
local function many_authorities(bench)
  local found, system = pcall(shell.read_file, "/etc/ssl/certs/ca-certificates.crt")
  if not found then return nil end
  local path = bench.directory .. "/many_authorities.pem"
  shell.write_file(path, system .. shell.read_file(bench.ca_file))
  return path
end

local function commands_of(bench)
  local function ours(some, ca_file, clock, seconds_a_frame)
    return bench.command_at(bench.tls_base_url, bench.script("tls_steps"), in_flight, some, ca_file, clock,
      seconds_a_frame)
  end
  local function plain(some, ca_file, clock)
    return bench.command(bench.program("multi_steps"), bench.tls_base_url, bench.request_file, in_flight, some, ca_file,
      clock)
  end
  local many = many_authorities(bench)
  return {
    ours = ours(calls, bench.ca_file, "monotonic"), ours_cpu = ours(calls, bench.ca_file, "cpu"),
    frames = ours(in_flight * 60, bench.ca_file, "monotonic", frame),
    plain = plain(calls, bench.ca_file, "monotonic"), plain_cpu = plain(calls, bench.ca_file, "cpu"),
    many_cpu = many and ours(in_flight, many, "cpu"), many_plain_cpu = many and plain(in_flight, many, "cpu"),
  }
end

local function print_rows(bench, ours)
  local function row(what, place, goal)
    local middle, lowest, highest = ours(place)
    bench.row(what, ("<= %d us"):format(goal), ("%.1f (%.1f .. %.1f) us"):format(middle, lowest, highest),
      middle <= goal)
  end
  local what = ("step() over TLS, %d in flight, "):format(in_flight)
  row(what .. "median", ours_afterwards.step, 20)
  row(what .. "99.9 %", ours_afterwards.step + 1, 1000)
  row(what .. "longest", ours_afterwards.step + 2, 3000)
end

local function print_notes(bench, measured)
  local function note(what, name, place)
    local of = measured[name]
    if not of then return end
    bench.note(what, "%.1f, %.1f, %.1f us", of(place), (of(place + 1)), (of(place + 2)))
  end
  bench.note("over TLS: one", "median, 99.9 %%, longest")
  for _, phase in ipairs {
    { "afterwards, ", ours_afterwards, plain_afterwards }, { "while connecting, ", ours_connecting, plain_connecting },
  } do
    local when, of_ours, of_plain = phase[1], phase[2], phase[3]
    note(when .. "step()", "ours", of_ours.step)
    note(when .. "start.cancel", "ours", of_ours.start)
    note(when .. "curl_multi_socket_action", "plain", of_plain)
    note(when .. "step(), 60 times a second", "frames", of_ours.step)
    note(when .. "start.cancel, 60 times a second", "frames", of_ours.start)
    note(when .. "step(), CPU alone", "ours_cpu", of_ours.step)
    note(when .. "start.cancel, CPU alone", "ours_cpu", of_ours.start)
    note(when .. "curl_multi_socket_action, CPU alone", "plain_cpu", of_plain)
  end
  local when = "while connecting with the system's many authorities, "
  note(when .. "step()", "many_cpu", ours_connecting.step)
  note(when .. "start", "many_cpu", ours_connecting.start)
  note(when .. "plain", "many_plain_cpu", plain_connecting)
end

return function(bench)
  local measured = run_in_turns(commands_of(bench), math.min(most_runs, bench.setting.pair_count))
  print_rows(bench, measured.ours)
  print_notes(bench, measured)
end
