-- SPDX-License-Identifier: MIT
-- Sends a file, such as the document that was just made.
--
--   texlua upload.lua report.pdf
--
-- texlua has Lua 5.3, and does not look where Debian puts lua-cjson.
package.cpath = "/usr/lib/x86_64-linux-gnu/lua/5.3/?.so;/usr/lib/aarch64-linux-gnu/lua/5.3/?.so;" .. package.cpath

local uploads = require("openai_uploads").new { deadline = 120 }

local upload, failure = uploads.upload_file_chunked { file = arg[1], purpose = "user_data" }
print(upload and upload.file.id or failure)
os.exit(upload and 0 or 1)
