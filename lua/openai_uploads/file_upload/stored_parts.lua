-- SPDX-License-Identifier: MIT
-- The parts of a file or of a string: all are there from the beginning. `stream.lua` has the same interface for data
-- that is still to come.
local core = require "openai_uploads.core"
local part_sizes = require "openai_uploads.file_upload.part_sizes"

local stored_parts = {}
stored_parts.__index = stored_parts

--- file: of core.open_file, which the parts then own, or nil. data: a string, or nil.
function stored_parts.new(plan, file, data)
  return setmetatable({ plan = plan, file = file or false, data = data or false, failure = false }, stored_parts)
end

--- Returns the params of parts.create for a part, or nil if its data is not there yet.
function stored_parts:part(number)
  return { file = self.file or nil, data = self.data or nil, offset = (number - 1) * self.plan.part_size,
    length = part_sizes.of(self.plan, number) }
end

--- Lets the data of a part go, because the service has confirmed it.
function stored_parts.confirm() end

--- Returns whether data is still to be waited for.
function stored_parts.wants() return false end

--- Takes data that came and had no room.
function stored_parts.drain() end

--- Begins the MD5 of all data. Returns a digest to wait for, nil if none is needed, or nil and a failure.
function stored_parts:begin_digest() return core.digest(self.file or self.data) end

--- The same for the first `count` parts.
function stored_parts:digest_parts(count) return core.digest(self.file or self.data, self.plan.part_size, count) end

--- Returns the MD5 of all data if that was computed as the data came, else nil.
function stored_parts.md5() return nil end

--- Returns a failure if the data is not what it was, or is incomplete.
function stored_parts:problem() return self.file and self.file:problem() or nil end

--- Releases the data. No part may be sent any more.
function stored_parts:close()
  if self.file then self.file:close() end
end

return stored_parts
