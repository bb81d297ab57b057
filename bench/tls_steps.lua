-- SPDX-License-Identifier: MIT
-- How long single calls of step() and of start.cancel take over TLS, with so many transfers in flight, each replaced
-- when it is done.
-- usage: tls_steps.lua IN_FLIGHT CALLS CA_FILE monotonic|cpu [SECONDS_A_FRAME]
-- Prints the median, the value that a thousandth exceeds and the longest, in seconds by that clock: of step() and then
-- of start, both first while connections are made and then afterwards. Without SECONDS_A_FRAME, step() is called again
-- and again.
local clock = require "bench.clock"
local spread = require("bench.support.statistics").spread
local openai_uploads = require "openai_uploads"

local most, calls = tonumber(arg[1]), tonumber(arg[2])
local now = assert(clock[arg[4]])
local seconds_a_frame = tonumber(arg[5])
local sleep = seconds_a_frame and require("socket").sleep
local uploads = openai_uploads.new { max_connections = most, ca_file = arg[3] }

local begun, settled = 0, 0
local in_flight, finished = {}, {} -- a transfer that nobody holds is aborted
local steps, starts

local function note(transfer) finished[#finished + 1] = transfer end

local function begin()
  begun = begun + 1
  local id = ("upload_%06d"):format(begun)
  local start = now()
  local transfer = uploads.start.cancel(id)
  starts[#starts + 1] = now() - start
  in_flight[transfer] = true
  transfer:on_done(note)
end

local function settle_done()
  local some = finished
  finished = {}
  for _, transfer in ipairs(some) do
    assert(in_flight[transfer])
    local _, upload, failure = transfer:poll()
    assert(upload, failure)
    assert(upload.status == "cancelled")
    in_flight[transfer] = nil
  end
  settled = settled + #some
end

local function run(last)
  steps, starts = {}, {}
  while settled < last do
    local frame_began = clock.monotonic()
    local start = now()
    uploads.step()
    steps[#steps + 1] = now() - start
    settle_done()
    while begun - settled < most do begin() end
    if sleep then sleep(math.max(0, seconds_a_frame - (clock.monotonic() - frame_began))) end
  end
  print(("%.9f %.9f %.9f"):format(spread(steps)))
  print(("%.9f %.9f %.9f"):format(spread(starts)))
end

run(10 * most) -- by then each has a connection
run(10 * most + calls)
