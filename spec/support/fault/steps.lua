-- SPDX-License-Identifier: MIT

-- What each step of a script does to a connection. A step returns false when the peer closed during it. That ends the
-- list.

local event_loop = require "spec.support.fault.event_loop"
local wire = require "spec.support.fault.wire"

local steps = {}

local block_size = 65536

local function read_chunks(connection)
  local pieces = {}
  repeat
    local line = connection:take_through("\r\n")
    local size = line and tonumber(line:match("^%x+") or "", 16)
    local data = size and connection:take(size + 2)
    if not data then return nil end
    pieces[#pieces + 1] = line .. data
  until size == 0
  return table.concat(pieces)
end

local function read_body(connection, head)
  local fields = head:lower()
  if fields:find("\r\ntransfer%-encoding:[ \t]*chunked") then return read_chunks(connection) end
  return connection:take(tonumber(fields:match("\r\ncontent%-length:[ \t]*(%d+)") or 0))
end

local function record(list, bytes)
  if bytes ~= "" then list[#list + 1] = bytes end
end

local function read_request(connection, with_body)
  local head = connection:take_through("\r\n\r\n")
  connection.asked_id = head and head:match("/uploads/([^/ ]+)/") or connection.asked_id
  local body = head and (with_body and read_body(connection, head) or not with_body and "")
  if body then
    record(connection.seen.requests, head .. body)
  else
    record(connection.seen.cut_requests, (head or "") .. connection.inbox)
  end
  return body and true or false
end

function steps.request(connection) return read_request(connection, true) end

function steps.head(connection) return read_request(connection, false) end

local function with_asked_id(connection, bytes)
  local id = ('"%s"'):format(connection.asked_id or "upload_1")
  local first, last = bytes:find(wire.asked_id, 1, true)
  if not first then return bytes end
  local filled = id .. (" "):rep(#wire.asked_id - #id)
  return bytes:sub(1, first - 1) .. filled .. with_asked_id(connection, bytes:sub(last + 1))
end

function steps.send(connection, bytes) return connection:send(with_asked_id(connection, bytes)) end

function steps.drip(connection, bytes, every, drop_size)
  drop_size = drop_size or 1
  bytes = with_asked_id(connection, bytes)
  for first = 1, #bytes, drop_size do
    if first > 1 and not connection:pause(every) then return false end
    if not connection:send(bytes:sub(first, first + drop_size - 1)) then return false end
  end
end

steps["repeat"] = function(connection, bytes, count)
  if bytes == "" then return end -- it would loop for ever without waiting
  local in_a_block = math.max(1, math.floor(block_size / #bytes))
  local block = bytes:rep(in_a_block)
  while count > in_a_block do
    if not connection:send(block) then return false end
    count = count - in_a_block
  end
  return connection:send(bytes:rep(count))
end

-- Reads nothing, so a client with a large body cannot go on sending.
function steps.wait(_, seconds)
  event_loop.wait { due = event_loop.after(seconds) }
end

-- Reads nothing until the script is told to go on.
function steps.hold(connection)
  event_loop.wait { condition = connection.may_go_on }
end

-- Reads no faster than that, so a client with a large body sends slowly.
function steps.sip(connection, size, every, times)
  for _ = 1, times do
    event_loop.wait { due = event_loop.after(every) }
    if not connection:take(size) then return false end
  end
end

function steps.refuse_others(connection) connection.stop_listening() end

function steps.stall(connection) connection:await_peer_close() end

steps.await_close = steps.stall

function steps.close(connection) connection:close() end

function steps.half_close(connection) connection:half_close() end

function steps.reset(connection) connection:reset() end

-- Runs the steps. Returns whether all of them ran to their end.
function steps.run(connection, list)
  for _, step in ipairs(list) do
    if steps[step[1]](connection, step[2], step[3], step[4]) == false then return false end
  end
  return true
end

return steps
