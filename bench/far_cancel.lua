-- SPDX-License-Identifier: MIT
-- usage: far_cancel.lua
-- Prints the seconds of a first cancel, of the next one, and of 64 at once after those.
local clock = require "bench.clock"
local uploads = require "openai_uploads"

local function timed(call, ...)
  local start = clock.monotonic()
  assert(call(...))
  return clock.monotonic() - start
end

local function cancel_many()
  local transfers = {}
  for index = 1, 64 do transfers[index] = uploads.start.cancel "upload_abc123" end
  for _, transfer in ipairs(transfers) do assert(select(2, transfer:wait())) end
  return true
end

print(("%.6f %.6f %.6f"):format(timed(uploads.cancel, "upload_abc123"), timed(uploads.cancel, "upload_abc123"),
  timed(cancel_many)))
