-- SPDX-License-Identifier: MIT
-- /upload FILE sends a file. WeeChat goes on meanwhile.
local library = require "openai_uploads"

weechat.register("upload", "lua-openai-uploads", "1.0", "MIT", "Sends files to OpenAI", "upload_quit", "")

-- WeeChat knows callbacks by their names alone.
local actions, count = {}, 0

function upload_act(number)
  local action = actions[number]
  actions[number] = nil
  action()
  return weechat.WEECHAT_RC_OK
end

local function after(seconds, action)
  count = count + 1
  actions[tostring(count)] = action
  weechat.hook_timer(math.max(1, math.ceil(seconds * 1000)), 0, 1, "upload_act", tostring(count))
end

local uploads = library.new { loop = library.loops.timers(after), deadline = 600 }

local function send(path)
  local upload, failure = uploads.upload_file_chunked { file = path, purpose = "user_data" }
  weechat.print("", ("%s is %s"):format(path, upload and upload.file.id or tostring(failure)))
end

function upload_command(_, _, path)
  coroutine.wrap(send)(path)
  return weechat.WEECHAT_RC_OK
end

function upload_quit()
  uploads.close()
  return weechat.WEECHAT_RC_OK
end

weechat.hook_command("upload", "Sends a file to OpenAI", "<file>", "", "%(filename)", "upload_command", "")
