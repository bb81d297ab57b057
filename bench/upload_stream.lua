-- SPDX-License-Identifier: MIT
-- usage: upload_stream.lua WAY FILE AT_A_TIME
-- Sends a file by a function that reads 64 KiB of it at a time: through buffers (WAY "memory"), or through a temporary
-- file of announced size ("spool") or of unknown size ("unknown"). WAY "file" sends the file itself, in Parts of the
-- size that the buffers have. WAY "read" only calls the function. Prints seconds, seconds of CPU, and the greatest
-- resident memory in KiB.
local clock = require "bench.clock"
local resident_kib = require "bench.support.resident_kib"
local uploads = require "openai_uploads"

local way, path, at_a_time = arg[1], arg[2], tonumber(arg[3])
local params = { filename = "source", purpose = "fine-tune", mime_type = "text/jsonl", concurrency = at_a_time }

if way == "file" then
  params.file, params.part_size = path, 4 * 1024 * 1024
else
  local file = assert(io.open(path, "rb"))
  params.data = function() return file:read(64 * 1024) end
  params.spool = way == "spool" or nil
  if way ~= "unknown" then params.bytes = file:seek "end" end
  file:seek "set"
end

local function send() assert(assert(uploads.upload_file_chunked(params)).status == "completed") end

local function read()
  repeat local chunk = params.data() until not chunk
end

local start, cpu = clock.monotonic(), clock.cpu();
(way == "read" and read or send)()
local seconds = clock.monotonic() - start
print(("%.6f %.6f %d"):format(seconds, clock.cpu() - cpu, resident_kib "VmHWM"))
