-- SPDX-License-Identifier: MIT
-- The emulator of the Uploads service as a spec uses it: starts it, plans its answers, reads its state.

local cjson = require("cjson.safe").new()
local http = require "socket.http"
local ltn12 = require "ltn12"
local process = require "spec.support.process"
local socket = require "socket"

local emulator = {}

local PATIENCE = 10 -- seconds; only what is broken takes so long

local folder = debug.getinfo(1, "S").source:match("^@(.*)spec/support/emulator%.lua$") .. "emulator"

local function quoted(path)
  return "'" .. path:gsub("'", "'\\''") .. "'"
end

-- Returns the decoded answer and the HTTP status of a control call.
local function ask(root, method, name, params)
  local text = params and cjson.encode(params) or ""
  local pieces = {}
  local ok, status = http.request {
    url = root .. "/_emulator/" .. name, method = method,
    headers = { ["content-length"] = #text }, source = ltn12.source.string(text), sink = ltn12.sink.table(pieces),
  }
  if not ok then error("the emulator does not answer: " .. tostring(status), 3) end
  return cjson.decode(table.concat(pieces)), status
end

-- Encodes the body of a planned answer where it is a table.
local function prepared(answer)
  if type(answer.body) ~= "table" then return answer end
  local copy, headers = {}, { ["content-type"] = "application/json" }
  for name, value in pairs(answer) do copy[name] = value end
  for name, value in pairs(answer.headers or {}) do headers[name:lower()] = value end
  copy.headers, copy.body = headers, assert(cjson.encode(answer.body))
  return copy
end

local function inspected(answer)
  local upload = answer.upload
  upload.parts = answer.parts
  return upload
end

local function add_control(service)
  local root = service.base_url:match("^(http://[^/]+)")

  local function must(method, name, params)
    local answer, status = ask(root, method, name, params)
    if status ~= 200 then error(("the emulator refused '%s' (%s)"):format(name, status), 3) end
    return answer
  end

  -- The next calls get these answers in turn, each
  -- { call, status, headers, body, close, cut, delay, gate, advance_clock, apply }:
  -- with a status, that answer (a table as body becomes JSON); with `close` the connection ends after it, or
  -- without any answer where there is no status; with `cut` its body ends too early, `hold` seconds after it began;
  -- with `apply` the call is carried out all the same, and only its answer is lost or replaced; `delay` waits so many
  -- seconds first, and `gate` until open_gate; `advance_clock` then moves the service's time by so many. With none of
  -- status and close the call is served. An answer with a `call` ("create", "parts", "complete", "cancel", "file",
  -- "list_files", "delete_file", "content" or "create_file") waits for the next request of that call, and lets others
  -- pass.
  function service.answer_next(answers)
    local list = {}
    for index, answer in ipairs(answers) do list[index] = prepared(answer) end
    if #list > 0 then must("POST", "answers", list) end
  end

  -- Lets the answers go on that wait at the gate, and those that will come there, until the next reset.
  function service.open_gate() must("POST", "gate", {}) end

  -- The requests since the last reset, a thousand at most, and how many there were: each
  -- { method, uri, headers, body (none for multipart), connection (its serial number), http_version, tls_resumed: true
  -- where the connection resumed a TLS session }.
  function service.requests()
    local answer = must("GET", "requests")
    return answer.requests, answer.count
  end

  -- Waits until so many requests have come since the last reset, with a bound.
  function service.wait_for_requests(count)
    local last = socket.gettime() + PATIENCE
    while select(2, service.requests()) < count do
      if socket.gettime() > last then error(("no %d requests came"):format(count), 2) end
      socket.sleep(0.002)
    end
  end

  -- Both return the service's time, in seconds since 1970.
  function service.advance_clock(seconds) return must("POST", "clock", { advance = seconds }).now end
  function service.set_clock(time) return must("POST", "clock", { set = time }).now end

  -- The Upload as stored: the fields of its answers, `mime_type`, and `parts`, each { id, bytes, md5, created_at }.
  function service.upload(id)
    local answer, status = ask(root, "GET", "uploads/" .. id)
    if status ~= 200 then return nil end
    return inspected(answer)
  end

  -- All Uploads since the last reset, in the order of their creation, each as above.
  function service.uploads()
    local uploads = {}
    for index, answer in ipairs(must("GET", "uploads")) do uploads[index] = inspected(answer) end
    return uploads
  end

  -- The Files that there are, the oldest first: the fields of their answers, and `md5`.
  function service.files() return must("GET", "files") end

  -- Changes fields of a File: `status`, `status_details`.
  function service.change_file(id, fields) must("POST", "files/" .. id, fields) end

  -- The File that bytes become which another client sends in one call.
  function service.add_file(bytes, purpose, filename)
    local boundary = "a-boundary-that-no-spec-sends"
    local body = table.concat({
      "--" .. boundary, 'Content-Disposition: form-data; name="purpose"', "", purpose or "user_data",
      "--" .. boundary, ('Content-Disposition: form-data; name="file"; filename="%s"'):format(filename or "a.txt"), "",
      bytes, "--" .. boundary .. "--", "",
    }, "\r\n")
    local pieces = {}
    local _, status = http.request {
      url = service.base_url .. "/files", method = "POST", source = ltn12.source.string(body),
      sink = ltn12.sink.table(pieces), headers = {
        authorization = "Bearer sk", ["content-length"] = #body,
        ["content-type"] = "multipart/form-data; boundary=" .. boundary,
      },
    }
    local text = table.concat(pieces)
    if status ~= 200 then error("the emulator took no File: " .. text, 2) end
    return cjson.decode(text)
  end

  -- The ids of so many new pending Uploads.
  function service.make_uploads(count) return must("POST", "uploads", { count = count }) end

  -- Ends the idle connections in order, as nginx does when it gets a configuration, and forgets the Uploads.
  function service.renew()
    local file = assert(io.open(service.ca_file:match "^(.*)/[^/]*/" .. "/nginx.pid"))
    local pid = file:read "*n"
    file:close()
    os.execute(("kill -HUP %d"):format(pid))
  end

  -- Forgets Uploads, recorded requests and planned answers, and sets the clock right.
  function service.reset() must("POST", "reset") end
end

-- Returns { base_url, tls = { good, one_request, refused_first, http1, expired, wrong_host, unknown_issuer,
-- old_protocol, client_certificate }, ca_file, client_cert, client_key, pid, stop() } and the functions above.
function emulator.start()
  local child = assert(process.start(quoted(folder .. "/run")))
  local service = { base_url = child.first_line, tls = {}, pid = child.pid, stop = child.stop, child = child }
  for line in child.read_line do
    local name, value = line:match("^(%S+) (.+)$")
    if not name then break end
    if value:find("^https:") then service.tls[name] = value else service[name] = value end
  end
  add_control(service)
  return service
end

return emulator
