-- SPDX-License-Identifier: MIT
-- The progress bar on a terminal: one line that is redrawn in place. Every display has these methods: show(sent,
-- total), wait(status, seconds), erase() and finish(total).
local core = require "openai_uploads.core"
local progress_bar = require "openai_uploads.cli.progress_bar"
local transfer_rate = require "openai_uploads.cli.transfer_rate"

local progress_display = { INTERVAL = 0.1 } -- seconds between two drawings, at least
progress_display.__index = progress_display

local MIN_SECONDS_OF_STATUS = 1 -- a shorter one cannot be read

local function width(self) return self.terminal.width() - 1 end

local function draw(self, line)
  local columns = core.text_columns(line)
  self.terminal.write("\r" .. line .. (" "):rep(math.min(self.drawn, width(self)) - columns))
  self.drawn = columns
end

function progress_display:show(sent, total)
  local now = self.terminal.now()
  if now - self.drawn_at < progress_display.INTERVAL then return end
  self.drawn_at = now
  self.rate.note(sent, now)
  draw(self, progress_bar.line { name = self.name, sent = sent, total = total, rate = self.rate.per_second(),
    width = width(self), status = now < self.status_until and self.status or nil })
end

--- Shows the reason of a wait in place of the figures, for that many seconds. nil: the wait is over.
function progress_display:wait(words, seconds)
  self.status, self.status_until = words, self.terminal.now() + math.max(seconds or 0, MIN_SECONDS_OF_STATUS)
  self.drawn_at = -math.huge
end

--- Erases the whole line, because a terminal shows ^C at the end of the bar.
function progress_display:erase()
  if self.drawn == 0 then return end
  self.terminal.write("\r" .. (" "):rep(width(self)) .. "\r")
  self.drawn = 0
end

--- Replaces a bar that was drawn by a summary.
function progress_display:finish(total)
  if self.drawn == 0 then return end
  draw(self, progress_bar.summary(self.name, total, self.terminal.now() - self.began, width(self)))
  self.terminal.write("\n")
  self.drawn = 0
end

--- terminal: write(text); width(), in columns, asked at each drawing; now(), in seconds. The last column stays empty:
--- some terminals wrap a line that fills it.
function progress_display.new(name, terminal)
  return setmetatable({
    name = name, terminal = terminal, rate = transfer_rate.new(), began = terminal.now(),
    drawn = 0, drawn_at = -math.huge, -- columns; seconds
    status = nil, status_until = -math.huge,
  }, progress_display)
end

return progress_display
