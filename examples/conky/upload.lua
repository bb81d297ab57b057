-- SPDX-License-Identifier: MIT
-- conky calls this in each update. A call that blocks would hold up all that it shows.
local uploads = require("openai_uploads").new { deadline = 600 }

local transfer = uploads.start.upload_file_chunked { file = os.getenv "FILE", purpose = "user_data" }

function conky_upload()
  local done, upload, failure = transfer:poll()
  if not done then return "sending" end
  return upload and upload.file.id or tostring(failure)
end
