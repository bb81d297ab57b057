-- SPDX-License-Identifier: MIT
-- HAProxy: coroutines of actions, services and tasks sleep by core.msleep.
local core = require "openai_uploads.core"
local new_sleeping = require "openai_uploads.loop.sleeping"

local haproxy = rawget(_G, "core")

if type(haproxy) ~= "table" or not haproxy.msleep then error("this program is not HAProxy", 0) end

local SECONDS_OF_TRIAL = 0.002

local function sleep(seconds) haproxy.msleep(math.ceil(seconds * 1000)) end

local loop = new_sleeping(sleep)
local suspend = loop.wait
local is_loaded = false

-- While HAProxy loads its scripts, msleep returns at once. Nothing else runs then, so a call may block.
function loop.wait(client, transfer, seconds)
  if not is_loaded then
    local before = core.now()
    sleep(SECONDS_OF_TRIAL)
    is_loaded = core.now() - before >= SECONDS_OF_TRIAL / 2
  end
  if is_loaded then return suspend(client, transfer, seconds) end
  client.step(math.min(SECONDS_OF_TRIAL, seconds or SECONDS_OF_TRIAL))
end

--- HAProxy never forgets the function of a task, so that must not hold the action.
function loop.spawn(action)
  haproxy.register_task(function()
    local run = action
    action = nil
    run()
  end)
  return true
end

return loop
