-- SPDX-License-Identifier: MIT
-- Tarantool: loop = "tarantool", and the example.
-- Runs once: Tarantool has a Lua of its own.

local host_rows = require "spec.support.host_rows"
local programs = require "spec.support.programs"
local with_service = require "spec.support.with_service"

local tarantool = programs.find { program = "tarantool", lua = "luajit" }

describe("Tarantool", function()
  host_rows.prove(tarantool, "spec/support/hosts/tarantool.lua")
end)

describe("the example for Tarantool", function()
  local service = with_service.emulator()
  local gated = { call = "cancel", gate = true }

  local function start(ids)
    service.answer_next { gated, gated, gated }
    local child = programs.start(programs.environment(tarantool, service),
      tarantool.path .. " examples/tarantool/cancel.lua " .. table.concat(ids, " "))
    service.wait_for_requests(3) -- at the service side by side
    return child
  end

  programs.it(tarantool, "cancels side by side, while other fibers go on", function()
    local ids = service.make_uploads(2)
    local child = start { ids[1], ids[2], "upload_none" }
    service.open_gate()
    local output = child.finish()
    assert.matches(ids[1] .. " is cancelled", output)
    assert.matches(ids[2] .. " is cancelled", output)
    assert.matches("upload_none: not_found: ", output)
    assert.matches("%d+ ticks meanwhile", output)
  end)

  programs.it(tarantool, "lets Tarantool end on TERM while the service does not answer", function()
    local child = start(service.make_uploads(3))
    assert.is_nil(child.terminate():match "is cancelled")
  end)
end)
