-- SPDX-License-Identifier: MIT
-- usage: upload_file.lua FILE AT_A_TIME
-- Sends a file in Parts of 64 MiB. Prints seconds, seconds of CPU, and the greatest resident memory in KiB.
local clock = require "bench.clock"
local resident_kib = require "bench.support.resident_kib"
local uploads = require "openai_uploads"

local start, cpu = clock.monotonic(), clock.cpu()
local upload = assert(uploads.upload_file_chunked {
  file = arg[1], purpose = "fine-tune", mime_type = "text/jsonl", part_size = 64 * 1024 * 1024,
  concurrency = tonumber(arg[2]),
})
local seconds = clock.monotonic() - start
assert(upload.status == "completed")
print(("%.6f %.6f %d"):format(seconds, clock.cpu() - cpu, resident_kib "VmHWM"))
