-- SPDX-License-Identifier: MIT
-- Sends a file in Parts, eight at a time, and shows how far it is. The Upload is cancelled on Ctrl-C, or when anything
-- fails.
--
--   emulator/with lua5.4 examples/upload_file.lua README.md       on this machine, against the emulator
--   OPENAI_API_KEY=... lua5.4 examples/upload_file.lua train.jsonl fine-tune    against OpenAI
local uploads = require "openai_uploads"

local path, purpose = arg[1] or "README.md", arg[2] or "user_data"

local upload, failure = uploads.upload_file_chunked {
  file = path, purpose = purpose,
  on_progress = function(sent, total)
    print(("%s: %d of %d bytes"):format(path, sent, total))
  end,
}
if not upload then
  print("not sent: " .. failure)
  os.exit(1)
end
print(("%s is %s, %d bytes"):format(upload.file.filename, upload.file.id, upload.file.bytes))
