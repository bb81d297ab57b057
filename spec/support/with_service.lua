-- SPDX-License-Identifier: MIT
-- The service that the specs of a block talk to: started before them and stopped after them, also when one fails. Each
-- spec begins with nothing left of the one before, and its clients are closed after it. To be called where `setup` may
-- stand:
--
--   local service = with_service.emulator()    -- behaves as OpenAI's does, see spec/support/emulator.lua
--   local server = with_service.fault_server() -- plays scripts of faults, see spec/support/fault.lua
--   local stalled = with_service.held_service() -- answers when told to, see spec/support/nginx/held.lua
--
-- What they return has its fields and functions as soon as a spec, or a later `setup`, runs.

local busted = require "busted"
local clients = require "spec.support.clients"
local emulator = require "spec.support.emulator"
local fault = require "spec.support.fault"
local held = require "spec.support.nginx.held"

local with_service = {}

local function with(start)
  local service = {}
  busted.setup(function()
    for name, value in pairs(start()) do service[name] = value end
  end)
  busted.after_each(clients.close_all)
  busted.teardown(function() if service.stop then service.stop() end end)
  return service
end

function with_service.emulator()
  local service = with(emulator.start)
  busted.before_each(function() service.reset() end)
  return service
end

function with_service.fault_server() return with(fault.start) end

function with_service.held_service() return with(held.start) end

return with_service
