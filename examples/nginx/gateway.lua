-- SPDX-License-Identifier: MIT
-- Makes Files of request bodies and cancels Uploads for callers who must not know the API key:
-- POST /files?filename=...&purpose=... and POST /uploads/{id}/cancel.
-- luacheck: std ngx_lua

local cjson = require("cjson.safe").new()
local uploads = require("openai_uploads").new { timeout = 20, deadline = 45, with_response = true }

local gateway = {}

local LONGEST_ID = 128
local BYTES_AT_A_TIME = 64 * 1024
local SECONDS_FOR_A_FILE = 3600 -- an Upload takes Parts for one hour
local MILLISECONDS_FOR_A_CHUNK = 60000

-- The caller gets the service's own words about the Upload. Everything else is between the gateway and the service: the
-- caller gets one of the other statuses, and the log gets the words.
local callers_own = {
  bad_request = 400, not_found = 404, conflict = 409, gone = 410, unprocessable_entity = 422, rate_limit = 429,
}
local statuses = { configuration = 500, aborted = 503, timeout = 504 }
local BAD_GATEWAY = 502

local function answer(status, object)
  ngx.status = status
  ngx.header.content_type = "application/json"
  ngx.print(cjson.encode(object))
  return ngx.exit(ngx.HTTP_OK)
end

local function refuse(status, kind, message)
  return answer(status, { error = { kind = kind, message = message, may_have_applied = false } })
end

local function answer_failure(failure)
  local status = callers_own[failure.kind]
  local message = failure.message
  if not status then
    ngx.log(ngx.WARN, "a call failed: ", failure)
    status = statuses[failure.kind] or BAD_GATEWAY
    message = "the gateway had no good answer from the service"
  end
  if failure.retry_after then ngx.header.retry_after = math.ceil(failure.retry_after) end
  return answer(status, { error = {
    kind = failure.kind, message = message, may_have_applied = failure.may_have_applied,
  } })
end

-- Decide here who may send files (there is no id then) and who may cancel which Uploads: by a token in a header, a
-- client certificate, or a table of owners. As it stands, everybody who reaches the port may, and nginx.conf listens on
-- this machine alone.
local function is_allowed(_upload_id)
  return true
end

function gateway.check_access()
  if ngx.req.get_method() ~= "POST" then
    ngx.header.allow = "POST"
    return refuse(405, "bad_request", "only POST is served")
  end
  if not is_allowed(ngx.var.upload_id) then return refuse(403, "permission_denied", "not yours to call") end
end

-- These two ids find a call again: the first in the service's log, the second in the log of the gateway's owner.
local function name_call(of_service)
  ngx.header["X-Client-Request-Id"] = ngx.var.request_id
  ngx.header["X-Request-Id"] = of_service.request_id
end

function gateway.cancel(upload_id)
  if not upload_id:find "^[%w_-]+$" or #upload_id > LONGEST_ID then
    return refuse(400, "bad_request", "this is no id of an Upload")
  end
  local upload, failure, response = uploads.cancel(upload_id, {
    headers = { ["X-Client-Request-Id"] = ngx.var.request_id },
  })
  name_call(failure or response)
  if not upload then return answer_failure(failure) end
  return answer(200, upload)
end

-- Returns a data function that reads the body as it arrives. It counts, because the connection does not end with the
-- body.
local function body_of(socket, left)
  return function()
    if left == 0 then return nil end
    local chunk, why = socket:receiveany(math.min(left, BYTES_AT_A_TIME))
    if not chunk then return nil, "the body ended too early: " .. why end
    left = left - #chunk
    return chunk
  end
end

local function argument(name, default)
  local value = ngx.var["arg_" .. name]
  return value and value ~= "" and ngx.unescape_uri(value) or default
end

-- Passes the body on while it arrives: nothing of it is written to the disk, and four Parts of at most 4 MiB are in
-- memory. A caller who hangs up ends the data, and the Upload is cancelled.
function gateway.receive_file()
  local bytes = tonumber(ngx.var.http_content_length)
  if not bytes then return refuse(411, "bad_request", "send a Content-Length: the service wants to know the size") end
  if bytes == 0 then return refuse(400, "bad_request", "there is no body") end
  local socket, why = ngx.req.socket()
  if not socket then return refuse(400, "bad_request", "the body cannot be read as it arrives: " .. why) end
  socket:settimeout(MILLISECONDS_FOR_A_CHUNK)
  local upload, failure, response = uploads.upload_file_chunked({
    data = body_of(socket, bytes), bytes = bytes,
    filename = argument("filename", "unnamed"), purpose = argument("purpose", "user_data"),
  }, { deadline = SECONDS_FOR_A_FILE, headers = { ["X-Client-Request-Id"] = ngx.var.request_id } })
  name_call(failure or response)
  if not upload then return answer_failure(failure) end
  return answer(200, upload.file)
end

return gateway
