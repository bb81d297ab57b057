-- SPDX-License-Identifier: MIT
-- What tests ask of the emulator itself, under /_emulator/, as JSON: planned answers, recorded requests, the clock.

local json = require "spec.support.emulator.json"
local service = require "spec.support.emulator.service"
local upload_store = require "spec.support.emulator.upload_store"

local control = {}

local ROOT = "/_emulator/"
local MOST_RECORDED = 1000
local MOST_MADE = 100000
local AS_SERVED = {}

local recorded, request_count
local planned, planned_first, planned_last

local function forget()
  recorded, request_count = {}, 0
  planned, planned_first, planned_last = {}, 1, 0
end
forget()

function control.owns(path) return path:sub(1, #ROOT) == ROOT end

-- The next planned answer: { status, headers, body, close, delay, apply }, or an empty table when none is left.
function control.next_answer()
  local answer = planned[planned_first]
  if not answer then return AS_SERVED end
  planned[planned_first] = nil
  planned_first = planned_first + 1
  return answer
end

local function request_headers()
  local headers = {}
  for name, value in pairs(ngx.req.get_headers(0)) do
    headers[name] = type(value) == "table" and table.concat(value, ", ") or tostring(value)
  end
  return headers
end

-- The first thousand are kept and all are counted, so that a benchmark pays for the first thousand only.
function control.record(uri, body)
  request_count = request_count + 1
  if request_count > MOST_RECORDED then return end
  local headers = request_headers()
  local is_multipart = (headers["content-type"] or ""):find("^multipart/")
  recorded[request_count] = {
    method = ngx.req.get_method(), uri = uri, headers = headers,
    body = not is_multipart and body:sub(1, body.size) or nil,
    connection = tonumber(ngx.var.connection), http_version = tostring(ngx.req.http_version()),
  }
end

local done = "{}"
local calls = {}

calls["POST reset"] = function()
  forget()
  upload_store.reset()
  return done
end

calls["POST answers"] = function(params)
  for _, answer in ipairs(params) do
    planned_last = planned_last + 1
    planned[planned_last] = answer
  end
  return done
end

calls["GET requests"] = function()
  return ('{"count":%d,"requests":%s}'):format(request_count, json.encode_list(recorded))
end

calls["POST clock"] = function(params)
  if params.set then upload_store.set_clock(params.set) end
  if params.advance then upload_store.advance_clock(params.advance) end
  return json.encode({ now = upload_store.now() })
end

calls["POST uploads"] = function(params)
  return json.encode_list(service.make_uploads(math.min(params.count, MOST_MADE)))
end

local function inspect(id)
  local upload = service.inspect(id)
  if not upload then return 404, "{}" end
  local parts = json.encode_list(upload.parts)
  upload.parts = nil
  return 200, ('{"upload":%s,"parts":%s}'):format(json.encode(upload), parts)
end

local json_type = { ["content-type"] = "application/json" }

-- Returns status, headers, and the pieces of the text.
function control.serve(path, body)
  local method, name = ngx.req.get_method(), path:sub(#ROOT + 1)
  local id = name:match("^uploads/(.+)$")
  if id and method == "GET" then
    local status, text = inspect(id)
    return status, json_type, { text }
  end
  local call = calls[method .. " " .. name]
  local params = body.size == 0 and {} or json.decode(body:sub(1, body.size))
  if not call or type(params) ~= "table" then return 400, json_type, { "{}" } end
  return 200, json_type, { call(params) }
end

return control
