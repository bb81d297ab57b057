-- SPDX-License-Identifier: MIT
-- Sends each picture that darktable exports. In ~/.config/darktable/luarc:
--
--   dofile "/home/me/.config/darktable/upload.lua"
--
-- The call holds up the export, and nothing else.
local darktable = require "darktable"
local uploads = require("openai_uploads").new { deadline = 600 }

darktable.register_event("openai_uploads", "intermediate-export-image", function(_, _, path)
  local upload, failure = uploads.upload_file_chunked { file = path, purpose = "vision" }
  print(("%s is %s"):format(path, upload and upload.file.id or tostring(failure)))
end)
