-- SPDX-License-Identifier: MIT
-- Runs the rows inside Prosody.
-- luacheck: read globals module

local async = require "util.async"
local running = require "spec.support.hosts.running"

local host = { loop = "prosody" }

function host.spawn(action) async.runner(action):run(true) end

function host.pause() async.sleep(0.001) end

host.run = running.run(host.spawn, running.by(host.pause))

module:hook_global("server-started", function()
  host.spawn(function()
    require "spec.support.hosts.run_rows"(host)
    os.exit(0)
  end)
end)
