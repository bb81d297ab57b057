-- SPDX-License-Identifier: MIT
-- How many parts an upload has, and of what size.
local core = require "openai_uploads.core"

local part_sizes = {
  -- The usual part of a stream whose parts are kept in memory: `concurrency` of them are there at a time.
  MAX_USUAL_BUFFER_BYTES = 4 * 1024 * 1024,
}

local MAX_PARTS = 100000 -- the most that fit into a request to complete
local MIN_USUAL_PART_BYTES = 256 * 1024 -- a smaller part saves less time than its request costs at 50 ms of latency

-- Only whole parts are saved. An interruption then loses an eighth of the file at most, and 16 MiB a connection.
local SAVED_PARTS_A_CONNECTION = 8
local MAX_USUAL_SAVED_PART_BYTES = 16 * 1024 * 1024

--- Returns an integer if Lua has integers. A value such as 64 * 2^20, or a number from JSON, may be a float.
function part_sizes.whole(value)
  return value and math.tointeger and math.tointeger(value) or value -- luacheck: ignore 143
end

--- Returns the bytes of a part.
function part_sizes.of(plan, number)
  return math.min(plan.part_size, plan.bytes - (number - 1) * plan.part_size)
end

-- Returns the size that gives one part to each concurrent call, so that a file of any size uses all its connections; or
-- several, smaller ones if they are saved.
local function usual_size(plan)
  local count, most = plan.concurrency, plan.max_usual_part_bytes
  if plan.is_saved then count, most = count * SAVED_PARTS_A_CONNECTION, math.min(most, MAX_USUAL_SAVED_PART_BYTES) end
  return math.min(math.max(math.ceil(plan.bytes / count), MIN_USUAL_PART_BYTES), most)
end

--- Divides a plan of known `bytes` into parts, of at most plan.max_usual_part_bytes unless it has a size. Returns true,
--- or nil and a failure if there is nothing to send, or are more parts than can be completed.
function part_sizes.divide(plan)
  if plan.bytes == 0 then
    return nil, core.failure("file", plan.filename .. " is empty: there is nothing to send")
  end
  plan.create.bytes = plan.bytes
  plan.part_size = plan.part_size or part_sizes.whole(usual_size(plan))
  plan.part_count = math.ceil(plan.bytes / plan.part_size)
  if plan.part_count <= MAX_PARTS then return true end
  return nil, core.failure("too_large", ("%s has %d bytes, which are %d parts of %d: at most %d can be completed, " ..
    "so choose a part size of %d or more"):format(plan.filename, plan.bytes, plan.part_count, plan.part_size,
    MAX_PARTS, math.ceil(plan.bytes / MAX_PARTS)))
end

return part_sizes
