-- SPDX-License-Identifier: MIT
-- Displays without a bar: a line now and then, for a log; or objects, for a program.
local progress_bar = require "openai_uploads.cli.progress_bar"
local transfer_rate = require "openai_uploads.cli.transfer_rate"

local progress_lines = {
  SECONDS_BETWEEN_LINES = 30,
  SECONDS_BETWEEN_OBJECTS = 1,
}

local MIN_WAIT = 1 -- seconds; a shorter wait is over before its line is read

local function nothing() end

--- A display that shows nothing.
function progress_lines.none() return { show = nothing, wait = nothing, erase = nothing, finish = nothing } end

--- Lines for a person. tell(text); now(), in seconds. Parts that fail alike wait about as long: one line tells of them.
function progress_lines.text(name, tell, now)
  local rate, told_at, told_wait_until = transfer_rate.new(), now(), -math.huge
  local display = progress_lines.none()

  function display:show(sent, total)
    local time = now()
    rate.note(sent, time)
    if time - told_at < progress_lines.SECONDS_BETWEEN_LINES then return end
    told_at = time
    tell(("%s: %s"):format(name, progress_bar.words { sent = sent, total = total, rate = rate.per_second() }))
  end

  function display:wait(status, seconds)
    if not status or seconds < MIN_WAIT or seconds == math.huge or now() + seconds < told_wait_until + MIN_WAIT then
      return
    end
    told_wait_until = now() + seconds
    tell(("%s: %s"):format(name, status))
  end

  return display
end

--- Objects for a program: { file, state, sent, total, bytes_per_second }, where state is "sending", "waiting" (with
--- reason and seconds) or "done". tell(object); now(), in seconds.
function progress_lines.objects(path, tell, now)
  local rate, told_at = transfer_rate.new(), -math.huge
  local told = { sent = 0 } -- last
  local display = progress_lines.none()

  local function add(state, more)
    local object = { file = path, state = state, sent = told.sent, total = told.total,
      bytes_per_second = rate.per_second() }
    for name, value in pairs(more or {}) do object[name] = value end
    tell(object)
  end

  function display:show(sent, total)
    local time = now()
    rate.note(sent, time)
    told = { sent = sent, total = total }
    if time - told_at < progress_lines.SECONDS_BETWEEN_OBJECTS then return end
    told_at = time
    add "sending"
  end

  function display:wait(status, seconds)
    if status and seconds < math.huge then add("waiting", { reason = status, seconds = seconds }) end
  end

  function display:finish(total)
    told = { sent = total, total = total }
    add "done"
  end

  return display
end

return progress_lines
