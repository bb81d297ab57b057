-- SPDX-License-Identifier: MIT
-- A service that answers each request only when the spec says so.

local assert = require "luassert"
local fault = require "spec.support.fault"
local socket = require "socket"

local held = {}

local PATIENCE = 20 -- seconds; only what is broken takes so long

local function read_head(connection)
  local lines = {}
  repeat
    local line = assert(connection:receive("*l"))
    lines[#lines + 1] = line
  until line == ""
  return table.concat(lines, "\n")
end

-- Requests for cancels have no body.
local function new_request(connection)
  local request = { head = read_head(connection) }
  request.id = request.head:match("/uploads/([^/ ]+)/cancel")

  -- Answers, by default with a cancelled Upload, and closes.
  function request.answer(bytes)
    connection:send(bytes or fault.answer(200,
      ('{"id":"%s","object":"upload","status":"cancelled"}'):format(request.id), nil, { connection = "close" }))
    connection:close()
  end

  -- Closes the connection without an answer.
  function request.drop() connection:close() end

  -- Whether the caller has ended the connection.
  function request.is_given_up()
    connection:settimeout(0)
    local _, why = connection:receive(1)
    return why == "closed"
  end

  return request
end

-- Returns { base_url, take(), take_many(count), stop() }.
function held.start()
  local listener = assert(socket.tcp())
  assert(listener:bind("127.0.0.1", 0))
  assert(listener:listen(256))
  listener:settimeout(PATIENCE)
  local _, port = listener:getsockname()
  local service = { base_url = "http://127.0.0.1:" .. port .. "/v1" }

  -- The next request; waits for it.
  function service.take()
    local connection = assert(listener:accept())
    connection:settimeout(PATIENCE)
    return new_request(connection)
  end

  function service.take_many(count)
    local requests = {}
    for index = 1, count do requests[index] = service.take() end
    return requests
  end

  function service.stop() listener:close() end

  return service
end

return held
