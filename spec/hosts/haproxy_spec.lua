-- SPDX-License-Identifier: MIT
-- HAProxy: loop = "haproxy".
-- Runs once: HAProxy has a Lua of its own.

local host = require "spec.support.host"

if not host.has "haproxy" then return pending "HAProxy is not installed: make hosts" end

local lua = "lua" .. host.shell("haproxy -vv"):match "Built with Lua version : Lua (%d%.%d)"

describe("in HAProxy", function()
  host.prove_rows(lua, "haproxy -db -f spec/support/hosts/haproxy.cfg")
end)
