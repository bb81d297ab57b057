-- SPDX-License-Identifier: MIT
-- GLib's main loop, by lgi: loop = "glib".

local host = require "spec.support.host"

local lua = os.getenv "TEST_LUA" or "lua" .. _VERSION:match "%d%.%d"
if not pcall(require, "lgi") then return pending("in GLib: no lgi is packaged for " .. _VERSION) end

describe("in GLib", function()
  host.prove_rows(lua, lua .. " spec/support/hosts/glib.lua")
end)
