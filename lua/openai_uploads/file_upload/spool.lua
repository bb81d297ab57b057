-- SPDX-License-Identifier: MIT
-- Keeps a stream in a temporary file without a name, out of which its parts are sent. The system removes the file when
-- it is closed, also when the process dies.
local core = require "openai_uploads.core"
local part_sizes = require "openai_uploads.file_upload.part_sizes"

local spool = {}
spool.__index = spool

--- Returns the spool, or nil and a failure. The bytes of the plan need not be known before all of them are there.
function spool.new(plan)
  local file, failure = core.spool()
  if not file then return nil, failure end
  return setmetatable({ plan = plan, file = file }, spool)
end

function spool.has_room() return true end

--- Appends all of a chunk. Returns the number of its bytes, or nil and a failure.
function spool:append(chunk)
  local written, failure = self.file:append(chunk)
  if not written then return nil, failure end
  return #chunk
end

--- Returns the params of parts.create for a part, or nil if its data is not there yet.
function spool:part(number)
  local offset, length = (number - 1) * self.plan.part_size, part_sizes.of(self.plan, number)
  return self.file:size() >= offset + length and { file = self.file, offset = offset, length = length } or nil
end

function spool.confirm() end

function spool:close() self.file:close() end

return spool
