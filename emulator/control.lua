-- SPDX-License-Identifier: MIT
-- What tests ask of the emulator itself, under /_emulator/, as JSON: planned answers, recorded requests, the clock.

local clock = require "emulator.clock"
local file_store = require "emulator.file_store"
local files_service = require "emulator.files_service"
local json = require "emulator.json"
local service = require "emulator.service"
local upload_store = require "emulator.upload_store"

local control = {}

local ROOT = "/_emulator/"
local MAX_RECORDED = 1000
local MAX_MADE = 100000
local AS_SERVED = {}

local CALLS = {
  create = true, parts = true, complete = true, cancel = true,
  file = true, list_files = true, delete_file = true, content = true, create_file = true,
}

local MAX_SECONDS_AT_GATE = 30

local recorded, request_count, planned, is_gate_open

local function forget()
  recorded, request_count, planned, is_gate_open = {}, 0, {}, false
end
forget()

function control.owns(path) return path:sub(1, #ROOT) == ROOT end

-- Waits as long as the planned answer says, or until the tests open the gate. Returns whether the request is still to
-- be served: one from before a reset is not, because it would change what the next test finds.
function control.hold(answer)
  local of_this_test = recorded
  if answer.delay then ngx.sleep(answer.delay) end
  local last = ngx.now() + MAX_SECONDS_AT_GATE
  while answer.gate and not is_gate_open and recorded == of_this_test and ngx.now() < last do ngx.sleep(0.005) end
  return recorded == of_this_test
end

-- The first planned answer that is meant for this call, or for any: { call, status, headers, body, close, cut, delay,
-- gate, advance_clock, apply }; an empty table when there is none. call: its name, or nil for what is no call of the
-- service.
function control.next_answer(call)
  for index, answer in ipairs(planned) do
    if answer.call == nil or answer.call == call then return table.remove(planned, index) end
  end
  return AS_SERVED
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
  if request_count > MAX_RECORDED then return end
  local headers = request_headers()
  local is_multipart = (headers["content-type"] or ""):find("^multipart/")
  recorded[request_count] = {
    method = ngx.req.get_method(), uri = uri, headers = headers,
    body = not is_multipart and body:sub(1, body.size) or nil,
    connection = tonumber(ngx.var.connection), http_version = tostring(ngx.req.http_version()),
    tls_resumed = ngx.var.ssl_session_reused == "r" or nil,
  }
end

local done = "{}"
local calls = {} -- each returns the text of its answer, or nothing where it refuses

calls["POST reset"] = function()
  forget()
  upload_store.reset()
  file_store.reset()
  clock.reset()
  return done
end

calls["POST answers"] = function(params)
  for _, answer in ipairs(params) do
    if answer.call ~= nil and not CALLS[answer.call] then return nil end
  end
  for _, answer in ipairs(params) do table.insert(planned, answer) end
  return done
end

calls["POST gate"] = function()
  is_gate_open = true
  return done
end

calls["GET requests"] = function()
  return ('{"count":%d,"requests":%s}'):format(request_count, json.encode_list(recorded))
end

calls["POST clock"] = function(params)
  if params.set then clock.set(params.set) end
  if params.advance then clock.advance(params.advance) end
  return json.encode({ now = clock.now() })
end

calls["POST uploads"] = function(params)
  return json.encode_list(service.make_uploads(math.min(params.count, MAX_MADE)))
end

-- Parts stand beside their Upload, for a list of none must stay one.
local function inspect(id)
  local upload = service.inspect(id)
  if not upload then return nil end
  local parts = json.encode_list(upload.parts)
  upload.parts = nil
  return ('{"upload":%s,"parts":%s}'):format(json.encode(upload), parts)
end

calls["GET uploads"] = function()
  local texts = {}
  for index, id in ipairs(upload_store.ids()) do texts[index] = inspect(id) end
  return "[" .. table.concat(texts, ",") .. "]"
end

calls["GET files"] = function() return json.encode_list(files_service.inspect()) end

local json_type = { ["content-type"] = "application/json" }

-- Returns status, headers, and the pieces of the text.
function control.serve(path, body)
  local method, name = ngx.req.get_method(), path:sub(#ROOT + 1)
  local id = name:match("^uploads/(.+)$")
  if id and method == "GET" then
    local text = inspect(id)
    return text and 200 or 404, json_type, { text or "{}" }
  end
  local call = calls[method .. " " .. name]
  local params = body.size == 0 and {} or json.decode(body:sub(1, body.size))
  local file_id = name:match("^files/(.+)$")
  if file_id and method == "POST" and type(params) == "table" then
    return files_service.change(file_id, params) and 200 or 404, json_type, { done }
  end
  local text = call and type(params) == "table" and call(params)
  return text and 200 or 400, json_type, { text or "{}" }
end

return control
