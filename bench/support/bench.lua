-- SPDX-License-Identifier: MIT
-- What a topic is given: commands to measure, rows to print, and what run.lua sets:
--   directory     for files, gone afterwards
--   request_file  the request that the module was seen to send, for the plain programs
--   topic         the name of the one that runs
--   service       the nginx that answers, at base_url (port) and tls_base_url, with a certificate by ca_file
local setting = require "bench.support.setting"
local shell = require "bench.support.shell"
local statistics = require "bench.support.statistics"

local block_seconds = 0.75

local bench = { setting = setting }
local notes = {}

--- All that was measured, for bench/report.lua: rows of { topic, what, goal, measured, met }.
bench.rows = {}

--- bench/NAME.lua as a command, and what was made of bench/NAME.c.
function bench.script(name) return ("%s bench/%s.lua"):format(setting.interpreter, name) end
function bench.program(name) return ("%s/bench/%s"):format(setting.build, name) end

--- The command for a program and its arguments. No proxy and no setting of the user's may change what is measured.
function bench.command(program, ...)
  return bench.command_at(bench.base_url, program, ...)
end

--- The same where the module shall find its service elsewhere.
function bench.command_at(base_url, program, ...)
  return shell.more_descriptors .. 'env -i PATH="$PATH" LUA_PATH="$LUA_PATH" LUA_CPATH="$LUA_CPATH" '
    .. ("OPENAI_API_KEY=sk-bench OPENAI_BASE_URL=%s %s"):format(base_url, setting.pin.client)
    .. table.concat({ program, ... }, " ")
end

--- How many calls last a block, in hundreds. `command(calls)` prints seconds per call.
function bench.calls_a_block(command)
  local some = 2000
  return 100 * math.ceil(block_seconds / shell.numbers_of(command(some))[1] / 100)
end

--- `met` is nil where there is no goal.
function bench.row(what, goal, measured, met)
  bench.rows[#bench.rows + 1] = { topic = bench.topic, what = what, goal = goal, measured = measured, met = met }
  local verdict = met == nil and "-" or met and "yes" or "NO"
  print(("%-66s | %-10s | %-29s | %s"):format(what, goal or "none", measured, verdict))
end

--- A line that stands below the table, for reading.
function bench.note(what, format, ...)
  notes[#notes + 1] = ("%-66s | "):format(what) .. format:format(...)
end

function bench.notes() return notes end

function bench.print_notes()
  if #notes > 0 then print("\n" .. table.concat(notes, "\n")) end
end

-- Seconds a call: of the clock, of the program's CPU where it tells, of the service's. Warming up is a tenth more.
local function measure(row, command)
  local service = row.service or bench.service
  local before = service.cpu_seconds()
  local numbers = shell.numbers_of(command(row.calls))
  local after = service.cpu_seconds()
  local calls = row.calls and row.calls * 1.1 or 1
  return { all = numbers[1], own = numbers[2], service = before and (after - before) / calls }
end

local function median_of(blocks, name, unit)
  local values = {}
  for index, block in ipairs(blocks) do values[index] = block[name] end
  return #values == #blocks and ("%.1f"):format(statistics.median(values) / unit) or "-"
end

local function describe(blocks, unit)
  return ("%5s (%s + %s)"):format(median_of(blocks, "all", unit), median_of(blocks, "own", unit),
    median_of(blocks, "service", unit))
end

--- Prints the ratio of `ours` to `theirs`, functions that return the command for so many calls, which prints seconds
--- per call and perhaps seconds of CPU per call. Blocks of both take turns, so that what slows the machine down slows
--- both. Without `calls`, a command is one measurement in whole. `service` is the nginx that answers, if it is not the
--- one of all topics.
function bench.compare(row)
  local ratios, ours, theirs = {}, {}, {}
  for pair = 1, setting.pair_count do
    ours[pair] = measure(row, row.ours)
    theirs[pair] = measure(row, row.theirs)
    ratios[pair] = ours[pair].all / theirs[pair].all
  end
  local ratio, lowest, highest = statistics.median(ratios)
  local met
  if row.goal then met = ratio <= row.goal end
  bench.row(row.what, row.goal and ("<= %.2f"):format(row.goal), ("%.3f (%.3f .. %.3f)"):format(ratio, lowest, highest),
    met)
  local unit, name = 1e-6, "us a call"
  if not row.calls then unit, name = 1e-3, "ms" end
  bench.note(row.what, "%-20s / %s %s", describe(ours, unit), describe(theirs, unit), name)
end

-- The command of a script that loads the module of another checkout, with its build.
local function script_of(checkout, name)
  return ([[env LUA_PATH='%s/lua/?.lua;%s/lua/?/init.lua;'"$LUA_PATH" LUA_CPATH='%s/build/%s/?.so;'"$LUA_CPATH" %s]])
    :format(checkout, checkout, checkout, setting.interpreter, bench.script(name))
end

local function commit_of(checkout)
  return shell.output_of(("git -C '%s' rev-parse --short HEAD"):format(checkout)):match "%S+"
end

--- The same for a script of ours and the same script with the module of BENCH_BEFORE. run(script, calls) returns the
--- command. Returns false, and does nothing, where BENCH_BEFORE is not set.
function bench.compare_with_before(row)
  if not setting.before then return false end
  row.what = ("%s / the same at %s"):format(row.what, commit_of(setting.before))
  row.ours = function(calls) return row.run(bench.script(row.script), calls) end
  row.theirs = function(calls) return row.run(script_of(setting.before, row.script), calls) end
  bench.compare(row)
  return true
end

return bench
