-- SPDX-License-Identifier: MIT
-- usage: cancel.lua CALLS      prints seconds per call
local clock = require "bench.clock"
local uploads = require "openai_uploads"

local calls = tonumber(arg[1])

local function cancel(count)
  for _ = 1, count do
    local upload = assert(uploads.cancel("upload_abc123"))
    assert(upload.status == "cancelled")
  end
end

cancel(math.floor(calls / 10) + 1) -- connects and warms up
local start = clock.monotonic()
cancel(calls)
print(("%.9f"):format((clock.monotonic() - start) / calls))
