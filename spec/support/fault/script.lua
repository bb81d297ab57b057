-- SPDX-License-Identifier: MIT

-- A script that is being played: its listening socket, the connections accepted there, and the record of them.

local socket = require "socket"
local event_loop = require "spec.support.fault.event_loop"
local connection = require "spec.support.fault.connection"
local steps = require "spec.support.fault.steps"
local wire = require "spec.support.fault.wire"

local script = {}
script.__index = script

-- select takes descriptors below 1024 only.
local most_sockets = 800
local sockets = 0

local function count_socket(change) sockets = sockets + change end

-- An empty record.
function script.new_seen()
  local seen = {}
  for _, name in ipairs(wire.counters) do seen[name] = 0 end
  for _, name in ipairs(wire.records) do seen[name] = {} end
  return seen
end

local function new(backlog)
  if sockets >= most_sockets then return nil, "too many scripts and connections are open" end
  local listener = assert(socket.tcp4())
  listener:settimeout(0)
  assert(listener:bind("127.0.0.1", 0))
  if backlog then assert(listener:listen(backlog)) end
  count_socket(1)
  local _, port = listener:getsockname()
  return setmetatable({ listener = listener, port = port, seen = script.new_seen(), open = {} }, script)
end

function script:release(accepted)
  accepted:close()
  self.open[accepted] = nil
  self.seen.open = self.seen.open - 1
  count_socket(-1)
end

function script:run(accepted, list)
  if steps.run(accepted, list) then self.seen.finished = self.seen.finished + 1 end
  self:release(accepted)
end

function script:take_on(client)
  local seen = self.seen
  seen.connections = seen.connections + 1
  seen.open = seen.open + 1
  seen.most_open = math.max(seen.most_open, seen.open)
  count_socket(1)
  local accepted = connection.new(client, seen)
  function accepted.stop_listening() self:stop_listening() end
  function accepted.may_go_on() return self.goes_on end
  self.open[accepted] = "beginning"
  local task = event_loop.spawn(self.run, self, accepted, self.lists[math.min(seen.connections, #self.lists)])
  if self.open[accepted] then self.open[accepted] = task end
end

function script:accept()
  while true do
    event_loop.wait { reads = self.listener }
    local client = self.listener:accept()
    if client and sockets < most_sockets then
      self:take_on(client)
    elseif client then
      client:close()
      io.stderr:write("the fault server has no descriptor left for a connection\n")
    end
  end
end

-- These three return a script, or nil and the reason.

-- Plays the k-th of `lists` on the k-th connection, and the last of them on all further ones.
function script.play(lists)
  local self, why = new(1024)
  if not self then return nil, why end
  self.lists = lists
  self.accepting = event_loop.spawn(self.accept, self)
  return self
end

-- Refuses connections. The port stays bound, so no other process can listen there.
function script.refuse() return new(nil) end

-- Linux queues one connection more than the backlog says and drops the SYN of every other.
function script.fill()
  local self, why = new(0)
  if not self then return nil, why end
  self.filler = assert(socket.tcp4())
  self.filler:settimeout(0)
  self.filler:connect("127.0.0.1", self.port)
  count_socket(1)
  event_loop.wait { reads = self.listener }
  return self
end

function script:stop_listening()
  if not self.listener then return end
  if self.accepting then event_loop.cancel(self.accepting) end
  self.listener:close()
  self.listener = nil
  count_socket(-1)
end

function script:go_on() self.goes_on = true end

function script:close()
  self:stop_listening()
  for accepted, task in pairs(self.open) do
    event_loop.cancel(task)
    self:release(accepted)
  end
  if self.filler then
    self.filler:close()
    count_socket(-1)
  end
end

return script
