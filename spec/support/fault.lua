-- SPDX-License-Identifier: MIT

-- The fault server as a spec uses it: a child process that plays scripts of bytes, delays, closes and resets.
--
--   local server = fault.start()
--   local script = server.script {
--     { { "request" }, { "send", fault.answer(429, "") }, { "request" }, { "reset" } }, -- the first connection
--     { { "request" }, { "send", fault.answer(200, "{}") }, { "close" } },              -- the second and all further
--   }
--   ... script.base_url ... script.wait_for("connections", 2) ... script.seen().requests[1] ...
--   server.stop()
--
-- Steps. A list ends early when the peer closes; at its end the connection is closed.
--   {"request"}                    reads and records one request, its body included (by Content-Length or in chunks)
--   {"head"}                       reads and records up to the blank line; the body stays unread
--   {"send", bytes}                fault.asked_id in them becomes the id that was asked for
--   {"drip", bytes, every [, n]}   sends n bytes (1) each `every` seconds
--   {"repeat", bytes, count}       sends bytes count times (math.huge: for ever)
--   {"wait", seconds}              lets time pass and reads nothing, so a large body gets stuck
--   {"hold"}                       reads nothing until script.go_on(); further ones then do not hold either
--   {"sip", bytes, every, times}   reads so many bytes and throws them away, each `every` seconds
--   {"refuse_others"}              from here on no further connection is accepted
--   {"stall"}, {"await_close"}     sends nothing and throws away what comes, until the peer closes
--   {"half_close"}                 ends the sending side, still reads
--   {"close"}, {"reset"}           ends the connection in order, or by RST
--
-- On Linux a close becomes a reset while the peer is still sending. To avoid that, read the whole request first, or end
-- with { "half_close" }, { "await_close" }.

local socket = require "socket"
local process = require "spec.support.process"
local wire = require "spec.support.fault.wire"

local fault = {}

-- A placeholder in bytes to send. The server replaces it with the id of the Upload that the last request named, or
-- upload_1, as a JSON string padded with blanks to the same length.
fault.asked_id = wire.asked_id

local here = debug.getinfo(1, "S").source:match("^@(.*)/[^/]*$") or "."
local longest_answer = 60 -- seconds; only what is broken takes so long

local found_interpreter

-- Whether an interpreter of that name is installed and can load LuaSocket.
function fault.runs_on(interpreter)
  local probe = process.start(interpreter .. [[ -e 'require "socket" print "ready"' 2>/dev/null]])
  if probe then probe.stop() end
  return probe ~= nil
end

local function find_interpreter()
  for _, name in ipairs { "lua5.4", "lua5.3", "lua5.1", "luajit", "lua" } do
    if fault.runs_on(name) then return name end
  end
  error("the fault server needs a Lua interpreter that can load LuaSocket")
end

local function ask(control, patience, request)
  control:settimeout(longest_answer + patience)
  local _, why, length, packed
  _, why = control:send(wire.frame(request))
  if not why then length, why = control:receive("*l") end
  if not why then packed, why = control:receive(tonumber(length)) end
  if why then
    control:close() -- a late answer would be taken for that of the next command
    error("the fault server does not answer: " .. why, 0)
  end
  local answer = wire.unpack(packed)
  if answer[1] ~= "done" then error("the fault server: " .. answer[2], 0) end
  return answer[2], answer[3]
end

local function is_seen(field)
  for _, names in ipairs { wire.counters, wire.records } do
    for _, name in ipairs(names) do
      if name == field then return true end
    end
  end
  return false
end

local function new_script(control, id, port)
  local address = "127.0.0.1:" .. port
  local script = { port = tonumber(port), address = address, base_url = "http://" .. address .. "/v1" }
  local closed = false

  local function ask_about(patience, command, ...)
    if closed then error("the script is closed", 3) end
    return ask(control, patience, { command, id, ... })
  end

  -- Returns the counters connections, open, most_open, finished (lists played to their end), closed_by_peer,
  -- bytes_received and bytes_sent, and the lists requests and cut_requests (incomplete ones) of raw bytes.
  function script.seen() return wire.unpack_seen((ask_about(0, "seen"))) end

  -- Waits until a field of `seen` has `wanted` entries, for at most `seconds` (10). Returns whether it does, and how
  -- many there are.
  function script.wait_for(field, wanted, seconds)
    if not is_seen(field) then error("no such field of seen: " .. tostring(field), 2) end
    seconds = seconds or 10
    local outcome, amount = ask_about(seconds, "wait_for", field, wanted, seconds)
    return outcome == "reached", tonumber(amount)
  end

  -- Ends each {"hold"}, also those to come; or of a relay, hold().
  function script.go_on() ask_about(0, "go_on") end

  -- Of a relay to come: accepts connections from now on.
  function script.open() ask_about(0, "open") end

  -- Of a relay: it passes no bytes on until go_on().
  function script.hold() ask_about(0, "hold") end

  -- Of a relay: its present connections fall silent for ever, or are closed. New ones work.
  function script.silence() ask_about(0, "silence") end
  function script.cut() ask_about(0, "cut") end

  -- Ends its connections and frees its port.
  function script.close()
    if closed then return end
    ask_about(0, "close")
    closed = true
  end

  return script
