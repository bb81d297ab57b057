-- SPDX-License-Identifier: MIT
-- The service's four calls, and the one that finds a File. Each takes (request, id) and returns an answer:
-- { status, object }.

local digest = require "emulator.digest"
local json = require "emulator.json"
local multipart = require "emulator.multipart"
local parameters = require "emulator.parameters"
local problem = require "emulator.problem"
local upload_store = require "emulator.upload_store"

local service = {}

local MAX_PART_BYTES = 64 * 1024 * 1024
local MAX_UPLOAD_BYTES = 8 * 1024 * 1024 * 1024
local FILE_LIFETIME_LEAST, FILE_LIFETIME_MOST = 3600, 2592000

local function upload_answer(upload)
  return { status = 200, object = {
    id = upload.id, object = "upload", bytes = upload.bytes, created_at = upload.created_at,
    expires_at = upload.expires_at, filename = upload.filename, purpose = upload.purpose, status = upload.status,
    file = upload.file,
  } }
end

local create_rules = {
  { "filename", "string" }, { "purpose", "string" }, { "bytes", "integer" }, { "mime_type", "string" },
  { "expires_after", "object", optional = true },
}
local expires_after_rules = { { "anchor", "string" }, { "seconds", "integer" } }

local function refuse_expires_after(expires_after)
  local refusal = parameters.refuse(expires_after, expires_after_rules, "expires_after.")
  if refusal then return refusal end
  if expires_after.anchor ~= "created_at" then
    return problem.wrong_value("expires_after.anchor", "it must be 'created_at'")
  end
  local seconds = expires_after.seconds
  if seconds < FILE_LIFETIME_LEAST or seconds > FILE_LIFETIME_MOST then
    return problem.wrong_value("expires_after.seconds",
      ("it must be from %d to %d"):format(FILE_LIFETIME_LEAST, FILE_LIFETIME_MOST))
  end
end

local PURPOSES = { "assistants", "batch", "evals", "fine-tune", "user_data", "vision" }

local function refuse_purpose(purpose)
  for _, known in ipairs(PURPOSES) do
    if purpose == known then return end
  end
  return problem.unsupported_value("purpose", purpose, PURPOSES)
end

local function refuse_announcement(params)
  if params.bytes < 1 then return problem.below_minimum("bytes", 1, params.bytes) end
  if params.bytes > MAX_UPLOAD_BYTES then return problem.wrong_value("bytes", "an Upload takes 8 GB at most") end
  local refusal = refuse_purpose(params.purpose)
  if refusal then return refusal end
  if params.expires_after then return refuse_expires_after(params.expires_after) end
end

function service.create(request)
  local params, refusal = parameters.read(request, create_rules)
  if not params then return refusal end
  return refuse_announcement(params) or upload_answer(upload_store.add(params))
end

-- Ready-made pending Uploads, for benchmarks and tests of many cancels.
function service.make_uploads(count)
  local ids = {}
  for index = 1, count do
    local params = { bytes = 0, filename = "made.bin", purpose = "user_data", mime_type = "text/plain" }
    ids[index] = upload_store.add(params).id
  end
  return ids
end

local function total_bytes(parts)
  local total = 0
  for _, part in ipairs(parts) do total = total + part.content.bytes end
  return total
end

function service.add_part(request, id)
  local upload, refusal = upload_store.find_pending(id)
  if not upload then return refusal end
  if not request.content_type:lower():find("^multipart/form%-data") then
    return problem.wrong_content_type(request.content_type, "multipart/form-data")
  end
  local first, last = multipart.find_field(request.body, request.content_type, "data")
  if first == nil then return problem.not_multipart() end
  if first == false then return problem.missing("data") end
  local bytes = last - first + 1
  if bytes > MAX_PART_BYTES then return problem.wrong_value("data", "a Part takes 64 MB at most") end
  if total_bytes(upload.parts) + bytes > MAX_UPLOAD_BYTES then
    return problem.wrong_value("data", "an Upload takes 8 GB at most")
  end

  local content = request.body:keep(first, last)
  local part = {
    id = upload_store.new_id("part_"), created_at = upload_store.now(), content = content,
    md5 = digest.md5({ content }),
  }
  table.insert(upload.parts, part)
  return { status = 200, object = {
    id = part.id, object = "upload.part", created_at = part.created_at, upload_id = upload.id,
  } }
end

local complete_rules = { { "part_ids", "array" }, { "md5", "string", optional = true } }

-- The parts in the order asked for, or nil and a refusal.
local function ordered_parts(upload, part_ids)
  if #part_ids == 0 then return nil, problem.wrong_value("part_ids", "it is empty") end
  local by_id = {}
  for _, part in ipairs(upload.parts) do by_id[part.id] = part end
  local parts = {}
  for index, part_id in ipairs(part_ids) do
    parts[index] = by_id[part_id]
    if not parts[index] then
      return nil, problem.wrong_value("part_ids", "no such Part of this Upload, or named twice: " .. part_id)
    end
    by_id[part_id] = nil
  end
  return parts
end

local function contents_md5(parts)
  local contents = {}
  for index, part in ipairs(parts) do contents[index] = part.content end
  return digest.md5(contents)
end

local function file_of(upload)
  local now = upload_store.now()
  return {
    id = upload_store.new_id("file-"), object = "file", bytes = upload.bytes, created_at = now,
    filename = upload.filename, purpose = upload.purpose, status = "processed", status_details = json.null,
    expires_at = upload.file_lifetime and now + upload.file_lifetime or json.null,
  }
end

local function refuse_contents(upload, parts, md5)
  local sent = total_bytes(parts)
  if sent ~= upload.bytes then
    return problem.wrong_value("part_ids",
      ("the Parts hold %d bytes, where %d were announced"):format(sent, upload.bytes))
  end
  if md5 and md5:lower() ~= contents_md5(parts) then
    return problem.wrong_value("md5", "it is not that of the bytes received")
  end
end

function service.complete(request, id)
  local params, upload, parts, refusal
  params, refusal = parameters.read(request, complete_rules)
  if not params then return refusal end
  upload, refusal = upload_store.find_pending(id)
  if not upload then return refusal end
  parts, refusal = ordered_parts(upload, params.part_ids)
  if not parts then return refusal end
  refusal = refuse_contents(upload, parts, params.md5)
  if refusal then return refusal end
  upload_store.complete(upload, file_of(upload))
  return upload_answer(upload)
end

function service.cancel(_, id)
  local upload, refusal = upload_store.find_pending(id)
  if not upload then return refusal end
  upload_store.leave_pending(upload, "cancelled")
  return upload_answer(upload)
end

-- A copy of it: the sender takes answers apart.
function service.find_file(_, id)
  local file = upload_store.find_file(id)
  if not file then return problem.no_such_file(id) end
  local object = {}
  for name, value in pairs(file) do object[name] = value end
  return { status = 200, object = object }
end

-- What is stored of an Upload, for tests to look at: its answer's fields, `mime_type` and `parts`.
function service.inspect(id)
  local upload = upload_store.find(id)
  if not upload then return nil end
  local record = upload_answer(upload).object
  record.mime_type = upload.mime_type
  record.parts = {}
  for index, part in ipairs(upload.parts) do
    record.parts[index] = { id = part.id, bytes = part.content.bytes, md5 = part.md5, created_at = part.created_at }
  end
  return record
end

return service
