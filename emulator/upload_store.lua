-- SPDX-License-Identifier: MIT
-- The Uploads that the service knows, the Files that they became, and its clock. One nginx worker runs all of it, so
-- tables are the store.

local problem = require "emulator.problem"

local upload_store = {}

local UPLOAD_LIFETIME = 3600

local uploads = {}
local ids = {} -- in the order of their creation
local files = {} -- those that Uploads became
local clock_offset = 0

math.randomseed(ngx.now() * 1000 + ngx.worker.pid())

-- An id as the service gives them: a prefix and 32 digits.
function upload_store.new_id(prefix)
  local digits = {}
  for index = 1, 4 do digits[index] = ("%08x"):format(math.random(0, 0xffffffff)) end
  return prefix .. table.concat(digits)
end

function upload_store.now() return ngx.time() + clock_offset end
function upload_store.advance_clock(seconds) clock_offset = clock_offset + seconds end
function upload_store.set_clock(time) clock_offset = time - ngx.time() end

-- params: those of the call that creates an Upload, already checked.
function upload_store.add(params)
  local now = upload_store.now()
  local upload = {
    id = upload_store.new_id("upload_"), status = "pending", parts = {},
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

-- An Upload that is no longer pending needs the bytes of its Parts no more.
function upload_store.leave_pending(upload, status)
  upload.status = status
  discard_contents(upload)
end

function upload_store.complete(upload, file)
  upload_store.leave_pending(upload, "completed")
  upload.file = file
  files[file.id] = file
end

-- The File, or nil where there is none, or none any more.
function upload_store.find_file(id)
  local file = files[id]
  local expires_at = file and tonumber(file.expires_at)
  if not expires_at or upload_store.now() < expires_at then return file end
end

function upload_store.ids() return ids end

function upload_store.find(id)
  local upload = uploads[id]
  if upload and upload.status == "pending" and upload_store.now() >= upload.expires_at then
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
  for _, upload in pairs(uploads) do discard_contents(upload) end
  uploads, ids, files = {}, {}, {}
  clock_offset = 0
end

return upload_store
