-- SPDX-License-Identifier: MIT
-- The service of haproxy.cfg. While a call waits, HAProxy serves others.
-- luacheck: read globals core

local cjson = require "cjson.safe"
local uploads = require("openai_uploads").new { loop = "haproxy" }

local DEADLINE = 30 -- seconds; below `timeout server`

-- Decide here who may cancel which Uploads. As it stands, everybody who reaches the port may.
local function is_allowed(_applet, _id) return true end

local function answer(applet, status, object)
  local body = cjson.encode(object)
  applet:set_status(status)
  applet:add_header("content-type", "application/json")
  applet:add_header("content-length", #body)
  applet:start_response()
  applet:send(body)
end

local status_of = { not_found = 404, bad_request = 400, rate_limit = 429, timeout = 504 }

core.register_service("cancel_upload", "http", function(applet)
  local id = applet.path:match "^/uploads/([%w_-]+)/cancel$"
  if not id then return answer(applet, 400, { error = { kind = "bad_request", message = "that is no id" } }) end
  if not is_allowed(applet, id) then return answer(applet, 403, { error = { kind = "permission_denied" } }) end
  local upload, failure = uploads.cancel(id, { deadline = DEADLINE })
  if upload then return answer(applet, 200, upload) end
  core.Warning("cancel of " .. id .. ": " .. tostring(failure))
  answer(applet, status_of[failure.kind] or 502,
    { error = { kind = failure.kind, may_have_applied = failure.may_have_applied } })
end)
