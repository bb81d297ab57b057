-- SPDX-License-Identifier: MIT
-- Sends a file with the Lua of rspamd.
--
--   rspamadm lua -a report.txt upload.lua
local uploads = require("openai_uploads").new { deadline = 120 }

local upload, failure = uploads.upload_file_chunked { file = arg[1], purpose = "user_data" }
print(upload and upload.file.id or failure)
os.exit(upload and 0 or 1)
