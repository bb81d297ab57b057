-- SPDX-License-Identifier: MIT
-- The service's four calls on Uploads. Each takes (request, id) and returns an answer: { status, object }.

local checks = require "emulator.checks"
local clock = require "emulator.clock"
local digest = require "emulator.digest"
local files_service = require "emulator.files_service"
local multipart = require "emulator.multipart"
local new_id = require "emulator.new_id"
local parameters = require "emulator.parameters"
local problem = require "emulator.problem"
local upload_store = require "emulator.upload_store"

local service = {}

local MAX_PART_BYTES = 64 * 1024 * 1024
local MAX_UPLOAD_BYTES = 8 * 1024 * 1024 * 1024

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
local function refuse_announcement(params)
  if params.bytes < 1 then return problem.below_minimum("bytes", 1, params.bytes) end
  if params.bytes > MAX_UPLOAD_BYTES then return problem.wrong_value("bytes", "an Upload takes 8 GB at most") end
  local refusal = checks.refuse_purpose(params.purpose)
  if refusal then return refusal end
  if params.expires_after then return checks.refuse_expires_after(params.expires_after) end
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
    id = new_id("part_"), created_at = clock.now(), content = content,
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

local function contents_of(parts)
  local contents = {}
  for index, part in ipairs(parts) do contents[index] = part.content end
  return contents
end

local function refuse_contents(upload, parts, md5)
  local sent = total_bytes(parts)
  if sent ~= upload.bytes then
    return problem.wrong_value("part_ids",
      ("the Parts hold %d bytes, where %d were announced"):format(sent, upload.bytes))
  end
  if md5 and md5:lower() ~= digest.md5(contents_of(parts)) then
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
  upload_store.complete(upload, parts, files_service.store({
    bytes = upload.bytes, filename = upload.filename, purpose = upload.purpose, lifetime = upload.file_lifetime,
  }, contents_of(parts)))
  return upload_answer(upload)
end

function service.cancel(_, id)
  local upload, refusal = upload_store.find_pending(id)
  if not upload then return refusal end
  upload_store.leave_pending(upload, "cancelled")
  return upload_answer(upload)
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
