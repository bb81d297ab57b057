-- SPDX-License-Identifier: MIT
-- One line with the progress of a file:
--
--   train.jsonl   43 % [#######.........]  3.4 of 8.0 GiB  112 MiB/s  0:42 left
--
-- or, during a wait, its reason:
--
--   train.jsonl   43 %  rate limited, waiting 30 s (attempt 2 of 3)
--
-- Numbers in, text out: no clock, no terminal. Widths are counted in columns.
local core = require "openai_uploads.core"
local printable = require "openai_uploads.cli.printable"

local progress_bar = {}

local MIN_NAME, MAX_NAME = 12, 40 -- columns
local MIN_BAR, MAX_BAR = 10, 30 -- signs between the brackets
local MIN_STATUS = 10 -- columns
local LONGEST_TIME = 100 * 3600 -- seconds; a longer time is not shown
local units = { "bytes", "KiB", "MiB", "GiB", "TiB" }

local function unit_of(bytes)
  local index = 1
  while bytes >= 999.5 and index < #units do
    bytes, index = bytes / 1024, index + 1
  end
  return 1024 ^ (index - 1), units[index]
end

local function amount(bytes, unit)
  local value = bytes / unit
  return (unit > 1 and value < 99.95 and "%.1f" or "%.0f"):format(value)
end

--- "8.0 GiB"
function progress_bar.size(bytes)
  local unit, name = unit_of(bytes)
  return amount(bytes, unit) .. " " .. name
end

--- "0:42", "1:02:03"
function progress_bar.duration(seconds)
  seconds = math.floor(seconds + 0.5)
  local hours, minutes = math.floor(seconds / 3600), math.floor(seconds / 60) % 60
  if hours > 0 then return ("%d:%02d:%02d"):format(hours, minutes, seconds % 60) end
  return ("%d:%02d"):format(minutes, seconds % 60)
end

local function sizes(state)
  local unit, name = unit_of(state.total)
  return ("  %s of %s %s"):format(amount(state.sent, unit), amount(state.total, unit), name)
end

local function rate(state)
  return "  " .. (state.rate and progress_bar.size(state.rate) .. "/s" or "- MiB/s")
end

local function left(state)
  if state.sent >= state.total then return "  finishing" end
  local seconds = state.rate and state.rate > 0 and (state.total - state.sent) / state.rate
  if not seconds or seconds >= LONGEST_TIME then return "  -:-- left" end
  return "  " .. progress_bar.duration(seconds) .. " left"
end

-- Each with its largest width, so that nothing jumps when a number grows.
local figures = {
  sizes = { text = sizes, columns = function(state) -- 99.9 of 100 GiB
    return #sizes { sent = state.total, total = state.total } + 1
  end },
  rate = { text = rate, columns = function() return #"  999 bytes/s" end },
  left = { text = left, columns = function() return #"  9:59:59 left" end },
}

-- From rich to poor: the first one that fits is used.
local layouts = {
  { "sizes", "rate", "left", bar = true },
  { "sizes", "rate", "left" },
  { "sizes", "left" },
  { "left" },
  {},
}

local function percent(state)
  local hundredths = state.total > 0 and math.floor(100 * state.sent / state.total) or 100
  return ("%4d %%"):format(hundredths)
end

local columns_of = core.text_columns

-- For short texts: the cost grows with the square of the length.
local function shortened(name, columns)
  if columns_of(name) <= columns then return name end
  local short = ""
  for character in name:gmatch("[\1-\127\194-\244][\128-\191]*") do
    if columns_of(short .. character) > columns - 3 then break end
    short = short .. character
  end
  return short .. "..."
end

local function bar(state, signs)
  local full = state.total > 0 and math.floor(signs * state.sent / state.total) or signs
  return " [" .. ("#"):rep(full) .. ("."):rep(signs - full) .. "]"
end

-- The columns left for the name and for the signs of the bar.
local function divide(layout, state, wanted)
  local room = state.width - #percent(state)
  for _, name in ipairs(layout) do room = room - figures[name].columns(state) end
  if not layout.bar then return room, 0 end
  room = room - #" []"
  local signs = math.max(MIN_BAR, math.min(MAX_BAR, room - wanted))
  return room - signs, signs
end

local function laid_out(layout, state, name, wanted)
  local columns, signs = divide(layout, state, wanted)
  if columns < math.min(wanted, MIN_NAME) then return nil end
  local pieces = { shortened(name, math.min(columns, MAX_NAME)), percent(state) }
  if layout.bar then pieces[#pieces + 1] = bar(state, signs) end
  for _, figure in ipairs(layout) do pieces[#pieces + 1] = figures[figure].text(state) end
  return table.concat(pieces)
end

-- The name, the percentage, and as much of the status as fits. nil where not even the first two fit.
local function with_status(state, name, wanted)
  local room = state.width - #percent(state)
  local columns = math.min(wanted, math.max(MIN_NAME, room - columns_of(state.status) - 2))
  if columns > room then return nil end
  local line = shortened(name, columns) .. percent(state)
  local left_over = state.width - columns_of(line) - 2
  return left_over < MIN_STATUS and line or line .. "  " .. shortened(state.status, left_over)
end

--- state: name; sent and total, in bytes; rate, bytes a second, or nil; width, the columns that may be used; status,
--- words that take the place of the figures, or nil. The line is empty where there is no room for anything.
function progress_bar.line(state)
  local sent = math.max(0, math.min(state.sent, state.total))
  state = { sent = sent, total = state.total, rate = state.rate, width = state.width, name = state.name,
    status = state.status and printable(state.status) }
  local name = (printable(state.name))
  local wanted = math.min(columns_of(name), MAX_NAME)
  local told = state.status and with_status(state, name, wanted)
  if told then return told end
  for _, layout in ipairs(layouts) do
    local line = laid_out(layout, state, name, wanted)
    if line then return line end
  end
  local bare = percent(state)
  return #bare <= state.width and bare or ""
end

--- The figures in words, without a bar: "43 %, 3.4 of 8.0 GiB, 112 MiB/s, 0:42 left".
function progress_bar.words(state)
  local figures_text = table.concat({ percent(state), sizes(state), rate(state), left(state) }, ",")
  return (figures_text:gsub("  ", " "):gsub("^ +", ""))
end

--- The line that stays when a file is sent: "train.jsonl  8.0 GiB in 1:12".
function progress_bar.summary(name, total, seconds, width)
  local figures_text = ("  %s in %s"):format(progress_bar.size(total), progress_bar.duration(seconds))
  if #figures_text > width then return "" end
  return shortened((printable(name)), math.min(width - #figures_text, MAX_NAME)) .. figures_text
end

return progress_bar
