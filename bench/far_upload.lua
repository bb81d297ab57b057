-- SPDX-License-Identifier: MIT
-- usage: far_upload.lua FILE cold|warm [PART_SIZE]
-- Sends a file with default settings. Warm: once before, on connections that are still open. Prints seconds.
local clock = require "bench.clock"
local uploads = require "openai_uploads"

local path, temperature, part_size = arg[1], arg[2], tonumber(arg[3])
local client = uploads.new { ca_file = os.getenv "SSL_CERT_FILE" } -- earlier versions do not read the variable

local function send()
  local start = clock.monotonic()
  local upload = assert(client.upload_file_chunked {
    file = path, purpose = "fine-tune", mime_type = "text/jsonl", part_size = part_size,
  })
  assert(upload.status == "completed")
  return clock.monotonic() - start
end

if temperature == "warm" then send() end
print(("%.6f"):format(send()))
