-- SPDX-License-Identifier: MIT
-- Copas: to its select, each waiting coroutine is a socket of its own on the client's descriptor.
local copas = require "copas"

local waiting = {}
waiting.__index = waiting

-- What Copas asks of a socket. The first three are LuaSocket's: `dirty` says that there is something to read which
-- no descriptor shows, as when another coroutine's step ended this one's transfer.
function waiting:getfd() return self.descriptor end
function waiting:dirty() return self.transfer:done() end
function waiting.settimeout() return 1 end

function waiting:receive()
  self.client.step()
  if self.transfer:done() then return true end
  return nil, "timeout"
end

function waiting.close() return true end

local loop = {}

--- Copas before 3.0 has no timeouts, so there `seconds` may pass unnoticed until something else comes about.
function loop.wait(client, transfer, seconds)
  local descriptor = client.fd()
  if not descriptor then error("loop 'copas' needs a system on which client.fd() gives a descriptor", 0) end
  local socket = setmetatable({ client = client, transfer = transfer, descriptor = descriptor }, waiting)
  if seconds and seconds < math.huge and copas.settimeout then copas.settimeout(socket, seconds) end
  copas.receive(socket)
end

return loop
