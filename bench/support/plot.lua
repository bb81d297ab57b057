-- SPDX-License-Identifier: MIT
-- Draws rows of measurements as an SVG: a dot for the median, a line from the lowest to the highest, a mark for the
-- goal. Numbers in, text out.

local plot = {}

local WIDTH, MARGIN, ROW_HEIGHT, TOP = 760, 20, 44, 48
local COLORS = { text = "#24292f", faint = "#8c959f", line = "#0969da", goal = "#cf222e" }

local function escaped(text) return (text:gsub("&", "&amp;"):gsub("<", "&lt;"):gsub(">", "&gt;")) end

local function text_at(x, y, text, color, anchor)
  return ('<text x="%.1f" y="%.1f" fill="%s" text-anchor="%s">%s</text>\n'):format(x, y, color, anchor or "start",
    escaped(text))
end

local function line_at(x1, y1, x2, y2, color, width)
  return ('<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s" stroke-width="%d"/>\n')
    :format(x1, y1, x2, y2, color, width)
end

-- A round number that is the highest or more.
local function round_up(value)
  local power = 10 ^ math.floor(math.log(value) / math.log(10))
  for _, step in ipairs { 1, 1.5, 2, 3, 5, 7.5, 10 } do
    if value <= step * power then return step * power end
  end
end

local function highest_of(rows)
  local highest = 0
  for _, row in ipairs(rows) do highest = math.max(highest, row.highest, row.goal or 0) end
  return round_up(math.max(highest, 1e-9))
end

local function axis(rows, scale, most)
  local pieces, bottom = {}, TOP + #rows * ROW_HEIGHT
  for tick = 0, 4 do
    local value = most * tick / 4
    local x = scale(value)
    pieces[#pieces + 1] = line_at(x, TOP - 6, x, bottom, "#d0d7de", 1)
    pieces[#pieces + 1] = text_at(x, bottom + 16, ("%.4g %s"):format(value, rows.unit), COLORS.faint,
      tick == 0 and "start" or tick == 4 and "end" or "middle")
  end
  return table.concat(pieces)
end

local function row_at(row, y, scale)
  local middle = y + 26
  local pieces = {
    text_at(MARGIN, y + 12, row.what, COLORS.text),
    text_at(WIDTH - MARGIN, y + 12, ("%.4g"):format(row.median), COLORS.text, "end"),
    line_at(scale(row.lowest), middle, scale(row.highest), middle, COLORS.line, 3),
    ('<circle cx="%.1f" cy="%.1f" r="5" fill="%s"/>\n'):format(scale(row.median), middle, COLORS.line),
  }
  if row.goal then
    pieces[#pieces + 1] = line_at(scale(row.goal), middle - 9, scale(row.goal), middle + 9, COLORS.goal, 2)
  end
  return table.concat(pieces)
end

--- rows: each { what, median, lowest, highest, goal or nil }; rows.unit: theirs, empty for ratios.
function plot.draw(rows, title)
  local most = highest_of(rows)
  local function scale(value) return MARGIN + (WIDTH - 2 * MARGIN) * value / most end
  local height = TOP + #rows * ROW_HEIGHT + 28
  local pieces = {
    ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">\n')
      :format(WIDTH, height),
    ('<title>%s</title>\n<rect width="%d" height="%d" fill="#ffffff"/>\n'):format(escaped(title), WIDTH, height),
    text_at(MARGIN, 26, title .. (rows.unit ~= "" and ", in " .. rows.unit or ", ratios: less is better"), COLORS.text),
    axis(rows, scale, most),
  }
  for index, row in ipairs(rows) do pieces[#pieces + 1] = row_at(row, TOP + (index - 1) * ROW_HEIGHT, scale) end
  return table.concat(pieces) .. "</svg>\n"
end

return plot
