-- SPDX-License-Identifier: MIT
-- Sends the file that plays. Playback goes on meanwhile, because VLC runs an interface script in a thread of its own.
--
-- Put this into ~/.local/share/vlc/lua/intf/, and start: vlc --extraintf luaintf --lua-intf upload FILE
package.loadlib("liblua5.2.so.0", "*") -- VLC keeps its Lua to itself
local library = require "openai_uploads"

local function sleep(seconds) vlc.misc.mwait(vlc.misc.mdate() + seconds * 1000000) end

local uploads = library.new { loop = library.loops.sleeping(sleep), deadline = 600 }

local item
repeat
  sleep(0.02)
  item = vlc.input.item()
until item

local path = vlc.strings.decode_uri(item:uri():gsub("^file://", ""))
local upload, failure = uploads.upload_file_chunked { file = path, purpose = "user_data" }
vlc.msg.info(("%s is %s"):format(path, upload and upload.file.id or tostring(failure)))
