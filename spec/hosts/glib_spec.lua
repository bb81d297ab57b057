-- SPDX-License-Identifier: MIT
-- GLib's main loop, by lgi: loop = "glib", and the example.

local host_rows = require "spec.support.host_rows"
local programs = require "spec.support.programs"
local with_service = require "spec.support.with_service"

local lua = os.getenv "TEST_LUA" or (rawget(_G, "jit") and "luajit" or "lua" .. _VERSION:match "%d%.%d")
local host = programs.find { program = lua, lua = lua }
if not pcall(require, "lgi") then return pending("GLib: no lgi is installed for " .. _VERSION) end

describe("GLib", function()
  host_rows.prove(host, "spec/support/hosts/glib.lua")
end)

describe("the example for GLib", function()
  local service = with_service.emulator()

  local function start()
    service.answer_next(programs.gate)
    local child = programs.start(programs.environment(host, service),
      host.path .. " examples/glib/upload.lua README.md")
    service.wait_for_requests(1)
    return child
  end

  programs.it(host, "sends a file while the main loop goes on", function()
    local child = start()
    service.open_gate()
    local output = child.finish()
    assert.matches("%d+ of %d+ bytes\n.*README.md is file%-%x+\n%d+ frames meanwhile\n", output)
  end)

  programs.it(host, "lets the program end on TERM while the service does not answer", function()
    assert.is_nil(start().terminate():match "file%-")
  end)
end)
