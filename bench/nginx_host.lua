-- SPDX-License-Identifier: MIT
-- What the measured nginx does: cancels Uploads by this module, by lua-resty-http, which users would take instead, or
-- by a bare exchange on a cosocket, which is no client at all but the limit.
-- luacheck: std ngx_lua
local cjson = require "cjson"
local ffi = require "ffi"

ffi.cdef [[
  struct openai_uploads_bench_time { long seconds, fraction; };
  struct openai_uploads_bench_usage { struct openai_uploads_bench_time user, system; long others[14]; };
  int getrusage(int who, struct openai_uploads_bench_usage *usage);
  int clock_gettime(int clock, struct openai_uploads_bench_time *time);
]]

local host = {}
local clients, urls = {}, {}
local path = "/uploads/upload_abc123/cancel"
local connections = 512

local time = ffi.new "struct openai_uploads_bench_time"
local usage = ffi.new "struct openai_uploads_bench_usage"

local function now()
  ffi.C.clock_gettime(1, time) -- monotonic
  return tonumber(time.seconds) + tonumber(time.fraction) * 1e-9
end

-- Of this worker, the bell's thread included.
local function cpu_seconds()
  ffi.C.getrusage(0, usage)
  return tonumber(usage.user.seconds + usage.system.seconds)
    + tonumber(usage.user.fraction + usage.system.fraction) * 1e-6
end

function host.init(base_url, slow_url)
  package.preload["resty.string"] = function() return { to_hex = tostring } end -- for TLS alone, which is not measured
  local uploads = require "openai_uploads"
  urls.fast, urls.slow = base_url, slow_url
  for name, url in pairs(urls) do
    clients[name] = uploads.new { base_url = url, api_key = "sk-bench", max_connections = connections, proxy = "" }
  end
end

local kinds = {}

function kinds.module()
  return assert(clients.fast.cancel("upload_abc123"))
end

function kinds.resty_http()
  local answer = assert(require("resty.http").new():request_uri(urls.fast .. path, {
    method = "POST", body = "", headers = { ["Authorization"] = "Bearer sk-bench" },
    keepalive_timeout = 60000, keepalive_pool = connections,
  }))
  assert(answer.status == 200)
  return cjson.decode(answer.body)
end

function kinds.cosocket()
  local address, port = urls.fast:match("//([^:]+):(%d+)")
  local socket = ngx.socket.tcp()
  assert(socket:connect(address, tonumber(port), { pool_size = connections }))
  assert(socket:send("POST /v1" .. path .. " HTTP/1.1\r\nHost: " .. address .. ":" .. port
    .. "\r\nAuthorization: Bearer sk-bench\r\nContent-Length: 0\r\n\r\n"))
  local head = assert(socket:receiveuntil("\r\n\r\n")())
  local body = assert(socket:receive(tonumber(head:match("Content%-Length: (%d+)"))))
  assert(socket:setkeepalive(60000, connections))
  return cjson.decode(body)
end

local function repeat_call(call, count)
  for _ = 1, count do assert(call().status == "cancelled") end
end

local function spread(call, threads, total)
  local running = {}
  for index = 1, threads do running[index] = ngx.thread.spawn(repeat_call, call, math.ceil(total / threads)) end
  for index = 1, threads do assert(ngx.thread.wait(running[index])) end
end

--- kind, threads, total -> seconds a call, seconds of CPU a call
function host.calls()
  local arguments = ngx.req.get_uri_args()
  local call, threads, total = kinds[arguments.kind], tonumber(arguments.threads), tonumber(arguments.total)
  spread(call, threads, total / 10) -- warms up
  local began, used = now(), cpu_seconds()
  spread(call, threads, total)
  ngx.say((now() - began) / total, " ", (cpu_seconds() - used) / total)
end

--- kind, total -> the median time of one call after another, in seconds
function host.latencies()
  local arguments = ngx.req.get_uri_args()
  local call, total, times = kinds[arguments.kind], tonumber(arguments.total), {}
  repeat_call(call, total / 10)
  for index = 1, total do
    local began = now()
    call()
    times[index] = now() - began
  end
  table.sort(times)
  ngx.say(times[math.ceil(total / 2)])
end

local held = { stop = false }

local function hold_on(_, mine)
  while not mine.stop do assert(clients.slow.cancel("upload_abc123")) end
end

--- count -> keeps so many transfers waiting on the slow service, until count is 0
function host.hold()
  held.stop = true
  held = { stop = false }
  for _ = 1, tonumber(ngx.var.arg_count) do ngx.timer.at(0, hold_on, held) end
  ngx.say("held")
end

--- seconds -> the share of a core that the worker used while one transfer waited so long
function host.wait()
  local seconds = tonumber(ngx.var.arg_seconds)
  local transfer = clients.slow.start.cancel("upload_abc123", { query = { seconds = seconds }, timeout = seconds + 10 })
  local began, used = now(), cpu_seconds()
  assert(select(2, transfer:wait()))
  ngx.say((cpu_seconds() - used) / (now() - began))
end

--- file -> sends it in Parts of 64 MiB, and answers with the seconds once it is complete
function host.upload()
  local began = now()
  local upload = assert(clients.fast.upload_file_chunked {
    file = ngx.req.get_uri_args().file, purpose = "fine-tune", mime_type = "text/jsonl",
  })
  assert(upload.status == "completed")
  ngx.say(now() - began)
end

--- Sends the body of the request while it arrives, and answers with the seconds once it is complete.
function host.receive()
  local began, bytes, socket = now(), tonumber(ngx.var.http_content_length), assert(ngx.req.socket())
  local left = bytes
  local upload = assert(clients.fast.upload_file_chunked {
    data = function()
      if left == 0 then return nil end
      local chunk, why = socket:receiveany(math.min(left, 65536))
      left = left - #(chunk or "")
      return chunk, why
    end,
    bytes = bytes, filename = "source", purpose = "fine-tune", mime_type = "text/jsonl",
  })
  assert(upload.status == "completed")
  ngx.say(now() - began)
end

return host
