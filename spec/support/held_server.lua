-- SPDX-License-Identifier: MIT
-- A server in the spec's own process that does nothing by itself: the spec reads requests and answers them when it
-- wants to. So a spec can hold an answer back until something else has happened, without a clock.

local socket = require "socket"
local fault = require "spec.support.fault"

local held_server = {}

-- Takes one whole request out of the bytes received; nil while there is none.
local function take_request(connection)
  local _, _, bytes = connection.socket:receive(65536)
  connection.inbox = connection.inbox .. (bytes or "")
  local head, rest = connection.inbox:match("^(.-\r\n\r\n)(.*)$")
  local length = head and tonumber(head:lower():match("\r\ncontent%-length: *(%d+)") or 0)
  if not head or #rest < length then return nil end
  connection.inbox = rest:sub(length + 1)
  return {
    connection = connection, head = head, body = rest:sub(1, length), path = head:match("^POST (%S+)"),
    id = head:match("/uploads/([^/ ]+)/cancel") or "upload_new",
  }
end

-- Returns { base_url, port, requests: all since the start, and the functions below }. port: that of a server that was
-- stopped.
function held_server.start(port)
  local listener = assert(socket.bind("127.0.0.1", port or 0, 128))
  listener:settimeout(0)
  if not port then port = select(2, listener:getsockname()) end
  local server = { base_url = ("http://127.0.0.1:%d/v1"):format(port), port = port, requests = {} }
  local connections, waiting = {}, {}

  local function accept_all()
    local accepted = listener:accept()
    while accepted do
      accepted:settimeout(0)
      connections[#connections + 1] = { socket = accepted, inbox = "" }
      accepted = listener:accept()
    end
  end

  -- Reads the requests that have arrived. Returns how many wait for an answer.
  function server.look()
    accept_all()
    for _, connection in ipairs(connections) do
      local request = take_request(connection)
      if request then
        server.requests[#server.requests + 1] = request
        waiting[#waiting + 1] = request
      end
    end
    return #waiting
  end

  -- The request that has waited longest; nil when there is none.
  function server.waiting() return waiting[1] end

  -- Answers the request that has waited longest, by default with the Upload that it named.
  function server.answer(status, body, headers)
    local request = table.remove(waiting, 1)
    body = body or ('{"id":"%s","object":"upload","bytes":5,"status":"cancelled"}'):format(request.id)
    request.connection.socket:send(fault.answer(status or 200, body, headers)) -- the client may be gone
  end

  -- Reads the requests that have arrived and answers all of them.
  function server.serve(status, body)
    for _ = 1, server.look() do server.answer(status, body) end
  end

  function server.stop()
    for _, connection in ipairs(connections) do connection.socket:close() end
    listener:close()
  end

  return server
end

return held_server
