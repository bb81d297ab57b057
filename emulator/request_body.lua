-- SPDX-License-Identifier: MIT
-- A request's body, in memory or in the file where nginx put a large one. Both kinds have `size`,
-- `find(needle, from)`, `sub(first, last)`, and `keep(first, last)`: a slice that outlives the request,
-- with `bytes`, `each_piece(visit)` and `discard()`; `close()` ends the reading. Positions are those of Lua's strings.

local request_body = {}

local window = 1024 * 1024

local Text, TextSlice, File, FileSlice = {}, {}, {}, {}
Text.__index, TextSlice.__index, File.__index, FileSlice.__index = Text, TextSlice, File, FileSlice

function Text:find(needle, from) return (self.text:find(needle, from, true)) end
function Text:sub(first, last) return self.text:sub(first, last) end
function Text:close() end -- luacheck: ignore 212

function Text:keep(first, last)
  return setmetatable({ bytes = last - first + 1, text = self.text:sub(first, last) }, TextSlice)
end

function TextSlice:each_piece(visit) visit(self.text) end
function TextSlice:discard() self.text = "" end

function File:sub(first, last)
  self.handle:seek("set", first - 1)
  return self.handle:read(math.min(last, self.size) - first + 1) or ""
end

function File:close() self.handle:close() end

-- Windows overlap, so that a needle across their border is found too.
function File:find(needle, from)
  for start = from, self.size, window - #needle + 1 do
    local found = self:sub(start, start + window - 1):find(needle, 1, true)
    if found then return start + found - 1 end
  end
end

local kept_files = 0

-- nginx would remove its file at the request's end; under another name it stays.
function File:keep(first, last)
  kept_files = kept_files + 1
  local path = ngx.config.prefix() .. "parts/" .. kept_files
  assert(os.rename(self.path, path))
  return setmetatable({ bytes = last - first + 1, path = path, offset = first - 1 }, FileSlice)
end

function FileSlice:each_piece(visit)
  local handle = assert(io.open(self.path, "rb"))
  handle:seek("set", self.offset)
  local left = self.bytes
  while left > 0 do
    local piece = assert(handle:read(math.min(left, window)))
    visit(piece)
    left = left - #piece
  end
  handle:close()
end

function FileSlice:discard() os.remove(self.path) end

function request_body.read()
  ngx.req.read_body()
  local path = ngx.req.get_body_file()
  if path then
    local handle = assert(io.open(path, "rb"))
    return setmetatable({ path = path, handle = handle, size = handle:seek("end") }, File)
  end
  local text = ngx.req.get_body_data() or ""
  return setmetatable({ text = text, size = #text }, Text)
end

return request_body
