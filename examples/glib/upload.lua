-- SPDX-License-Identifier: MIT
-- GLib: sends a file in the main loop of a program, which goes on meanwhile. In GTK the loop is Gtk's.
--
--   export OPENAI_API_KEY=sk-...
--   lua5.3 examples/glib/upload.lua FILE
--
-- It needs lgi, which is not packaged for Lua 5.4 everywhere, and the library for the same Lua.

local GLib = require("lgi").GLib
local uploads = require("openai_uploads").new { loop = "glib" }

local main = GLib.MainLoop()

local path = assert(arg[1], "which file?")
local frames = 0
GLib.timeout_add(GLib.PRIORITY_DEFAULT, 1, function() -- stands for the work of the program
  frames = frames + 1
  return true
end)

coroutine.wrap(function()
  local upload, failure = uploads.upload_file_chunked({
    file = path, purpose = "user_data",
    on_progress = function(sent, total) print(("%d of %d bytes"):format(sent, total)) end,
  }, { deadline = 600 })
  print(upload and ("%s is %s"):format(path, upload.file.id) or tostring(failure))
  print(frames .. " frames meanwhile")
  main:quit()
end)()

main:run()
