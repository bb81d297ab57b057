-- SPDX-License-Identifier: MIT
-- How much resident memory a transfer takes that is in flight, against a service that never answers.
-- usage: memory_in_flight.lua TRANSFERS CONNECTIONS      prints KiB a transfer
local clock = require "bench.clock"
local resident_kib = require "bench.support.resident_kib"
local openai_uploads = require "openai_uploads"

local quiet_seconds = 0.2
local count, connections = tonumber(arg[1]), tonumber(arg[2])
local uploads = openai_uploads.new { max_connections = connections }
local transfers = {}

local function begin(some)
  for _ = 1, some do
    transfers[#transfers + 1] = uploads.start.cancel(("upload_%06d"):format(#transfers))
  end
  repeat -- until there was nothing to do for so long
    local start = clock.monotonic()
    assert(uploads.step(quiet_seconds) == #transfers)
  until clock.monotonic() - start >= quiet_seconds
end

begin(32) -- what only the first ones need
local before = resident_kib()
begin(count)
print((resident_kib() - before) / count)
