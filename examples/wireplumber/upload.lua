-- SPDX-License-Identifier: MIT
-- Sends a text as a File while WirePlumber goes on.
--
--   wpexec upload.lua
--
-- WirePlumber keeps its Lua to itself. Of these, one is there: 5.3 on Debian 12, 5.4 on Debian 13.
package.loadlib(("liblua%s.so.0"):format(_VERSION:match "%d%.%d"), "*")
local uploads = require("openai_uploads").new { deadline = 120 }

local transfer = uploads.start.upload_file_chunked {
  data = "a message from WirePlumber", filename = "message.txt", purpose = "user_data",
}

-- A timer that is made in a coroutine would crash WirePlumber, so one of the script itself looks at the transfer.
Core.timeout_add(10, function()
  local done, upload, failure = transfer:poll()
  if not done then return true end
  print(upload and upload.file.id or tostring(failure))
  Core.quit()
  return false
end)
