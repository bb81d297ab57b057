-- SPDX-License-Identifier: MIT

-- One accepted connection in the event loop: reads and sends of a given length on a socket that does not block. A
-- function that returns nil or false does so because the peer has closed.

local event_loop = require "spec.support.fault.event_loop"

local connection = {}
connection.__index = connection

local piece_size = 65536

-- Counts the bytes and the peer's close in `seen`. largest: of the pieces that are read, in bytes; nil: 64 KiB.
function connection.new(socket, seen, largest)
  socket:settimeout(0)
  socket:setoption("tcp-nodelay", true)
  return setmetatable({
    socket = socket, seen = seen, inbox = "", peer_closed = false, largest_piece = largest or piece_size,
  }, connection)
end

function connection:note_peer_closed()
  if self.peer_closed then return end
  self.peer_closed = true
  self.seen.closed_by_peer = self.seen.closed_by_peer + 1
end

-- Returns the bytes that have arrived, "" when none have, and nil once the peer has closed.
function connection:receive_now()
  local whole, why, part = self.socket:receive(self.largest_piece)
  local bytes = whole or part
  if bytes == "" and why ~= "timeout" then
    self:note_peer_closed()
    return nil
  end
  self.seen.bytes_received = self.seen.bytes_received + #bytes
  return bytes
end

-- Each read and send waits first, so that a fast peer cannot starve the others.
function connection:receive()
  local bytes
  repeat
    event_loop.wait { reads = self.socket }
    bytes = self:receive_now()
  until bytes ~= ""
  return bytes
end

function connection:take(count)
  local pieces, length = { self.inbox }, #self.inbox
  while length < count do
    local bytes = self:receive()
    if not bytes then break end
    pieces[#pieces + 1] = bytes
    length = length + #bytes
  end
  local whole = table.concat(pieces)
  if length < count then
    self.inbox = whole
    return nil
  end
  self.inbox = whole:sub(count + 1)
  return whole:sub(1, count)
end

function connection:take_through(marker)
  local _, last = self.inbox:find(marker, 1, true)
  while not last do
    local bytes = self:receive()
    if not bytes then return nil end
    self.inbox = self.inbox .. bytes
    _, last = self.inbox:find(marker, 1, true)
  end
  return self:take(last)
end

function connection:send(bytes)
  local sent = 0
  while sent < #bytes do
    event_loop.wait { writes = self.socket }
    local last, why, partly = self.socket:send(bytes, sent + 1, math.min(#bytes, sent + piece_size))
    local sent_now = math.floor(last or partly) -- LuaSocket counts in floats
    self.seen.bytes_sent = self.seen.bytes_sent + sent_now - sent
    sent = sent_now
    if not last and why ~= "timeout" then
      self:note_peer_closed()
      return false
    end
  end
  return true
end

-- Waits for so many seconds. It reads and keeps bytes meanwhile, so that it notices the peer's close at once.
function connection:pause(seconds)
  local due = event_loop.after(seconds)
  while event_loop.wait { reads = self.socket, due = due } == "reads" do
    local bytes = self:receive_now()
    if not bytes then return false end
    self.inbox = self.inbox .. bytes
  end
  return true
end

-- Reads and drops bytes until the peer closes.
function connection:await_peer_close()
  while self:receive() do end -- luacheck: ignore 542
end

function connection:half_close() self.socket:shutdown("send") end

-- Linux turns a close with unread bytes into a reset, so read a bounded number of them first. They are not counted: how
-- many arrive before the close is a matter of timing.
function connection:close()
  for _ = 1, 64 do
    if not self.socket:receive(piece_size) then break end
  end
  self.socket:close()
end

function connection:reset()
  self.socket:setoption("linger", { on = true, timeout = 0 })
  self.socket:close()
end

return connection
