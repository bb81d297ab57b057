-- SPDX-License-Identifier: MIT
-- Makes docs/performance.md and its plots out of the numbers that a run of the benchmarks wrote down.
--
--   lua bench/report.lua NUMBERS.json PAGE.md FOLDER      the plots go into FOLDER, which PAGE.md names as images/
local cjson = require "cjson"
local plot = require "bench.support.plot"

local HEAD = [[
# Performance
Each call can say where its time went:

```lua
local uploads = require "openai_uploads"

local _, failure, response = uploads.cancel("upload_abc123", { with_response = true })
local timings = response and response.timings
print(failure.kind, response and ("%.1f ms, %.1f ms of them until the first byte"):format(response.elapsed * 1000,
  timings.first_byte * 1000))
```
```output
not_found...
```

The rest of this page is made by `make bench-report` out of the numbers of one run of `make bench`. The library is
held against plain C programs that do the same with libcurl and decode nothing, and against the programs that one would
use instead. Blocks of both take turns. A ratio below 1 means that the library took less time. Each dot is a median,
the line behind it goes from the lowest to the highest value, and the mark is the goal.
[bench/README.md](../bench/README.md) says how each row is measured.

Absolute times compare within a run, never between machines.
]]

local NOTES = [[

## Behind the ratios
Medians of the blocks: the library / the other. In brackets CPU of the program + CPU of nginx.

```text
%s
```
]]

local TITLES = {
  { "one_at_a_time", "One call after another" },
  { "many_at_a_time", "Many calls at a time" },
  { "in_flight", "A call among many in flight" },
  { "far", "Over a link with a delay" },
  { "tls_steps", "One step over TLS" },
  { "nginx", "Inside an nginx worker" },
  { "memory_growth", "Memory over many calls" },
  { "memory_in_flight", "Memory of a transfer" },
  { "upload_file", "A file of 1 GiB" },
  { "upload_memory", "Memory of an upload" },
  { "upload_in_nginx", "An upload inside an nginx worker" },
  { "stream", "Streams against files" }, { "stream_in_nginx", "A request body through an nginx worker" },
  { "content", "The content of a File" },
  { "size", "Size" },
}

local function read_numbers(path)
  local file = assert(io.open(path))
  local numbers = cjson.decode(file:read "*a")
  file:close()
  return numbers
end

local function write_file(path, text)
  local file = assert(io.open(path, "w"))
  file:write(text)
  assert(file:close())
end

local KIB_IN = { KiB = 1, MiB = 1024 }

-- The number of a goal, in the unit of its row.
local function goal_in(unit, goal)
  local number, own = (goal or ""):match "([%d.]+)%s*(%a*)"
  if not number or own == unit then return tonumber(number) end
  return KIB_IN[own] and KIB_IN[unit] and tonumber(number) * KIB_IN[own] / KIB_IN[unit]
end

-- The median, the lowest, the highest and the unit of what a row measured; nil where it is no such text.
local function parsed(row)
  local median, rest = row.measured:match "^([%d.]+)(.*)$"
  if not median then return nil end
  local lowest, highest, behind = rest:match "^ %(([%d.]+) %.%. ([%d.]+)%)(.*)$"
  local unit = (behind or rest):match "^%s*(.*)$"
  return {
    what = row.what, median = tonumber(median), lowest = tonumber(lowest or median), unit = unit,
    highest = tonumber(highest or median), goal = goal_in(unit, row.goal),
  }
end

local function rows_of(numbers, topic)
  local rows = {}
  for _, row in ipairs(numbers.rows) do
    if row.topic == topic then rows[#rows + 1] = row end
  end
  return rows
end

-- Rows of one unit stand in one plot. Returns the plots, each { unit, rows }.
local function grouped(rows)
  local groups = {}
  for _, row in ipairs(rows) do
    local point = parsed(row)
    if point then
      local last = groups[#groups]
      if not last or last.unit ~= point.unit then
        last = { unit = point.unit }
        groups[#groups + 1] = last
      end
      last[#last + 1] = point
    end
  end
  return groups
end

local function verdict(met)
  if type(met) ~= "boolean" then return "" end
  return met and "yes" or "**no**"
end

local function table_of(rows)
  local lines = { "| what | goal | measured (lowest .. highest) | met |", "|---|---|---|---|" }
  for _, row in ipairs(rows) do
    lines[#lines + 1] = ("| %s | %s | %s | %s |"):format(row.what, row.goal or "", row.measured, verdict(row.met))
  end
  return table.concat(lines, "\n") .. "\n"
end

local function section(numbers, topic, title, folder)
  local rows, pieces = rows_of(numbers, topic), {}
  if #rows == 0 then return "" end
  for index, group in ipairs(grouped(rows)) do
    local name = ("bench-%s%s.svg"):format(topic, index > 1 and "-" .. index or "")
    write_file(folder .. "/" .. name, plot.draw(group, title))
    pieces[index] = ("![%s, as a plot](images/%s)\n"):format(title, name)
  end
  return ("\n## %s\n%s\n%s"):format(title, table.concat(pieces), table_of(rows))
end

local function machine_of(numbers)
  local lines = { "\n| of the run | |", "|---|---|" }
  for _, pair in ipairs(numbers.machine) do lines[#lines + 1] = ("| %s | %s |"):format(pair[1], pair[2]) end
  lines[#lines + 1] = ("| pairs of blocks | %d, cores: %s |"):format(numbers.pairs, numbers.placement)
  return table.concat(lines, "\n") .. "\n"
end

local function check_topics(numbers)
  local known = {}
  for _, topic in ipairs(TITLES) do known[topic[1]] = true end
  for _, row in ipairs(numbers.rows) do assert(known[row.topic], "TITLES has no title for " .. tostring(row.topic)) end
end

local numbers = read_numbers(arg[1])
check_topics(numbers)
local pieces = { HEAD, machine_of(numbers) }
for _, topic in ipairs(TITLES) do pieces[#pieces + 1] = section(numbers, topic[1], topic[2], arg[3]) end
if #numbers.notes > 0 then pieces[#pieces + 1] = NOTES:format(table.concat(numbers.notes, "\n")) end
write_file(arg[2], table.concat(pieces))
