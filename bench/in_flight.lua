-- SPDX-License-Identifier: MIT
-- Cancels Upload after Upload, so many in flight at any time.
-- usage: in_flight.lua COUNT CALLS      prints seconds per call, and seconds of CPU
local clock = require "bench.clock"
local openai_uploads = require "openai_uploads"

local most, calls = tonumber(arg[1]), tonumber(arg[2])
local uploads = openai_uploads.new { max_connections = most }

local begun, settled = 0, 0
local in_flight, finished = {}, {} -- a transfer that nobody holds is aborted

local function note(transfer) finished[#finished + 1] = transfer end

local function begin()
  begun = begun + 1
  local transfer = uploads.start.cancel(("upload_%06d"):format(begun))
  in_flight[transfer] = true
  transfer:on_done(note)
end

local function settle(transfer)
  assert(in_flight[transfer])
  local _, upload, failure = transfer:poll()
  assert(upload, failure)
  assert(upload.status == "cancelled")
  in_flight[transfer] = nil
  settled = settled + 1
end

local function cancel(count)
  local last = settled + count
  while settled < last do
    while begun < last and begun - settled < most do begin() end
    uploads.step(#finished == 0 and math.huge or 0)
    local some = finished
    finished = {}
    for _, transfer in ipairs(some) do settle(transfer) end
  end
end

cancel(most + math.floor(calls / 10)) -- connects and warms up
collectgarbage()
local start, cpu = clock.monotonic(), clock.cpu()
cancel(calls)
local seconds = clock.monotonic() - start
print(("%.9f %.9f"):format(seconds / calls, (clock.cpu() - cpu) / calls))
