-- SPDX-License-Identifier: MIT
-- What must be known to go on with an Upload later, in another process too: a plain table that can be written as JSON.
--
--   { upload_id, filename, bytes, part_size, modified: of the file, as text; parts: a list of { number, id } }

local core = require "openai_uploads.core"

local MOST_BYTES = 2 ^ 53

local resume = {}

--- The table for an Upload so far. part_ids: number of a part -> its id.
function resume.describe(plan, upload_id, part_ids)
  local parts = {}
  for number = 1, plan.part_count do
    if part_ids[number] then parts[#parts + 1] = { number = number, id = part_ids[number] } end
  end
  return {
    upload_id = upload_id, filename = plan.filename, bytes = plan.bytes, part_size = plan.part_size,
    modified = plan.modified, parts = parts,
  }
end

local function is_whole(value, least, most)
  return type(value) == "number" and value >= least and value <= most and value % 1 == 0
end

local function is_part(part, count)
  return type(part) == "table" and is_whole(part.number, 1, count) and type(part.id) == "string"
end

--- Why that is no such table, as words that follow its name; nil when it is one.
function resume.problem(saved)
  if type(saved.upload_id) ~= "string" or saved.upload_id == "" then return "has no upload_id" end
  if not is_whole(saved.bytes, 1, MOST_BYTES) or not is_whole(saved.part_size, 1, core.max_part_bytes) then
    return "has no bytes or no part_size"
  end
  if type(saved.parts) ~= "table" then return "has no list of parts" end
  for _, part in ipairs(saved.parts) do
    if not is_part(part, math.ceil(saved.bytes / saved.part_size)) then return "has a part without number or id" end
  end
  return nil
end

--- What about the file is not as it was; nil when it is the same.
function resume.difference(saved, plan)
  if saved.bytes ~= plan.bytes then return ("it had %.0f bytes, and has %d"):format(saved.bytes, plan.bytes) end
  if saved.modified ~= plan.modified then return "it was written to since" end
  return nil
end

--- number of a part -> its id
function resume.part_ids(saved)
  local part_ids = {}
  for _, part in ipairs(saved.parts) do part_ids[part.number] = part.id end
  return part_ids
end

return resume
