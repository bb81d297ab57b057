-- SPDX-License-Identifier: MIT
-- The service's calls on Files. Each takes (request, id) and returns an answer: { status, object },
-- { status, text } with its JSON, or { status, contents, headers } with the bytes of a File.

local checks = require "emulator.checks"
local clock = require "emulator.clock"
local digest = require "emulator.digest"
local file_store = require "emulator.file_store"
local json = require "emulator.json"
local multipart = require "emulator.multipart"
local new_id = require "emulator.new_id"
local problem = require "emulator.problem"

local files_service = {}

local MAX_FILE_BYTES = 512 * 1024 * 1024
local MAX_TEXT_BYTES = 4096 -- of a field of a form
local MAX_LIMIT = 10000

-- Stores a File, and returns it. of: { bytes, filename, purpose, lifetime } of it, the last in seconds or nil.
function files_service.store(of, contents)
  local now = clock.now()
  local object = {
    id = new_id("file-"), object = "file", bytes = of.bytes, created_at = now, filename = of.filename,
    purpose = of.purpose, status = "processed", status_details = json.null,
    expires_at = of.lifetime and now + of.lifetime or json.null,
  }
  file_store.add(object, contents)
  return object
end

-- The sender takes answers apart.
local function copied(object)
  local copy = {}
  for name, value in pairs(object) do copy[name] = value end
  return copy
end

function files_service.retrieve(_, id)
  local file = file_store.find(id)
  if not file then return problem.no_such_file(id) end
  return { status = 200, object = copied(file.object) }
end

function files_service.delete(_, id)
  if not file_store.delete(id) then return problem.no_such_file(id) end
  return { status = 200, object = { id = id, object = "file", deleted = true } }
end

function files_service.content(_, id)
  local file = file_store.find(id)
  if not file then return problem.no_such_file(id) end
  return { status = 200, contents = file.contents, headers = {
    ["content-type"] = "application/octet-stream",
    ["content-disposition"] = 'attachment; filename="' .. file.object.filename:gsub('["\\%c]', "_") .. '"',
  } }
end

-- The parameters of the query, or nil and a refusal.
local function read_page(query)
  local limit = query.limit == nil and MAX_LIMIT or tonumber(query.limit)
  if not limit or limit % 1 ~= 0 then return nil, problem.wrong_type("limit", "an integer", "a string") end
  if limit < 1 then return nil, problem.below_minimum("limit", 1, limit) end
  if limit > MAX_LIMIT then return nil, problem.wrong_value("limit", "it is above 10000") end
  local order = query.order or "desc"
  if order ~= "asc" and order ~= "desc" then
    return nil, problem.unsupported_value("order", order, { "asc", "desc" })
  end
  return { limit = limit, order = order, after = query.after, purpose = query.purpose }
end

function files_service.list(request)
  local page, refusal = read_page(request.query)
  if not page then return refusal end
  local data, has_more = {}, false
  local began = file_store.each(page.order == "desc", page.after, function(file)
    if page.purpose and page.purpose ~= file.object.purpose then return false end
    has_more = #data == page.limit
    if not has_more then data[#data + 1] = file.object end
    return has_more
  end)
  if not began then return problem.no_such_file(page.after) end
  return { status = 200, text = ('{"object":"list","data":%s,"has_more":%s,"first_id":%s,"last_id":%s}'):format(
    json.encode_list(data), tostring(has_more), json.encode(data[1] and data[1].id or json.null),
    json.encode(data[1] and data[#data].id or json.null)) }
end

local known_fields = {
  file = true, purpose = true, ["expires_after[anchor]"] = true, ["expires_after[seconds]"] = true,
}

-- The fields of a form by their names, or nil and a refusal. A field is { first, last, filename }, and has `text`,
-- except for the file.
local function read_form(request)
  if not request.content_type:lower():find("^multipart/form%-data") then
    return nil, problem.wrong_content_type(request.content_type, "multipart/form-data")
  end
  local fields = {}
  local is_whole = multipart.each_field(request.body, request.content_type, function(field)
    if field.name ~= "file" and field.last - field.first < MAX_TEXT_BYTES then
      field.text = request.body:sub(field.first, field.last)
    end
    fields[field.name or ""] = field
  end)
  if not is_whole then return nil, problem.not_multipart() end
  for name in pairs(fields) do
    if not known_fields[name] then return nil, problem.unknown(name) end
  end
  return fields
end

local function refuse_new_file(fields, expires_after)
  local file, purpose = fields.file, fields.purpose
  if not file then return problem.missing("file") end
  if not purpose then return problem.missing("purpose") end
  if not file.filename then return problem.wrong_value("file", "it has no filename") end
  if file.last - file.first >= MAX_FILE_BYTES then return problem.wrong_value("file", "it has over 512 MB") end
  return checks.refuse_purpose(purpose.text) or expires_after and checks.refuse_expires_after(expires_after)
end

function files_service.create(request)
  local fields, refusal = read_form(request)
  if not fields then return refusal end
  local anchor, seconds = fields["expires_after[anchor]"], fields["expires_after[seconds]"]
  local expires_after = (anchor or seconds) and
    { anchor = anchor and anchor.text, seconds = seconds and tonumber(seconds.text) }
  refusal = refuse_new_file(fields, expires_after)
  if refusal then return refusal end
  local file = fields.file
  local content = request.body:keep(file.first, file.last)
  return { status = 200, object = copied(files_service.store({
    bytes = content.bytes, filename = file.filename, purpose = fields.purpose.text,
    lifetime = expires_after and expires_after.seconds,
  }, { content })) }
end

-- The Files as they are stored, the oldest first, each with the `md5` of its bytes, for tests to look at.
function files_service.inspect()
  local list = {}
  file_store.each(false, nil, function(file)
    local object = copied(file.object)
    object.md5 = digest.md5(file.contents)
    list[#list + 1] = object
  end)
  return list
end

-- Changes fields of a File: `status` and `status_details`. Returns whether there is such a File.
function files_service.change(id, fields)
  local file = file_store.find(id)
  if not file then return false end
  for name, value in pairs(fields) do file.object[name] = value end
  return true
end

return files_service
