-- SPDX-License-Identifier: MIT
-- usage: cancel_all.lua AT_A_TIME CALLS      prints seconds per call, and seconds of CPU
local clock = require "bench.clock"
local openai_uploads = require "openai_uploads"

local at_a_time, calls = tonumber(arg[1]), tonumber(arg[2])
local uploads = openai_uploads.new { max_connections = at_a_time }

local made = 0
local function make_ids(count)
  local ids = {}
  for index = 1, count do
    made = made + 1
    ids[index] = ("upload_%06d"):format(made)
  end
  return ids
end

local function cancel(ids)
  local cancelled, failures = uploads.cancel_all(ids)
  assert(not failures and cancelled[ids[1]].status == "cancelled" and cancelled[ids[#ids]])
end

cancel(make_ids(at_a_time + math.floor(calls / 10))) -- connects and warms up
local ids = make_ids(calls)
collectgarbage()
local start, cpu = clock.monotonic(), clock.cpu()
cancel(ids)
local seconds = clock.monotonic() - start
print(("%.9f %.9f"):format(seconds / calls, (clock.cpu() - cpu) / calls))
