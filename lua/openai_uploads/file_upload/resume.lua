-- SPDX-License-Identifier: MIT
-- The data needed to resume an Upload later, also in another process: a plain table that can be written as JSON.
--
--   { upload_id, filename, purpose, mime_type, bytes, expires_after: as the Upload was created, part_size,
--     parts: a list of { number, id, md5: of the sent bytes },
--     completing: true once its completion may have been sent }
--
-- A file is identified by its content, not by its size and its modification time. Archives, images and checkouts give
-- many files the same time, and a copy of the same file has another time.
local core = require "openai_uploads.core"

local MAX_BYTES = 2 ^ 53

local resume = {}

--- Returns the table for an Upload so far. parts: number of a part -> { number, id, md5 }. A part without an MD5 cannot
--- be verified later, so it is left out and sent again.
function resume.describe(plan, upload_id, parts)
  local create, list = plan.create, {}
  for number = 1, plan.part_count do
    local part = parts[number]
    if part and part.md5 then list[#list + 1] = part end
  end
  return {
    upload_id = upload_id, filename = create.filename, purpose = create.purpose, mime_type = create.mime_type,
    bytes = create.bytes, expires_after = create.expires_after, part_size = plan.part_size, parts = list,
  }
end

--- Adds a part to such a table, in the order of the numbers. Parts finish nearly in that order.
function resume.add(saved, part)
  local list = saved.parts
  local index = #list
  while index > 0 and list[index].number > part.number do index = index - 1 end
  if index > 0 and list[index].number == part.number then return end -- added before memory ran out
  table.insert(list, index + 1, part)
end

local function is_text(value) return type(value) == "string" and value ~= "" end

local function is_md5(value) return type(value) == "string" and #value == 32 and not value:find "%X" end

-- Returns a plain { number, id, md5 }, or nil and the problem.
local function read_part(part, count)
  if type(part) ~= "table" then return nil, "has a part without number or id" end
  local number, id, md5 = part.number, part.id, part.md5
  if not core.is_whole(number, 1, count) or not is_text(id) then return nil, "has a part without number or id" end
  if md5 ~= nil and not is_md5(md5) then
    return nil, ("has a part %d without the 32 hexadecimal digits of its md5"):format(number)
  end
  return { number = number, id = id, md5 = md5 }
end

local function read_parts(list, count)
  if type(list) ~= "table" then return nil, "has no list of parts" end
  local parts, by_number, by_id = {}, {}, {}
  for index = 1, 2 * count + 1 do -- a part may be saved twice if memory ran out meanwhile
    local part = list[index]
    if part == nil then break end
    local problem
    part, problem = read_part(part, count)
    if not part then return nil, problem end
    local same = by_number[part.number]
    if same and (same.id ~= part.id or same.md5 ~= part.md5) then
      return nil, ("has part %d twice"):format(part.number)
    end
    if not same then
      if by_id[part.id] then return nil, ("has part '%s' twice"):format(part.id) end
      by_number[part.number], by_id[part.id], parts[#parts + 1] = part, true, part
    end
  end
  return parts
end

--- Returns a checked plain copy of such a table. Returns nil and the problem if the table is not valid, in words that
--- follow the table's name. Older versions saved neither the purpose nor the MD5s of parts. Their tables are accepted
--- as well.
function resume.read(saved)
  local copy = {}
  for _, name in ipairs { "upload_id", "filename", "purpose", "mime_type" } do
    copy[name] = saved[name]
    local may_lack = name ~= "upload_id" and copy[name] == nil
    if not may_lack and not is_text(copy[name]) then return nil, "has no " .. name end
  end
  local refusal = core.upload_id_refusal(copy.upload_id)
  if refusal then return nil, "has an upload_id that " .. refusal end
  copy.bytes, copy.part_size = saved.bytes, saved.part_size
  if not core.is_whole(copy.bytes, 1, MAX_BYTES) or not core.is_whole(copy.part_size, 1, core.max_part_bytes) then
    return nil, "has no bytes or no part_size"
  end
  copy.expires_after, copy.completing = saved.expires_after, saved.completing == true or nil
  local parts, problem = read_parts(saved.parts, math.ceil(copy.bytes / copy.part_size))
  if not parts then return nil, problem end
  copy.parts = parts
  return copy
end

local function is_same(one, other)
  if type(one) ~= "table" or type(other) ~= "table" then return one == other end
  for name, value in pairs(one) do
    if not is_same(value, other[name]) then return false end
  end
  for name in pairs(other) do
    if one[name] == nil then return false end
  end
  return true
end

-- Formats a value for a person: a text in quotes, a table with its fields.
local function shown(value)
  if type(value) == "number" then return ("%.14g"):format(value) end
  if type(value) ~= "table" then return value == nil and "none" or ("'%s'"):format(tostring(value)) end
  local pieces = {}
  for name, field in pairs(value) do pieces[#pieces + 1] = ("%s = %s"):format(tostring(name), shown(field)) end
  table.sort(pieces)
  return "{ " .. table.concat(pieces, ", ") .. " }"
end

--- Returns a text: the difference between the Upload as created and the plan, with advice. Returns nil if they are the
--- same. `difference_of_parts` compares the content of the parts.
function resume.difference(saved, plan)
  local create = plan.create
  if not saved.purpose or not saved.filename or not saved.mime_type then
    return "what was saved is of an older version, which did not note what was sent; start over without it"
  end
  if saved.bytes ~= create.bytes then
    return ("it had %.0f bytes, and has %d; start over without what was saved"):format(saved.bytes, create.bytes)
  end
  for _, name in ipairs { "filename", "purpose", "mime_type", "expires_after" } do
    if not is_same(saved[name], create[name]) then
      return ("its %s was %s, and is now %s; give the former to go on, or start over without what was saved"):format(
        name, shown(saved[name]), shown(create[name]))
    end
  end
  for _, part in ipairs(saved.parts) do
    if not part.md5 then
      return ("part %d was saved without its md5; start over without what was saved"):format(part.number)
    end
  end
  return nil
end

--- Returns the failure for a file that is not the one to resume.
function resume.refusal(plan, difference)
  local failure = core.failure("file", ("%s cannot be resumed: %s"):format(plan.filename, difference))
  failure.refused_resume = true
  return failure
end

--- Returns the number of the last saved part, or 0 if there is none.
function resume.last_number(saved)
  local last = 0
  for _, part in ipairs(saved.parts) do last = math.max(last, part.number) end
  return last
end

--- Returns the difference between the sent parts and the present file, or nil if there is none. md5s: the MD5 of each
--- part up to the last one, in the form that core.digest returns.
function resume.difference_of_parts(saved, md5s)
  for _, part in ipairs(saved.parts) do
    local now = md5s:sub(32 * part.number - 31, 32 * part.number)
    if part.md5:lower() ~= now then
      local first = (part.number - 1) * saved.part_size
      return ("part %d, %d bytes from %d on, was sent with the MD5 %s, and has now %s: it is not the same file; " ..
        "start over without what was saved"):format(part.number, math.min(saved.part_size, saved.bytes - first), first,
        part.md5, now)
    end
  end
  return nil
end

return resume
