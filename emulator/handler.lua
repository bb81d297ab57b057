-- SPDX-License-Identifier: MIT
-- What nginx calls for every request: records it, finds the call it means, and sends the answer.

local clock = require "emulator.clock"
local control = require "emulator.control"
local files_service = require "emulator.files_service"
local json = require "emulator.json"
local problem = require "emulator.problem"
local request_body = require "emulator.request_body"
local service = require "emulator.service"

local CLOSED = 444 -- nginx's own number for closing without a word

local handler = {}

local calls = {
  create = service.create, parts = service.add_part, complete = service.complete, cancel = service.cancel,
  file = files_service.retrieve, list_files = files_service.list, delete_file = files_service.delete,
  content = files_service.content, create_file = files_service.create,
}

-- What a path means, by method: the first is named to a client that uses another.
local uploads = { { "POST", "create" } }
local actions = {
  parts = { { "POST", "parts" } }, complete = { { "POST", "complete" } }, cancel = { { "POST", "cancel" } },
}
local files = { { "GET", "list_files" }, { "POST", "create_file" } }
local file = { { "GET", "file" }, { "DELETE", "delete_file" } }
local content = { { "GET", "content" } }

local function percent_decoded(segment)
  return (segment:gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end))
end

-- The methods that a path takes, and the id in it; nil where there is no such path. The path is the raw one: a decoded
-- `/` in an id ends no segment.
local function find_methods(path)
  local rest = path:match("^/v1/(.*)$") or path:match("^/openai/v1/(.*)$") or ""
  if rest == "uploads" then return uploads end
  if rest == "files" then return files end
  local id = rest:match("^files/([^/]+)$")
  if id then return file, percent_decoded(id) end
  id = rest:match("^files/([^/]+)/content$")
  if id then return content, percent_decoded(id) end
  local action
  id, action = rest:match("^uploads/([^/]+)/([a-z]+)$")
  if id then return actions[action], percent_decoded(id) end
end

-- The name of the call that a request means, the id in its path, and the methods that the path takes.
local function find_call(method, path)
  local methods, id = find_methods(path)
  for _, row in ipairs(methods or {}) do
    if row[1] == method then return row[2], id, methods end
  end
  return nil, id, methods
end

local function refuse_key()
  local key = (ngx.var.http_authorization or ""):match("^[Bb]earer +(.+)$") or ngx.var.http_api_key or ""
  if key == "" then return problem.no_key() end
  if key:sub(1, 8) == "sk-wrong" then return problem.wrong_key() end
end

local function serve(path, body, call, id, methods)
  local method = ngx.req.get_method()
  if not methods then return problem.unknown_url(method, path) end
  if not call then return problem.wrong_method(method, path, methods[1][1]) end
  local request = { body = body, content_type = ngx.var.content_type or "", query = ngx.req.get_uri_args() }
  return refuse_key() or calls[call](request, id)
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

local function send_contents(headers, contents)
  local length = 0
  for _, each in ipairs(contents) do length = length + each.bytes end
  for name, value in pairs(headers) do ngx.header[name] = value end
  ngx.header.content_length = length
  for _, each in ipairs(contents) do
    each:each_piece(function(piece)
      ngx.print(piece)
      ngx.flush(true)
    end)
  end
end

local function send_served(answer)
  local headers = answer.headers or {}
  headers["content-type"] = headers["content-type"] or "application/json"
  headers["x-request-id"] = "req_" .. ngx.var.request_id
  headers["openai-processing-ms"] = math.floor((ngx.now() - ngx.req.start_time()) * 1000)
  headers["openai-version"] = "2020-10-01"
  headers["openai-organization"] = ngx.var.http_openai_organization or "org-emulator"
  headers["openai-project"] = ngx.var.http_openai_project or "proj_emulator"
  if answer.contents then return send_contents(headers, answer.contents) end
  send(answer.status, headers, answer.text and { answer.text } or encode(answer.object))
end

-- Announces one byte more than it sends: over HTTP/1.1 the connection ends, over HTTP/2 the stream is reset.
local function send_cut(canned)
  ngx.status = canned.status
  for name, value in pairs(canned.headers or {}) do ngx.header[name] = value end
  ngx.header.content_length = #canned.body + 1
  ngx.print(canned.body)
  ngx.flush(true)
  if canned.hold then ngx.sleep(canned.hold) end
  return ngx.exit(CLOSED)
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
  local call, id, methods = find_call(ngx.req.get_method(), path)
  local planned = control.next_answer(call)
  if not control.hold(planned) then
    body:close()
    return ngx.exit(CLOSED)
  end
  if planned.advance_clock then clock.advance(planned.advance_clock) end
  local replaced = planned.status or planned.close
  local answer = (planned.apply or not replaced) and serve(path, body, call, id, methods)
  body:close()
  if planned.status then return send_canned(planned) end
  if planned.close then return ngx.exit(CLOSED) end
  send_served(answer)
end

return handler
