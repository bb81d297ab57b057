-- SPDX-License-Identifier: MIT
-- Sends a text in three Parts at the same time and completes the Upload, which is cancelled if anything fails before.
-- (A whole file is one call: uploads.upload_file_chunked.)
--
--   emulator/with lua5.4 examples/parts.lua       on this machine, against the emulator
--   OPENAI_API_KEY=... lua5.4 examples/parts.lua               against OpenAI; it keeps the file for an hour
local uploads = require "openai_uploads"

local pieces = {
  "Three parts of one text.\n",
  "They are on their way at the same time,\n",
  "and are put together in the order of their ids.\n",
}
local text = table.concat(pieces)

-- Begins all, then waits for each. A Part that cannot be sent is a failure, and returning it cancels the Upload.
local function send(upload)
  local transfers, part_ids = {}, {}
  for index, piece in ipairs(pieces) do
    transfers[index] = uploads.start.parts.create(upload.id, { data = piece })
  end
  for index, transfer in ipairs(transfers) do
    local _, part, failure = transfer:wait()
    if not part then return nil, failure end
    part_ids[index] = part.id
  end
  print("sent " .. #part_ids .. " parts")
  return uploads.complete(upload.id, { part_ids = part_ids })
end

local params = {
  filename = "parts.txt",
  purpose = "user_data",
  bytes = #text,
  mime_type = "text/plain",
  expires_after = { anchor = "created_at", seconds = 3600 },
}
local upload, failure = uploads.with_upload(params, send)
if not upload then
  print("not completed: " .. failure)
  os.exit(1)
end
print(("%s: %s, %d bytes"):format(upload.status, upload.file.filename, upload.file.bytes))

-- With a wrong size the service refuses to complete. Nothing is left behind then, either.
params.bytes = #text + 1
upload, failure = uploads.with_upload(params, send)
print(upload and upload.status or "refused, and cancelled: " .. failure)
