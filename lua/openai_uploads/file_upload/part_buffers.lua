-- SPDX-License-Identifier: MIT
-- Keeps a stream in memory: a buffer for each part that is sent, and for the one that is filled. There are at most
-- `concurrency` of them, and each is used again once the service has confirmed its part.
local core = require "openai_uploads.core"
local part_sizes = require "openai_uploads.file_upload.part_sizes"

local part_buffers = {}
part_buffers.__index = part_buffers

--- plan: its bytes are known.
function part_buffers.new(plan)
  return setmetatable({
    plan = plan,
    number = 1,   -- of the part that is filled next
    blocks = {},  -- number -> the block of a part that is not confirmed
    free = {}, made = 0,
  }, part_buffers)
end

--- Returns whether data can be appended. After the last byte of the plan only the end may come, which needs no room.
function part_buffers:has_room()
  return self.blocks[self.number] or self.free[1] or self.made < self.plan.concurrency
    or self.number > self.plan.part_count
end

-- Returns the block of the part that is filled. Memory may run out at each step, and the next call goes on.
local function current(self)
  local block = self.blocks[self.number]
  if block then return block end
  if not self.free[1] then
    self.free[1] = core.block(math.min(self.plan.part_size, self.plan.bytes))
    self.made = self.made + 1
  end
  block = self.free[#self.free]
  self.blocks[self.number] = block
  self.free[#self.free] = nil
  return block
end

--- Appends the bytes of `chunk` from `first` on, as far as there is room. Returns their number.
function part_buffers:append(chunk, first)
  local block = current(self)
  local taken = block:append(chunk, first)
  if block:size() == part_sizes.of(self.plan, self.number) then self.number = self.number + 1 end
  return taken
end

--- Returns the params of parts.create for a part, or nil if its data is not there yet.
function part_buffers:part(number)
  return number < self.number and { data = self.blocks[number] } or nil
end

--- Uses the buffer of a confirmed part again.
function part_buffers:confirm(number)
  local block = self.blocks[number]
  if not block then return end
  block:clear()
  self.free[#self.free + 1] = block
  self.blocks[number] = nil
end

function part_buffers:close()
  for _, block in pairs(self.blocks) do block:close() end
  for _, block in ipairs(self.free) do block:close() end
  self.blocks, self.free = {}, {}
end

return part_buffers
