-- SPDX-License-Identifier: MIT
-- Prosody: loop = "prosody", and the example.
-- Runs once: Prosody has a Lua of its own.

local gateway = require "spec.support.hosts.gateway"
local host_rows = require "spec.support.host_rows"
local programs = require "spec.support.programs"

local prosody = programs.find { program = "prosody", lua = "lua5.4" }

describe("Prosody", function()
  host_rows.prove(prosody, "-F --config spec/support/hosts/prosody/prosody.cfg.lua")
end)

describe("the example for Prosody", function()
  -- Prosody refuses to be root's, unless told.
  gateway.prove { host = prosody, source = "examples/prosody/prosody.cfg.lua", arguments = "-F --config",
    head = "run_as_root = true\n" }
end)
