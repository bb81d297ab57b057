-- SPDX-License-Identifier: MIT
-- usage: download_file.lua PATH
-- Writes the content of a File to a path.
local uploads = require "openai_uploads"

assert(uploads.files.content("file-abc123", { to = arg[1] }))
