-- SPDX-License-Identifier: MIT
-- GLib's main loop, by lgi: a source for each client that coroutines wait for.
local coroutines = require "openai_uploads.loop.coroutines"
local watch = require "openai_uploads.loop.watch"
local GLib = require("lgi").GLib

local function soon(action)
  GLib.idle_add(GLib.PRIORITY_DEFAULT, function()
    action()
    return false
  end)
end

local host = { spawn = coroutines.spawn, suspension = coroutines.suspension(soon, "coroutine.wrap") }

function host.begin(client)
  local source = GLib.unix_fd_add_full(GLib.PRIORITY_DEFAULT, watch.descriptor(client, "glib"), GLib.IOCondition.IN,
    function()
      client.step()
      return true
    end)
  return function() GLib.source_remove(source) end
end

function host.after(seconds, action)
  local timer
  timer = GLib.timeout_add(GLib.PRIORITY_DEFAULT, math.ceil(seconds * 1000), function()
    timer = nil
    action()
    return false
  end)
  return function()
    if timer then GLib.source_remove(timer) end
  end
end

return watch.loop(host)
