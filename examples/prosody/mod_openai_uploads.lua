-- SPDX-License-Identifier: MIT
-- A module of Prosody: POST /uploads/ID/cancel cancels an Upload, and Prosody serves others meanwhile. prosody.cfg.lua
-- beside it loads it. It needs the library for Prosody's Lua: sudo make install-modules LUA=lua5.4
-- luacheck: read globals module

local cjson = require "cjson.safe"
local uploads = require("openai_uploads").new { loop = "prosody", deadline = 30 }

module:depends "http"

local status_of = { not_found = 404, bad_request = 400, rate_limit = 429, timeout = 504 }

local function answer(status, object)
  return { status_code = status, headers = { content_type = "application/json" }, body = cjson.encode(object) }
end

-- Decide here who may cancel which Uploads. As it stands, everybody who reaches the port may.
local function is_allowed(_request, _id) return true end

local function cancel(event, path)
  local id = path:match "^([%w_-]+)/cancel$"
  if not id then return 404 end
  if not is_allowed(event.request, id) then return 403 end
  local upload, failure = uploads.cancel(id)
  if upload then return answer(200, upload) end
  module:log("warn", "cancel of %s: %s", id, failure)
  return answer(status_of[failure.kind] or 502,
    { error = { kind = failure.kind, may_have_applied = failure.may_have_applied } })
end

module:provides("http", { default_path = "/uploads", route = { ["POST /*"] = cancel } })
