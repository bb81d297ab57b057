-- SPDX-License-Identifier: MIT
-- Bytes for the specs of parts, in each form that a part's data may have, and checks of what arrived.

local core = require "openai_uploads.core"

local part_data = {}

-- The suite may run under a preloaded sanitizer, which must not check other programs.
local clean = "unset LD_PRELOAD ASAN_OPTIONS LSAN_OPTIONS; "

local paths = {}

-- What a shell command prints.
function part_data.output(command)
  local pipe = assert(io.popen(clean .. command))
  local text = pipe:read("*a")
  pipe:close()
  return text
end

-- `count` bytes of every value. They do not repeat at a power of two, so that a wrong offset shows.
function part_data.bytes(count)
  local pieces = { "\r\n--", ("\0"):rep(3) }
  for byte = 0, 255 do pieces[#pieces + 1] = string.char(byte, byte * 7 % 256) end
  for index = 1, 982 do pieces[#pieces + 1] = ("%x;"):format(index * index) end
  local block = table.concat(pieces)
  return block:rep(math.ceil(count / #block)):sub(1, count)
end

-- A path for a new file, which `forget` removes.
function part_data.path()
  local path = os.tmpname()
  paths[#paths + 1] = path
  return path
end

function part_data.write(path, bytes)
  local file = assert(io.open(path, "wb"))
  assert(file:write(bytes))
  file:close()
end

-- The path of a file with these bytes.
function part_data.file(bytes)
  local path = part_data.path()
  part_data.write(path, bytes)
  return path
end

-- The path of a sparse file of that size.
function part_data.sparse_file(size)
  local path = part_data.path()
  part_data.output(("truncate -s %d '%s'"):format(size, path))
  return path
end

function part_data.forget()
  for _, path in ipairs(paths) do os.remove(path) end
  paths = {}
end

function part_data.md5_of_file(path) return part_data.output("md5sum < '" .. path .. "'"):match("^%x+") end

function part_data.md5(bytes)
  local path = part_data.file(bytes)
  local sum = part_data.md5_of_file(path)
  os.remove(path)
  return sum
end

-- Returns a data function that gives the bytes in chunks of `size`, its rewind function, and the counts of their calls:
-- { data, rewind }.
function part_data.chunks(bytes, size)
  local position, calls = 0, { data = 0, rewind = 0 }
  local function data()
    calls.data = calls.data + 1
    if position >= #bytes then return nil end
    position = position + size
    return bytes:sub(position - size + 1, position)
  end
  local function rewind()
    calls.rewind = calls.rewind + 1
    position = 0
  end
  return data, rewind, calls
end

-- How many descriptors this process has open after a full collection. It writes the list to a file, because a pipe
-- would be one more.
function part_data.descriptors()
  local path = os.tmpname()
  collectgarbage()
  collectgarbage()
  os.execute(clean .. ("ls /proc/%d/fd >'%s'"):format(core.process_id(), path))
  local count = 0
  for _ in io.lines(path) do count = count + 1 end
  os.remove(path)
  return count
end

-- The multipart form in a raw request: { head, body, fields }. Each field is { head, bytes }.
function part_data.form(request)
  local head, body = request:match("^(.-\r\n)\r\n(.*)$")
  if head:lower():find("\r\ntransfer-encoding: chunked\r\n", 1, true) then
    local pieces, position = {}, 1
    repeat
      local size, first = body:match("^(%x+)\r\n()", position)
      pieces[#pieces + 1] = body:sub(first, first + tonumber(size, 16) - 1)
      position = first + tonumber(size, 16) + 2
    until tonumber(size, 16) == 0
    body = table.concat(pieces)
  end
  local boundary = "--" .. head:match("multipart/form%-data; boundary=([^\r;]+)\r\n")
  local form = { head = head, body = body, fields = {} }
  local position = #boundary + 1
  assert(body:sub(1, #boundary) == boundary, "no form")
  while body:sub(position, position + 1) == "\r\n" do
    local first, last = body:find("\r\n" .. boundary, position, true)
    local field_head, bytes = body:sub(position + 2, first - 1):match("^(.-\r\n)\r\n(.*)$")
    form.fields[#form.fields + 1] = { head = field_head, bytes = bytes }
    position = last + 1
  end
  assert(body:sub(position) == "--\r\n", "the form has no end")
  return form
end

return part_data