end

local function connect(address)
  local host, port = address:match("^(.*):(%d+)$")
  local control = assert(socket.tcp4())
  control:settimeout(longest_answer)
  assert(control:connect(host, tonumber(port)))
  control:setoption("tcp-nodelay", true)
  return control
end

-- Starts the server. interpreter: the one that runs it; by default the first that can.
function fault.start(interpreter)
  if not interpreter then
    found_interpreter = found_interpreter or find_interpreter()
    interpreter = found_interpreter
  end
  local child = assert(process.start(("%s '%s/fault_server.lua'"):format(interpreter, here)))
  local control = connect(child.first_line)
  local server = { pid = child.pid }

  local function begin(...)
    if not control then error("the fault server is stopped", 3) end
    return new_script(control, ask(control, 0, { ... }))
  end

  local function with_base_url(script) return script.base_url, script end

  function server.script(connections)
    local fine, packed = pcall(wire.pack_script, connections)
    if not fine then error(packed, 2) end
    return begin("play", packed)
  end

  -- A relay to that port of 127.0.0.1. line, optional as its fields are: { delay: seconds each way, bytes_per_second:
  -- of all connections together }. Its `seen` counts `waits` too, the round trips that the client waited for so far.
  function server.relay(port, line)
    local relay = server.relay_to_come(port, line)
    relay.open()
    return relay
  end

  -- The same, but its port refuses connections until relay.open().
  function server.relay_to_come(port, line)
    return begin("relay", port, line and line.delay or 0, line and line.bytes_per_second or 0)
  end

  -- The next three return a base_url, and the script behind it.

  -- Nothing listens there.
  function server.refused() return with_base_url(begin("refuse")) end

  -- A connect never completes there.
  function server.full() return with_base_url(begin("fill")) end

  -- Accepts connections and sends nothing, so a TLS handshake never completes either.
  function server.silent() return with_base_url(server.script { { { "stall" } } }) end

  function server.stop()
    if not control then return end
    pcall(ask, control, 0, { "quit" })
    control:close()
    control = nil
    child.stop()
  end

  return server
end

local reasons = {
  [100] = "Continue",
  [200] = "OK",
  [204] = "No Content",
  [301] = "Moved Permanently",
  [302] = "Found",
  [307] = "Temporary Redirect",
  [308] = "Permanent Redirect",
  [400] = "Bad Request",
  [401] = "Unauthorized",
  [403] = "Forbidden",
  [404] = "Not Found",
  [408] = "Request Timeout",
  [409] = "Conflict",
  [410] = "Gone",
  [413] = "Content Too Large",
  [422] = "Unprocessable Content",
  [429] = "Too Many Requests",
  [500] = "Internal Server Error",
  [502] = "Bad Gateway",
  [503] = "Service Unavailable",
  [504] = "Gateway Timeout",
}

local function header_lines(headers)
  local names, lines = {}, {}
  for name in pairs(headers) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    local values = headers[name]
    for _, value in ipairs(type(values) == "table" and values or { values }) do
      lines[#lines + 1] = name .. ": " .. value .. "\r\n"
    end
  end
  return table.concat(lines)
end

-- A raw HTTP/1.1 answer. A header's value may be a list, for one line each. Options:
--   length      another Content-Length than the body's, or false for none
--   chunked     true: the body as one chunk, and no Content-Length
--   connection  the Connection header
function fault.answer(status, body, headers, options)
  body, options = body or "", options or {}
  local framing = "Content-Length: " .. tostring(options.length or #body) .. "\r\n"
  if options.length == false then framing = "" end
  if options.chunked then
    framing = "Transfer-Encoding: chunked\r\n"
    -- Not through format's %s, which ends at a NUL in Lua 5.1.
    local chunk = body ~= "" and ("%x\r\n"):format(#body) .. body .. "\r\n" or ""
    body = chunk .. "0\r\n\r\n"
  end
  local connection = options.connection and "Connection: " .. options.connection .. "\r\n" or ""
  local first = ("HTTP/1.1 %d %s\r\n"):format(status, reasons[status] or "Unknown")
  return first .. header_lines(headers or {}) .. framing .. connection .. "\r\n" .. body
end

return fault
