-- SPDX-License-Identifier: MIT
-- How much resident memory many calls gain, successes and all sorts of failures in turn.
-- usage: memory_growth.lua FIRST LAST      prints the growth in KiB
local resident_kib = require "bench.support.resident_kib"
local uploads = require "openai_uploads"

local first, last = tonumber(arg[1]), tonumber(arg[2])

-- What service.conf.in answers for each id.
local expected = {
  { id = "upload_abc123" },
  { id = "upload_missing", kind = "not_found" },
  { id = "upload_broken", kind = "server" },
  { id = "upload_rubbish", kind = "decode" },
  { id = "upload_dropped", kind = "connection" },
}

local at_first
for call = 1, last do
  local row = expected[call % #expected + 1]
  local upload, failure = uploads.cancel(row.id, { max_retries = 0 })
  local kind = not upload and failure.kind or nil
  if kind ~= row.kind then error(("%s: %s"):format(row.id, tostring(failure))) end
  if call == first then at_first = resident_kib() end
end
print(resident_kib() - at_first)
