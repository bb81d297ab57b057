-- SPDX-License-Identifier: MIT
-- What nginx calls for every request: records it, finds the call it means, and sends the answer.

local control = require "emulator.control"
local json = require "emulator.json"
local problem = require "emulator.problem"
local request_body = require "emulator.request_body"
local service = require "emulator.service"
local upload_store = require "emulator.upload_store"

local handler = {}

-- Each with the one method that it takes.
local calls = {
  create = { "POST", service.create }, parts = { "POST", service.add_part }, complete = { "POST", service.complete },
  cancel = { "POST", service.cancel }, file = { "GET", service.find_file },
}
local is_of_upload = { parts = true, complete = true, cancel = true }

local function percent_decoded(segment)
  return (segment:gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end))
end

-- The name of the call that a path means, and the id in it. The path is the raw one: a decoded `/` in an id ends no
-- segment.
local function find_call(path)
  local rest = path:match("^/v1/(.*)$") or path:match("^/openai/v1/(.*)$") or ""
  if rest == "uploads" then return "create" end
  local file_id = rest:match("^files/([^/]+)$")
  if file_id then return "file", percent_decoded(file_id) end
  local id, action = rest:match("^uploads/([^/]+)/([a-z]+)$")
  if is_of_upload[action] then return action, percent_decoded(id) end
end

local function refuse_key()
  local key = (ngx.var.http_authorization or ""):match("^[Bb]earer +(.+)$") or ngx.var.http_api_key or ""
  if key == "" then return problem.no_key() end
  if key:sub(1, 8) == "sk-wrong" then return problem.wrong_key() end
end

local function serve(path, body, call, id)
  local method = ngx.req.get_method()
  if not call then return problem.unknown_url(method, path) end
  local wanted, answer_to = calls[call][1], calls[call][2]
  if method ~= wanted then return problem.wrong_method(method, path, wanted) end
  return refuse_key() or answer_to({ body = body, content_type = ngx.var.content_type or "" }, id)
end

-- Canned answers that close their connection, while nginx is on its way to where it does so.
local last_answers = {}

local function send(status, headers, pieces)
  local length = 0
  for _, piece in ipairs(pieces) do length = length + #piece end
  ngx.status = status
  for name, value in pairs(headers) do ngx.header[name] = value end
  ngx.header.content_length = length
  ngx.print(pieces)
end

-- LuaJIT samples long strings for its table of them, so thousands of answers that differ only in their id would
-- all land in one chain and make each other slow. Without the id they are one and the same string.
local function encode(object)
  local id = object.id
  if not id then return { json.encode(object) } end
  object.id = nil
  return { '{"id":"', id, '",', json.encode(object):sub(2) }
end

local function send_served(answer)
  local headers = answer.headers or {}
  headers["content-type"] = "application/json"
  headers["x-request-id"] = "req_" .. ngx.var.request_id
  headers["openai-processing-ms"] = math.floor((ngx.now() - ngx.req.start_time()) * 1000)
  headers["openai-version"] = "2020-10-01"
  headers["openai-organization"] = ngx.var.http_openai_organization or "org-emulator"
  headers["openai-project"] = ngx.var.http_openai_project or "proj_emulator"
  send(answer.status, headers, encode(answer.object))
end

-- Announces one byte more than it sends: over HTTP/1.1 the connection ends, over HTTP/2 the stream is reset.
local function send_cut(canned)
  ngx.status = canned.status
  for name, value in pairs(canned.headers or {}) do ngx.header[name] = value end
  ngx.header.content_length = #canned.body + 1
  ngx.print(canned.body)
  ngx.flush(true)
  if canned.hold then ngx.sleep(canned.hold) end
  return ngx.exit(444)
end

local function send_canned(canned)
  if canned.cut then return send_cut(canned) end
  if not canned.close then return send(canned.status, canned.headers or {}, { canned.body or "" }) end
  last_answers[ngx.var.connection] = canned
  return ngx.exec("@last_of_connection")
end

function handler.answer_and_close()
  local connection = ngx.var.connection
  local canned = last_answers[connection]
  last_answers[connection] = nil
  send(canned.status, canned.headers or {}, { canned.body or "" })
end

function handler.answer()
  local uri = ngx.var.request_uri
  local path = uri:match("^[^?#]*")
  local body = request_body.read()
  if control.owns(path) then
    send(control.serve(path, body))
    return body:close()
  end

  control.record(uri, body)
  local call, id = find_call(path)
  local planned = control.next_answer(call)
  if planned.delay then ngx.sleep(planned.delay) end
  if planned.gate then control.wait_at_gate() end
  if planned.advance_clock then upload_store.advance_clock(planned.advance_clock) end
  local replaced = planned.status or planned.close
  local answer = (planned.apply or not replaced) and serve(path, body, call, id)
  body:close()
  if planned.status then return send_canned(planned) end
  if planned.close then return ngx.exit(444) end -- nginx's own number for closing without a word
  send_served(answer)
end

return handler
