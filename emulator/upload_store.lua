-- SPDX-License-Identifier: MIT
-- The Uploads that the service knows. One nginx worker runs all of it, so tables are the store.

local clock = require "emulator.clock"
local new_id = require "emulator.new_id"
local problem = require "emulator.problem"

local upload_store = {}

local UPLOAD_LIFETIME = 3600

local uploads = {}
local ids = {} -- in the order of their creation

-- params: those of the call that creates an Upload, already checked.
function upload_store.add(params)
  local now = clock.now()
  local upload = {
    id = new_id("upload_"), status = "pending", parts = {},
    created_at = now, expires_at = now + UPLOAD_LIFETIME,
    bytes = params.bytes, filename = params.filename, purpose = params.purpose, mime_type = params.mime_type,
    file_lifetime = params.expires_after and params.expires_after.seconds,
  }
  uploads[upload.id] = upload
  table.insert(ids, upload.id)
  return upload
end

local function discard_contents(upload)
  for _, part in ipairs(upload.parts) do part.content:discard() end
end

-- An Upload that ended without a File needs the bytes of its Parts no more.
function upload_store.leave_pending(upload, status)
  upload.status = status
  discard_contents(upload)
end

-- The Upload becomes a File, to which the contents of `parts` belong from now on. Those of other Parts are discarded.
function upload_store.complete(upload, parts, file)
  local is_used = {}
  for _, part in ipairs(parts) do is_used[part] = true end
  for _, part in ipairs(upload.parts) do
    if not is_used[part] then part.content:discard() end
  end
  upload.status, upload.file = "completed", file
end

function upload_store.ids() return ids end

function upload_store.find(id)
  local upload = uploads[id]
  if upload and upload.status == "pending" and clock.now() >= upload.expires_at then
    upload_store.leave_pending(upload, "expired")
  end
  return upload
end

-- The Upload, or nil and a refusal.
function upload_store.find_pending(id)
  local upload = upload_store.find(id)
  if not upload then return nil, problem.no_such_upload() end
  if upload.status == "expired" then return nil, problem.expired() end
  if upload.status ~= "pending" then return nil, problem.not_pending(upload.status) end
  return upload
end

function upload_store.reset()
  for _, upload in pairs(uploads) do
    if upload.status ~= "completed" then discard_contents(upload) end
  end
  uploads, ids = {}, {}
end

return upload_store
