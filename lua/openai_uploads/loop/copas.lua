-- SPDX-License-Identifier: MIT
-- Copas: each waiting coroutine presents itself to Copas as a socket of its own on the client's descriptor.
local copas = require "copas"
local core = require "openai_uploads.core"
local coroutines = require "openai_uploads.loop.coroutines"
local watch = require "openai_uploads.loop.watch"

local waiting = {}
waiting.__index = waiting

-- The socket interface that Copas uses. The first three methods are LuaSocket's. `dirty` reports data that the
-- descriptor does not show, as when another coroutine's step has finished this coroutine's transfer.
function waiting:getfd() return self.descriptor end
function waiting:dirty() return self.transfer:done() or core.now() >= self.last end
function waiting.settimeout() return 1 end

function waiting:receive()
  self.client.step()
  if self:dirty() then return true end
  return nil, "timeout"
end

function waiting.close() return true end

local loop = {}

--- Copas before 3.0 has no timers. There, the end of `seconds` is noticed only when another event turns the loop.
function loop.wait(client, transfer, seconds)
  coroutines.running "copas.addthread"
  local descriptor = watch.descriptor(client, "copas")
  local last = seconds and core.now() + seconds or math.huge
  local socket = setmetatable({ client = client, transfer = transfer, descriptor = descriptor, last = last }, waiting)
  if last < math.huge and copas.settimeout then copas.settimeout(socket, seconds) end
  copas.receive(socket)
end

function loop.spawn(action)
  copas.addthread(action)
  return true
end

return loop
