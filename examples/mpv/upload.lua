-- SPDX-License-Identifier: MIT
-- Ctrl+u sends the file that is playing. Playback, keys and this script's other timers go on meanwhile.
--
-- Put this into ~/.config/mpv/scripts/. mpv has Lua 5.2.
local library = require "openai_uploads"

local function after(seconds, action) mp.add_timeout(seconds, action) end

local uploads = library.new { loop = library.loops.timers(after), deadline = 600 }

local function send(path)
  mp.osd_message("Sending " .. path)
  local upload, failure = uploads.upload_file_chunked { file = path, purpose = "user_data" }
  local text = upload and ("%s is %s"):format(path, upload.file.id) or tostring(failure)
  mp.osd_message(text)
  mp.msg.info(text)
end

mp.add_key_binding("Ctrl+u", "upload", function()
  local path = mp.get_property "path"
  if path then coroutine.wrap(send)(path) end
end)

-- mpv waits for its scripts when it quits. This gives up what runs, so that it need not wait for the service.
mp.register_event("shutdown", uploads.close)
