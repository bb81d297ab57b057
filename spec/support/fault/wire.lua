-- SPDX-License-Identifier: MIT

-- The format of what the spec and the fault server send each other. A message is a list of byte strings, each packed as
-- "length:bytes", so that it can hold any byte. A list in a list is packed twice. On the connection, a packed list
-- follows its length and a line feed.

local wire = {}

-- The placeholder for the id of the requested Upload. It is as long as the longest id in the specs, with its quotes.
wire.asked_id = '"' .. ("@"):rep(30) .. '"'

-- The steps, the types of their arguments, and how many of those must be given (all, unless told).
wire.steps = {
  request = {},
  head = {},
  send = { "string" },
  drip = { "string", "number", "number", needed = 2 },
  ["repeat"] = { "string", "number" },
  wait = { "number" },
  hold = {},
  sip = { "number", "number", "number" },
  refuse_others = {},
  stall = {},
  await_close = {},
  close = {},
  half_close = {},
  reset = {},
}

local last_steps = { close = true, reset = true }

-- What a script records: counters, and lists of bytes.
wire.counters = {
  "connections", "open", "most_open", "finished", "closed_by_peer", "bytes_received", "bytes_sent", "waits",
}
wire.records = { "requests", "cut_requests" }

function wire.pack(list)
  local packed = {}
  for index, item in ipairs(list) do
    local bytes = tostring(item)
    packed[index] = #bytes .. ":" .. bytes
  end
  return table.concat(packed)
end

function wire.unpack(packed)
  local list, position = {}, 1
  while position <= #packed do
    local length, start = packed:match("^(%d+):()", position)
    position = start + tonumber(length)
    list[#list + 1] = packed:sub(start, position - 1)
  end
  return list
end

function wire.frame(list)
  local packed = wire.pack(list)
  return #packed .. "\n" .. packed
end

local function check_step(step)
  if type(step) ~= "table" then error("a step is a table", 0) end
  local name, kinds = step[1], wire.steps[step[1]]
  if not kinds then error(("no such step: %s"):format(tostring(name)), 0) end
  for index = 1, math.max(#kinds, #step - 1) do
    local given, wanted = type(step[index + 1]), kinds[index] or "nil"
    local left_out = given == "nil" and index > (kinds.needed or #kinds)
    if given ~= wanted and not left_out then
      error(("argument %d of step '%s': %s expected, got %s"):format(index, name, wanted, given), 0)
    end
  end
  return step
end

local function map(list, change)
  local changed = {}
  for index, item in ipairs(list) do changed[index] = change(item) end
  return changed
end

local function pack_connection(connection)
  if type(connection) ~= "table" then error("a connection is a list of steps", 0) end
  local packed = map(connection, function(step) return wire.pack(check_step(step)) end)
  for index = 1, #connection - 1 do
    local name = connection[index][1]
    if last_steps[name] then error(("no step can follow '%s'"):format(name), 0) end
  end
  return wire.pack(packed)
end

-- A script is a list of connections. A connection is a list of steps. Raises without a position where it is neither.
function wire.pack_script(script)
  if type(script) ~= "table" or #script == 0 then error("a script needs at least one connection", 0) end
  return wire.pack(map(script, pack_connection))
end

local function unpack_step(packed)
  local step = wire.unpack(packed)
  for index, kind in ipairs(wire.steps[step[1]]) do
    local text = step[index + 1]
    -- An infinite number arrives as "inf", which tonumber does not know.
    if text and kind == "number" then step[index + 1] = tonumber(text) or math.huge end
  end
  return step
end

function wire.unpack_script(packed)
  return map(wire.unpack(packed), function(connection) return map(wire.unpack(connection), unpack_step) end)
end

function wire.pack_seen(seen)
  local items = map(wire.counters, function(name) return seen[name] end)
  for _, name in ipairs(wire.records) do items[#items + 1] = wire.pack(seen[name]) end
  return wire.pack(items)
end

function wire.unpack_seen(packed)
  local items, seen = wire.unpack(packed), {}
  for index, name in ipairs(wire.counters) do seen[name] = tonumber(items[index]) end
  for index, name in ipairs(wire.records) do seen[name] = wire.unpack(items[#wire.counters + index]) end
  return seen
end

return wire
