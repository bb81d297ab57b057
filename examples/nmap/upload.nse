-- SPDX-License-Identifier: MIT
-- A script that sends a file, such as an earlier scan, while nmap's other scripts go on.
--
--   nmap --script ./upload.nse --script-args upload.file=scan.xml example.org
local stdnse = require "stdnse"
local library = require "openai_uploads"

description = "Sends a file to OpenAI. It is for the machine that runs nmap, and needs no target."
categories = { "external" }

local uploads = library.new { loop = library.loops.sleeping(stdnse.sleep), deadline = 120 }

prerule = function() return stdnse.get_script_args "upload.file" ~= nil end

action = function()
  local path = stdnse.get_script_args "upload.file"
  local upload, failure = uploads.upload_file_chunked { file = path, purpose = "user_data" }
  return upload and ("%s is %s"):format(path, upload.file.id) or tostring(failure)
end
