-- SPDX-License-Identifier: MIT
-- Prosody: loop = "prosody".
-- Runs once: Prosody has a Lua of its own.

local host = require "spec.support.host"

if not host.has "prosody" then return pending "Prosody is not installed: make hosts" end

describe("in Prosody", function()
  host.prove_rows("lua5.4", "prosody -F --config spec/support/hosts/prosody/prosody.cfg.lua")
end)
