-- SPDX-License-Identifier: MIT
-- Counts the bytes of each conversation, and sends the table as a File once all frames were read.
--
--   tshark -X lua_script:statistics.lua -q -r capture.pcap
local uploads = require("openai_uploads").new { deadline = 120 }

local tap = Listener.new "frame"
local bytes = {}

function tap.packet(info)
  local pair = ("%s %s"):format(tostring(info.src), tostring(info.dst))
  bytes[pair] = (bytes[pair] or 0) + info.len
end

-- Frames that come meanwhile wait for a call that blocks, so this is the place for one.
function tap.draw()
  local lines = {}
  for pair, count in pairs(bytes) do lines[#lines + 1] = ("%s %d\n"):format(pair, count) end
  table.sort(lines)
  local upload, failure = uploads.upload_file_chunked {
    data = table.concat(lines), filename = "conversations.txt", purpose = "user_data",
  }
  print(upload and upload.file.id or failure)
end
