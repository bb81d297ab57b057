-- SPDX-License-Identifier: MIT
-- What tests ask of the emulator itself, under /_emulator/, as JSON: planned answers, recorded requests, the clock.

local clock = require "emulator.clock"
local control_parameters = require "emulator.control_parameters"
local file_store = require "emulator.file_store"
local files_service = require "emulator.files_service"
local json = require "emulator.json"
local problem = require "emulator.problem"
local service = require "emulator.service"
local upload_store = require "emulator.upload_store"

local control = {}

local ROOT = "/_emulator/"
local MAX_RECORDED = 1000
local AS_SERVED = {}

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
local calls = {} -- by method and path below the root; each returns the text of its answer, or nil and a refusal

calls["POST reset"] = function()
  forget()
  upload_store.reset()
  file_store.reset()
  clock.reset()
  return done
end

calls["POST answers"] = function(answers)
  for _, answer in ipairs(answers) do table.insert(planned, answer) end
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

calls["POST uploads"] = function(params) return json.encode_list(service.make_uploads(params.count)) end

-- Parts stand beside their Upload, for a list of none must stay one.
calls["GET uploads/{id}"] = function(_, id)
  local upload = service.inspect(id)
  if not upload then return nil, problem.no_such_upload() end
  local parts = json.encode_list(upload.parts)
  upload.parts = nil
  return ('{"upload":%s,"parts":%s}'):format(json.encode(upload), parts)
end

calls["GET uploads"] = function()
  local texts = {}
  for index, id in ipairs(upload_store.ids()) do texts[index] = calls["GET uploads/{id}"](nil, id) end
  return "[" .. table.concat(texts, ",") .. "]"
end

calls["GET files"] = function() return json.encode_list(files_service.inspect()) end

calls["POST files/{id}"] = function(params, id)
  if not files_service.change(id, params) then return nil, problem.no_such_file(id) end
  return done
end

local function all_calls()
  local names = {}
  for call in pairs(calls) do table.insert(names, call) end
  table.sort(names)
  return table.concat(names, ", ")
end

local function methods_of(name)
  local methods = {}
  for _, method in ipairs { "GET", "POST" } do
    if calls[method .. " " .. name] then table.insert(methods, method) end
  end
  return table.concat(methods, ", ")
end

-- What is wrong with a request that means no control call: its path or its method.
local function refuse_call(method, path, name)
  local methods = methods_of(name)
  if methods == "" then
    return problem.with_hint(problem.unknown_url(method, path), ("Below %s there are: %s."):format(ROOT, all_calls()))
  end
  return problem.with_hint(problem.wrong_method(method, path, methods), ("It takes %s."):format(methods))
end

-- Returns the text of the answer, or nil and a refusal.
local function answer(method, path, body)
  local name = path:sub(#ROOT + 1)
  local kind, id = name:match("^(%a+)/(.+)$")
  if id then name = kind .. "/{id}" end
  local call = method .. " " .. name
  if not calls[call] then return nil, refuse_call(method, path, name) end
  local params, refusal = control_parameters.read(body, call)
  if not params then return nil, refusal end
  return calls[call](params, id)
end

-- Returns status, headers, and the pieces of the text.
function control.serve(path, body)
  local text, refusal = answer(ngx.req.get_method(), path, body)
  local headers = refusal and refusal.headers or {}
  headers["content-type"] = "application/json"
  return refusal and refusal.status or 200, headers, { text or json.encode(refusal.object) }
end

return control
