-- SPDX-License-Identifier: MIT
-- Copas: each waiting coroutine presents itself to Copas as a socket of its own on the client's descriptor.
local copas = require "copas"
local core = require "openai_uploads.core"

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

local isyieldable = rawget(coroutine, "isyieldable") -- absent in Lua 5.1 and 5.2

local function check_can_yield()
  local running, is_main = coroutine.running()
  if not running or is_main or isyieldable and not isyieldable() then
    error("a call that suspends was made outside a coroutine, or in an api_key, log or on_retry function: "
      .. "use copas.addthread, or loop = \"blocking\"", 0)
  end
end

--- Copas before 3.0 has no timers. There, the end of `seconds` is noticed only when another event turns the loop.
function loop.wait(client, transfer, seconds)
  check_can_yield()
  local descriptor = client.fd()
  if not descriptor then error("loop 'copas' needs a system on which client.fd() gives a descriptor", 0) end
  local last = seconds and core.now() + seconds or math.huge
  local socket = setmetatable({ client = client, transfer = transfer, descriptor = descriptor, last = last }, waiting)
  if last < math.huge and copas.settimeout then copas.settimeout(socket, seconds) end
  copas.receive(socket)
end

return loop
