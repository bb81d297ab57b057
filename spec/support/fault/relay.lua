-- SPDX-License-Identifier: MIT

-- A relay between a client and a service that listens on another port. It passes bytes both ways until it is told to
-- fall silent or to end. It can be a long or a slow line, and it counts the waits for the service.
--
-- A wait is a connection that is made, or bytes of the client that are answered. Bytes which the client sends after an
-- answer to its n-th wait belong to wait n + 1, on whichever connection they go. The bytes of two connections that do
-- not wait for each other belong to the same wait. So `waits` is what a far service would cost, in round trips. It is
-- right where the line is long enough: what the client sends at once must be read before anything comes back.

local socket = require "socket"
local connection = require "spec.support.fault.connection"
local event_loop = require "spec.support.fault.event_loop"

-- Bytes, of the kernel's and of ours, so that a slow line is slow for its client.
local SLOW_LINE_BUFFER, SLOW_LINE_PIECE = 16 * 1024, 4096

local relay = {}
relay.__index = relay

local function for_ever() return false end

-- Suspends the task until so many bytes have arrived at the other end.
function relay:travel(count)
  local now = socket.gettime()
  if self.bytes_per_second > 0 then
    self.free_at = math.max(now, self.free_at) + count / self.bytes_per_second
    now = self.free_at
  end
  if now + self.delay > socket.gettime() then event_loop.wait { due = now + self.delay } end
  if self.is_held then event_loop.wait { condition = function() return not self.is_held end } end
end

-- Passes on the bytes of one side until that side closes. A silent relay reads them and drops them. note(bytes) is
-- called as they are read, and returns what to call once they have arrived.
function relay:pump(line, from, to, note)
  local bytes = from:receive()
  while bytes do
    local note_arrival = note()
    self:travel(#bytes)
    if line.is_silent then event_loop.wait { condition = for_ever } end
    if not to:send(bytes) then break end
    note_arrival()
    bytes = from:receive()
  end
  to:half_close()
  line.ended = line.ended + 1
end

-- `finished` counts the connections that the service has closed.
function relay:carry(client)
  local service = assert(socket.tcp4())
  assert(service:connect("127.0.0.1", self.target))
  local seen = self.seen
  local line = {
    ended = 0, from_client = connection.new(client, seen, self.bytes_per_second > 0 and SLOW_LINE_PIECE or nil),
    from_service = connection.new(service, { bytes_received = 0, bytes_sent = 0, closed_by_peer = 0 }),
  }
  local connected, asked = seen.waits + 1, 0 -- the waits up to when it was made, and to what the service has got
  seen.connections = seen.connections + 1
  self.lines[#self.lines + 1] = line
  local up = event_loop.spawn(self.pump, self, line, line.from_client, line.from_service, function()
    local waits = math.max(seen.waits, connected) + 1
    return function() asked = math.max(asked, waits) end
  end)
  local down = event_loop.spawn(function()
    self:pump(line, line.from_service, line.from_client, function()
      local waits = asked
      return function() seen.waits = math.max(seen.waits, waits) end
    end)
    seen.finished = seen.finished + 1
  end)
  event_loop.wait { condition = function() return line.ended == 2 or line.is_cut end }
  event_loop.cancel(up)
  event_loop.cancel(down)
  client:close()
  service:close()
  if line.ended < 2 then seen.finished = seen.finished + 1 end
end

function relay:accept()
  while true do
    event_loop.wait { reads = self.listener }
    local client = self.listener:accept()
    if client then event_loop.spawn(self.carry, self, client) end
  end
end

-- Relays between a port of its own and `target`. `seen` describes the connections of the client, as a script's does.
-- delay: seconds, each way. bytes_per_second: of all connections together, both ways; 0: no limit. Its port refuses
-- connections until `open`.
function relay.start(target, seen, delay, bytes_per_second)
  local listener = assert(socket.tcp4())
  listener:settimeout(0)
  if bytes_per_second > 0 then assert(listener:setoption("recv-buffer-size", SLOW_LINE_BUFFER)) end
  assert(listener:bind("127.0.0.1", 0))
  local _, port = listener:getsockname()
  local self = setmetatable({
    listener = listener, port = port, target = tonumber(target), seen = seen, lines = {}, delay = delay,
    bytes_per_second = bytes_per_second, free_at = 0, is_held = false,
  }, relay)
  return self
end

function relay:open()
  assert(self.listener:listen(64))
  self.accepting = event_loop.spawn(self.accept, self)
end

-- The present connections send nothing more and do not end, as after a change of network.
function relay:silence()
  for _, line in ipairs(self.lines) do line.is_silent = true end
end

-- Holds all bytes back until go_on, as a line that is away for a while.
function relay:hold() self.is_held = true end
function relay:go_on() self.is_held = false end

-- Closes the present connections in order.
function relay:cut()
  for _, line in ipairs(self.lines) do line.is_cut = true end
end

function relay:close()
  self:cut()
  if self.accepting then event_loop.cancel(self.accepting) end
  self.listener:close()
end

return relay
