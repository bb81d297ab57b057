-- SPDX-License-Identifier: MIT
-- A mod that sends a file of the world: /upload FILE. The server goes on meanwhile.
--
-- It needs `secure.trusted_mods = uploads_example` in the server's settings. LuaJIT looks for the library where
-- `make install-modules LUA=luajit` puts it.
local insecure = assert(minetest.request_insecure_environment(), "name this mod in secure.trusted_mods")

-- The library's files require each other, and would find the sandbox's `require`.
local sandboxed = require
rawset(_G, "require", insecure.require)
local loaded, library = pcall(insecure.require, "openai_uploads")
rawset(_G, "require", sandboxed)
if not loaded then error(library, 0) end

local function after(seconds, action) minetest.after(seconds, action) end

local uploads = library.new { loop = library.loops.timers(after), deadline = 120 }

local function send(path, say)
  local upload, failure = uploads.upload_file_chunked { file = path, purpose = "user_data" }
  say(upload and upload.file.id or tostring(failure))
end

minetest.register_chatcommand("upload", {
  params = "<file>", description = "Sends a file of the world", privs = { server = true },
  func = function(name, file)
    local path = minetest.get_worldpath() .. "/" .. file:gsub("[^%w._-]", "")
    coroutine.wrap(send)(path, function(text) minetest.chat_send_player(name, text) end)
    return true, "Sending " .. file
  end,
})

minetest.register_on_shutdown(uploads.close)
