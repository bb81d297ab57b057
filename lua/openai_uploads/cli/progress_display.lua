-- SPDX-License-Identifier: MIT
-- The progress bar on a terminal: one line, drawn again in its place.
local progress_bar = require "openai_uploads.cli.progress_bar"
local transfer_rate = require "openai_uploads.cli.transfer_rate"

local progress_display = { INTERVAL = 0.1 } -- seconds between two drawings, at least

-- A display that shows nothing.
function progress_display.none()
  local function nothing() end
  return { show = nothing, erase = nothing, finish = nothing }
end

--- terminal: write(text), width in columns, now() in seconds. The last column stays empty: some terminals would
--- go on to the next line.
function progress_display.new(name, terminal)
  local width = terminal.width - 1
  local rate, began = transfer_rate.new(), terminal.now()
  local drawn, drawn_at = 0, -math.huge
  local display = {}

  local function draw(line)
    terminal.write("\r" .. line .. (" "):rep(math.min(drawn, width) - #line))
    drawn = #line
  end

  function display.show(sent, total)
    local now = terminal.now()
    if now - drawn_at < progress_display.INTERVAL then return end
    drawn_at = now
    rate.note(sent, now)
    draw(progress_bar.line { name = name, sent = sent, total = total, rate = rate.per_second(), width = width })
  end

  --- All of the line: a terminal shows ^C at the end of the bar.
  function display.erase()
    if drawn == 0 then return end
    terminal.write("\r" .. (" "):rep(width) .. "\r")
    drawn = 0
  end

  --- Leaves a word on what was sent, where the bar has been seen.
  function display.finish(total)
    if drawn == 0 then return end
    draw(progress_bar.summary(name, total, terminal.now() - began, width))
    terminal.write("\n")
    drawn = 0
  end

  return display
end

return progress_display
