-- SPDX-License-Identifier: MIT
-- A request to nginx whose answer is read later, so that a spec can have many in flight.

local assert = require "luassert"
local socket = require "socket"

local exchange = {}

local PATIENCE = 20 -- seconds; only what is broken takes so long

local function parsed(text)
  local status, rest = text:match("^HTTP/1%.1 (%d+)[^\r\n]*\r\n(.*)$")
  if not status then return nil end
  local head, body = rest:match("^(.-)\r\n\r\n(.*)$")
  if not head then head, body = "", rest:gsub("^\r\n", "") end
  local headers = {}
  for name, value in head:gmatch("([^\r\n:]+): *([^\r\n]*)") do headers[name:lower()] = value end
  return tonumber(status), body, headers
end

-- request: "GET /path" with further lines, if any, and a body after an empty line. Returns { send(bytes), finish(),
-- close() }.
function exchange.begin(port, request)
  local connection = assert(socket.tcp())
  connection:settimeout(PATIENCE)
  assert(connection:connect("127.0.0.1", port))
  local head, body = request:match "^(.-)\n\n(.*)$"
  local first, more = (head or request):match("^([^\n]+)\n?(.*)$")
  local lines = { first .. " HTTP/1.0", "Host: localhost" } -- so that no answer comes in chunks
  for line in more:gmatch "[^\n]+" do lines[#lines + 1] = line end
  assert(connection:send(table.concat(lines, "\r\n") .. "\r\n\r\n" .. (body or "")))
  local begun = {}

  -- Sends more of the body.
  function begun.send(bytes) assert(connection:send(bytes)) end

  -- Waits for the answer: its status, body and headers; nil when the connection ended without one.
  function begun.finish()
    local text, why, part = connection:receive("*a")
    assert(why ~= "timeout", "nginx does not answer")
    connection:close()
    return parsed(text or part or "")
  end

  -- Closes the connection without reading the answer.
  function begun.close() connection:close() end

  return begun
end

return exchange
