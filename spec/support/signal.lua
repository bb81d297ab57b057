-- SPDX-License-Identifier: MIT
-- A descriptor that becomes readable when a spec says so.

local socket = require "socket"

local signal = {}
signal.__index = signal

function signal.new()
  local listener = assert(socket.udp4())
  assert(listener:setsockname("127.0.0.1", 0))
  return setmetatable({ listener = listener }, signal)
end

function signal:descriptor() return self.listener:getfd() end

-- By a datagram: in Neovim, the `connect` of LuaSocket calls a function of Neovim that has the name of its own.
function signal:raise()
  local host, port = self.listener:getsockname()
  assert(self.listener:sendto("raised", host, port))
end

function signal:close() self.listener:close() end

return signal
