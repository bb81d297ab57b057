-- SPDX-License-Identifier: MIT

-- The fault server: plays scripts of bytes, delays, cuts and resets on sockets of its own, for the specs to talk to.
-- Prints the address of its control connection and serves until told to quit, until nobody has held a control
-- connection for `longest_solitude` seconds, or for `longest_life` seconds. spec/support/fault.lua is the other end.
--
-- usage: fault_server.lua [longest_solitude [longest_life]]

local socket = require "socket"

local here = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = here .. "/../../?.lua;" .. package.path

local event_loop = require "spec.support.fault.event_loop"
local connection = require "spec.support.fault.connection"
local relay = require "spec.support.fault.relay"
local script = require "spec.support.fault.script"
local wire = require "spec.support.fault.wire"

local longest_solitude = tonumber(arg[1] or 60)
local longest_life = tonumber(arg[2] or 15 * 60)

local scripts = {}
local control_clients = 0

local function enlist(new_script, why)
  if not new_script then return nil, why end
  scripts[#scripts + 1] = new_script
  return #scripts, new_script.port
end

local function amount(seen, field) return type(seen[field]) == "table" and #seen[field] or seen[field] end

-- Each returns what to answer, or nil and why it failed. The spec side asks for no script that it has closed.
local commands = {}

function commands.play(packed) return enlist(script.play(wire.unpack_script(packed))) end

function commands.refuse() return enlist(script.refuse()) end

function commands.fill() return enlist(script.fill()) end

function commands.relay(target, delay, bytes_per_second)
  return enlist(relay.start(target, script.new_seen(), tonumber(delay), tonumber(bytes_per_second)))
end

function commands.open(id)
  scripts[tonumber(id)]:open()
  return "open"
end

function commands.silence(id)
  scripts[tonumber(id)]:silence()
  return "silenced"
end

function commands.hold(id)
  scripts[tonumber(id)]:hold()
  return "held"
end

function commands.cut(id)
  scripts[tonumber(id)]:cut()
  return "cut"
end

function commands.go_on(id)
  scripts[tonumber(id)]:go_on()
  return "going on"
end

function commands.seen(id) return wire.pack_seen(scripts[tonumber(id)].seen) end

function commands.wait_for(id, field, wanted, seconds)
  local seen, least = scripts[tonumber(id)].seen, tonumber(wanted)
  local function enough() return amount(seen, field) >= least end
  event_loop.wait { condition = enough, due = event_loop.after(tonumber(seconds)) }
  return enough() and "reached" or "missed", amount(seen, field)
end

function commands.close(id)
  scripts[tonumber(id)]:close()
  scripts[tonumber(id)] = false
  return "closed"
end

-- Answered by the end of the connection.
function commands.quit() event_loop.stop() end

local function answer(control, request)
  local first, second = commands[request[1]](request[2], request[3], request[4], request[5])
  control:send(wire.frame(first and { "done", first, second } or { "failed", second }))
end

local function converse(control)
  while true do
    local length = control:take_through("\n")
    local packed = length and control:take(tonumber(length))
    if not packed then return end
    answer(control, wire.unpack(packed))
  end
end

local function serve_control(client)
  control_clients = control_clients + 1
  converse(connection.new(client, { closed_by_peer = 0, bytes_received = 0, bytes_sent = 0 }))
  client:close()
  control_clients = control_clients - 1
end

local function accept_control(listener)
  while true do
    event_loop.wait { reads = listener }
    local client = listener:accept()
    if client then event_loop.spawn(serve_control, client) end
  end
end

local function nobody() return control_clients == 0 end

local function somebody() return control_clients > 0 end

local function end_in_solitude()
  repeat
    event_loop.wait { condition = nobody }
    local why = event_loop.wait { condition = somebody, due = event_loop.after(longest_solitude) }
  until why == "due"
  event_loop.stop()
end

local function end_of_old_age()
  event_loop.wait { due = event_loop.after(longest_life) }
  event_loop.stop()
end

local listener = assert(socket.tcp4())
assert(listener:bind("127.0.0.1", 0))
assert(listener:listen(16))
listener:settimeout(0)
local host, port = listener:getsockname()
io.stdout:write(host, ":", port, "\n")
io.stdout:flush()

event_loop.spawn(accept_control, listener)
event_loop.spawn(end_in_solitude)
event_loop.spawn(end_of_old_age)
event_loop.run()
