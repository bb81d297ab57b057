-- SPDX-License-Identifier: MIT
-- Passes on what a URL gives to OpenAI as a File, without a copy of it on disk where its size is known. It needs
-- LuaSocket, which reads http URLs.
--
--   OPENAI_API_KEY=... lua5.4 examples/pass_on.lua http://example.com/train.jsonl fine-tune
local http = require "socket.http"
local uploads = require "openai_uploads"

local url, purpose = arg[1], arg[2] or "user_data"
assert(url, "usage: pass_on.lua URL [PURPOSE]")

-- LuaSocket gives each piece to a function, and the upload asks a function for each piece: a coroutine serves both.
local next_piece = coroutine.wrap(function()
  local received, status = http.request {
    url = url,
    sink = function(piece)
      if piece then coroutine.yield(piece) end
      return 1
    end,
  }
  if not received then return nil, status end
  if status ~= 200 then return nil, "HTTP " .. status end
end)

local _, _, headers = http.request { url = url, method = "HEAD" }
local upload, failure = uploads.upload_file_chunked {
  data = next_piece,
  bytes = headers and tonumber(headers["content-length"]), -- without it, all is read before the Upload is created
  filename = url:match "([^/?]+)[^/]*$" or "download",
  purpose = purpose,
}
if not upload then
  print("not sent: " .. failure)
  os.exit(1)
end
print(("%s is %s, %d bytes"):format(upload.file.filename, upload.file.id, upload.file.bytes))
