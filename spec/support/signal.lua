-- SPDX-License-Identifier: MIT
-- A descriptor that becomes readable when a spec says so.

local socket = require "socket"

local signal = {}
signal.__index = signal

function signal.new()
  return setmetatable({ listener = assert(socket.bind("127.0.0.1", 0)), caller = nil }, signal)
end

function signal:descriptor() return self.listener:getfd() end

function signal:raise()
  local host, port = self.listener:getsockname()
  self.caller = assert(socket.connect(host, port))
end

function signal:close()
  if self.caller then self.caller:close() end
  self.listener:close()
end

return signal
