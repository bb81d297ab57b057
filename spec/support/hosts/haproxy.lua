-- SPDX-License-Identifier: MIT
-- Runs the rows inside HAProxy.
-- luacheck: globals core

local running = require "spec.support.hosts.running"

local host = { loop = "haproxy" }

-- HAProxy keeps the function of each task for ever, see findings/haproxy-tasks-keep-functions.sh.
function host.spawn(action)
  core.register_task(function()
    local run = action
    action = nil
    run()
  end)
end

function host.pause() core.msleep(1) end

host.run = running.run(host.spawn, running.by(host.pause))

core.register_task(function()
  require "spec.support.hosts.run_rows"(host)
  os.exit(0)
end)
