-- SPDX-License-Identifier: MIT
-- Runs the rows in GLib's main loop.

local GLib = require("lgi").GLib
local running = require "spec.support.hosts.running"
local suspended = require "spec.support.suspended"

local host = { loop = "glib" }

function host.spawn(action) coroutine.wrap(action)() end

function host.pause()
  local paused = coroutine.running()
  GLib.timeout_add(GLib.PRIORITY_DEFAULT, 1, function()
    assert(coroutine.resume(paused))
    return false
  end)
  coroutine.yield()
end

host.run = running.run(host.spawn, function(condition)
  local main = GLib.MainContext.default()
  local last = os.time() + suspended.PATIENCE
  local ticking = GLib.timeout_add(GLib.PRIORITY_DEFAULT, 20, function() return true end) -- the wait below ends by it
  while not condition() and os.time() <= last do main:iteration(true) end
  GLib.source_remove(ticking)
end)

require "spec.support.hosts.run_rows"(host)
