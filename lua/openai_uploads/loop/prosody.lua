-- SPDX-License-Identifier: MIT
-- Prosody: one watch of its server for each client that coroutines of util.async wait for.
local async = require "util.async"
local coroutines = require "openai_uploads.loop.coroutines"
local server = require "net.server"
local timer = require "util.timer"
local watch = require "openai_uploads.loop.watch"

local host = {}

function host.begin(client)
  local watched = server.watchfd(watch.descriptor(client, "prosody"), function() client.step() end)
  return function() watched:close() end
end

-- `done` resumes the coroutine at once, so it is called in a turn of its own.
function host.suspension()
  coroutines.running "util.async"
  local wait, done = async.waiter()
  return wait, function() timer.add_task(0, function() done() end) end
end

function host.spawn(action)
  async.runner(function() action() end):run(true)
  return true
end

function host.after(seconds, action)
  local task = timer.add_task(seconds, function() action() end)
  return function() timer.stop(task) end
end

return watch.loop(host)
