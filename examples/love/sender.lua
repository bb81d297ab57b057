-- SPDX-License-Identifier: MIT
-- A thread that sends replays, for games that would rather not look at transfers. Its calls block it, and no frame.
-- Several threads send several replays at a time.
--
--   love.thread.newThread("sender.lua"):start()
--   love.thread.getChannel("replays"):push(bytes)
--   love.thread.getChannel("sent"):pop()    the File's id, or what failed; nil while there is none
local uploads = require("openai_uploads").new { deadline = 120 }

local replays, sent = love.thread.getChannel "replays", love.thread.getChannel "sent"

while true do
  local upload, failure = uploads.upload_file_chunked {
    data = replays:demand(), filename = "replay.bin", purpose = "user_data",
  }
  sent:push(upload and upload.file.id or tostring(failure))
end
