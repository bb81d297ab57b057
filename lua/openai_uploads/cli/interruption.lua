-- SPDX-License-Identifier: MIT
-- Signals that ask the command to end: Ctrl-C (SIGINT), SIGTERM and SIGHUP. The command waits in its own loop, which
-- raises an interruption when a signal has arrived.
local core = require "openai_uploads.core"

local interruption = {
  loop = {},
  metatable = {}, -- of an interruption
}

local EXIT_CODE_OF_SIGNAL = 128 -- plus the number of the signal, as in shells
local names = { [1] = "SIGHUP", [2] = "SIGINT", [15] = "SIGTERM" }
local SECONDS_OF_A_STEP = 0.001 -- a step that may wait sends more at a time
local SECONDS_WITHOUT_DESCRIPTOR = 0.05 -- between two looks for a signal

local signals
local rate_limit -- nil: none

--- Takes the signals over. Returns true; or nil and a failure.
function interruption.watch()
  local failure
  signals, failure = core.signals()
  return signals ~= nil, failure
end

--- Raises an interruption if a signal has arrived since the last look.
function interruption.check()
  local number = signals and signals:take()
  if not number then return end
  error(setmetatable({ signal = names[number], exit_code = EXIT_CODE_OF_SIGNAL + number }, interruption.metatable))
end

--- Limits the bytes of a body sent in a second: the loop skips steps while it is ahead of the limit.
function interruption.limit_rate(bytes_per_second)
  local began, sent, last = core.now(), 0, 0
  rate_limit = function(awaited)
    local bytes = awaited.progress and awaited:progress() or 0
    sent, last = sent + math.max(0, bytes - last), bytes -- the count falls when a Part is sent again
    return began + sent / bytes_per_second - core.now()
  end
end

--- A loop for the setting `loop`: see openai_uploads.loop.
function interruption.loop.wait(client, awaited, seconds)
  local descriptor, longest = client.fd(), seconds or math.huge
  local pause = rate_limit and rate_limit(awaited) or 0
  if pause > 0 then
    signals:wait(nil, math.min(pause, longest))
    interruption.check()
  elseif descriptor and signals then
    signals:wait(descriptor, longest)
    interruption.check()
    client.step(rate_limit and 0 or SECONDS_OF_A_STEP)
  else -- the system has no such descriptor; a signal ends the step
    client.step(math.min(longest, SECONDS_WITHOUT_DESCRIPTOR))
    interruption.check()
  end
end

--- Waits for bytes and returns at most `size` of them; "" at the end of the file; nil and a failure. Raises an
--- interruption when a signal arrives.
function interruption.read(descriptor, size)
  local text, failure
  repeat
    signals:wait(descriptor, math.huge)
    interruption.check()
    text, failure = signals:read(descriptor, size)
  until text or failure
  return text, failure
end

--- Whether the error is an interruption: { signal = "SIGINT", exit_code = 130 }.
function interruption.is(raised) return getmetatable(raised) == interruption.metatable end

return interruption
