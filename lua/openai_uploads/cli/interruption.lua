-- SPDX-License-Identifier: MIT
-- Signals that ask the command to end: Ctrl-C (SIGINT), SIGTERM and SIGHUP. The command waits in a loop of its own,
-- which raises an interruption when one has arrived.
local core = require "openai_uploads.core"

local interruption = {
  loop = {},
  metatable = {}, -- of what is raised
}

local EXIT_CODE_OF_SIGNAL = 128 -- and the signal's number, as shells count
local names = { [1] = "SIGHUP", [2] = "SIGINT", [15] = "SIGTERM" }
local SECONDS_OF_A_STEP = 0.001 -- one that may wait sends more at a time
local SECONDS_WITHOUT_DESCRIPTOR = 0.05 -- between two looks for a signal

local signals

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

--- The loop for the setting of that name: see openai_uploads.loop.
function interruption.loop.wait(client, _, seconds)
  local descriptor, longest = client.fd(), seconds or math.huge
  if descriptor and signals then
    signals:wait(descriptor, longest)
    interruption.check()
    client.step(SECONDS_OF_A_STEP)
  else -- the system has no such descriptor; a signal ends the step
    client.step(math.min(longest, SECONDS_WITHOUT_DESCRIPTOR))
    interruption.check()
  end
end

--- Whether that is what was raised: { signal = "SIGINT", exit_code = 130 }.
function interruption.is(raised) return getmetatable(raised) == interruption.metatable end

return interruption
