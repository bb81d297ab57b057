-- SPDX-License-Identifier: MIT
-- How a stream's data is asked for: a function, an open file or an object with `read` is given, and read(reader) calls
-- it. A pipe is read without waiting, when its descriptor is readable.
local core = require "openai_uploads.core"

local BYTES_OF_A_READ = 64 * 1024 -- which an object with `read` is asked for

local data_reader = {}
data_reader.__index = data_reader

-- Returns the method `read` of a value, or nil if it has none.
local function read_method(value)
  local kind = type(value)
  if kind ~= "table" and kind ~= "userdata" then return nil end
  local fine, method = pcall(function() return value.read end)
  return fine and method or nil
end

--- Returns the reader of a value, or nil if it is neither a function nor an object with `read`.
function data_reader.new(data)
  local pipe = core.pipe(data)
  if pipe then return setmetatable({ name = "the pipe", pipe = pipe }, data_reader) end
  if type(data) == "function" then return setmetatable({ name = "the data function", ask = data }, data_reader) end
  local read = read_method(data)
  if not read then return nil end
  return setmetatable({ name = "data:read",
    ask = function() return read(data, BYTES_OF_A_READ) end }, data_reader)
end

--- Returns the next chunk; "" if there is none for now; nil at the end; or nil and a failure. Errors of the program are
--- raised. What it returns may be of any type.
function data_reader:read()
  if self.pipe then return self.pipe:read() end
  return self.ask()
end

--- Returns a descriptor that is readable when data has come, or -1 if `read` is called without waiting for that.
function data_reader:descriptor() return self.pipe and self.pipe:descriptor() or -1 end

return data_reader
