-- SPDX-License-Identifier: MIT

-- A relay between a client and a service that listens on another port. It passes bytes both ways until it is told to
-- fall silent or to end.

local socket = require "socket"
local connection = require "spec.support.fault.connection"
local event_loop = require "spec.support.fault.event_loop"

local relay = {}
relay.__index = relay

-- Passes on the bytes of one side until that side closes. A silent relay reads them and drops them.
local function pump(line, from, to)
  local bytes = from:receive()
  while bytes do
    if line.is_silent then event_loop.wait { condition = function() return false end } end
    if not to:send(bytes) then break end
    bytes = from:receive()
  end
  to:half_close()
  line.ended = line.ended + 1
end

-- `finished` counts the connections that the service has closed.
function relay:carry(client)
  local service = assert(socket.tcp4())
  assert(service:connect("127.0.0.1", self.target))
  local line = {
    ended = 0, from_client = connection.new(client, self.seen),
    from_service = connection.new(service, { bytes_received = 0, bytes_sent = 0, closed_by_peer = 0 }),
  }
  self.seen.connections = self.seen.connections + 1
  self.lines[#self.lines + 1] = line
  local up = event_loop.spawn(pump, line, line.from_client, line.from_service)
  local down = event_loop.spawn(function()
    pump(line, line.from_service, line.from_client)
    self.seen.finished = self.seen.finished + 1
  end)
  event_loop.wait { condition = function() return line.ended == 2 or line.is_cut end }
  event_loop.cancel(up)
  event_loop.cancel(down)
  client:close()
  service:close()
  if line.ended < 2 then self.seen.finished = self.seen.finished + 1 end
end

function relay:accept()
  while true do
    event_loop.wait { reads = self.listener }
    local client = self.listener:accept()
    if client then event_loop.spawn(self.carry, self, client) end
  end
end

-- Relays between a port of its own and `target`. `seen` describes the connections of the client, as a script's does.
function relay.start(target, seen)
  local listener = assert(socket.tcp4())
  listener:settimeout(0)
  assert(listener:bind("127.0.0.1", 0))
  assert(listener:listen(64))
  local _, port = listener:getsockname()
  local self = setmetatable({ listener = listener, port = port, target = tonumber(target), seen = seen, lines = {} },
    relay)
  self.accepting = event_loop.spawn(self.accept, self)
  return self
end

-- The present connections send nothing more and do not end, as after a change of network.
function relay:silence()
  for _, line in ipairs(self.lines) do line.is_silent = true end
end

-- Closes the present connections in order.
function relay:cut()
  for _, line in ipairs(self.lines) do line.is_cut = true end
end

function relay:close()
  self:cut()
  event_loop.cancel(self.accepting)
  self.listener:close()
end

return relay
