-- SPDX-License-Identifier: MIT
-- Cancels Uploads for callers who must not know the API key: POST /uploads/{id}/cancel.
-- luacheck: std ngx_lua

local cjson = require("cjson.safe").new()
local uploads = require("openai_uploads").new { timeout = 20, deadline = 45, with_response = true }

local gateway = {}

local LONGEST_ID = 128

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
    ngx.log(ngx.WARN, "an Upload was not cancelled: ", failure)
    status = statuses[failure.kind] or BAD_GATEWAY
    message = "the gateway had no good answer from the service"
  end
  if failure.retry_after then ngx.header.retry_after = math.ceil(failure.retry_after) end
  return answer(status, { error = {
    kind = failure.kind, message = message, may_have_applied = failure.may_have_applied,
  } })
end

-- Decide here who may cancel which Uploads: by a token in a header, a client certificate, or a table of owners. As it
-- stands, everybody who reaches the port may, and nginx.conf listens on this machine alone.
local function is_allowed(_upload_id)
  return true
end

function gateway.check_access()
  if ngx.req.get_method() ~= "POST" then
    ngx.header.allow = "POST"
    return refuse(405, "bad_request", "an Upload is cancelled by POST")
  end
  if not is_allowed(ngx.var.upload_id) then return refuse(403, "permission_denied", "not yours to cancel") end
end

function gateway.cancel(upload_id)
  if not upload_id:find "^[%w_-]+$" or #upload_id > LONGEST_ID then
    return refuse(400, "bad_request", "this is no id of an Upload")
  end
  -- These two ids find the call again: the first in the service's log, the second in the log of the gateway's owner.
  local upload, failure, response = uploads.cancel(upload_id, {
    headers = { ["X-Client-Request-Id"] = ngx.var.request_id },
  })
  ngx.header["X-Client-Request-Id"] = ngx.var.request_id
  ngx.header["X-Request-Id"] = (failure or response).request_id
  if not upload then return answer_failure(failure) end
  return answer(200, upload)
end

return gateway
