-- SPDX-License-Identifier: MIT
-- Tarantool: loop = "tarantool".
-- Runs once: Tarantool has a Lua of its own.

local host = require "spec.support.host"

if not host.has "tarantool" then return pending "Tarantool is not installed: make hosts" end

describe("in Tarantool", function()
  host.prove_rows("luajit", "tarantool spec/support/hosts/tarantool.lua")
end)
