-- SPDX-License-Identifier: MIT
-- The progress bar on a terminal: one line that is redrawn in place. Every display has these functions: show(sent,
-- total), wait(status, seconds), erase() and finish(total).
local core = require "openai_uploads.core"
local progress_bar = require "openai_uploads.cli.progress_bar"
local transfer_rate = require "openai_uploads.cli.transfer_rate"

local progress_display = { INTERVAL = 0.1 } -- seconds between two drawings, at least

local MIN_SECONDS_OF_STATUS = 1 -- a shorter one cannot be read

--- terminal: write(text); width(), in columns, asked at each drawing; now(), in seconds. The last column stays empty:
--- some terminals wrap a line that fills it.
function progress_display.new(name, terminal)
  local rate, began = transfer_rate.new(), terminal.now()
  local drawn, drawn_at = 0, -math.huge -- columns; seconds
  local status, status_until = nil, -math.huge
  local display = {}

  local function width() return terminal.width() - 1 end

  local function draw(line)
    local columns = core.text_columns(line)
    terminal.write("\r" .. line .. (" "):rep(math.min(drawn, width()) - columns))
    drawn = columns
  end

  function display.show(sent, total)
    local now = terminal.now()
    if now - drawn_at < progress_display.INTERVAL then return end
    drawn_at = now
    rate.note(sent, now)
    draw(progress_bar.line { name = name, sent = sent, total = total, rate = rate.per_second(), width = width(),
      status = now < status_until and status or nil })
  end

  --- Shows the reason of a wait in place of the figures, for that many seconds. nil: the wait is over.
  function display.wait(words, seconds)
    status, status_until = words, terminal.now() + math.max(seconds or 0, MIN_SECONDS_OF_STATUS)
    drawn_at = -math.huge
  end

  --- Erases the whole line, because a terminal shows ^C at the end of the bar.
  function display.erase()
    if drawn == 0 then return end
    terminal.write("\r" .. (" "):rep(width()) .. "\r")
    drawn = 0
  end

  --- Replaces a bar that was drawn by a summary.
  function display.finish(total)
    if drawn == 0 then return end
    draw(progress_bar.summary(name, total, terminal.now() - began, width()))
    terminal.write("\n")
    drawn = 0
  end

  return display
end

return progress_display
