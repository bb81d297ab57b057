-- SPDX-License-Identifier: MIT
-- Cancels an Upload. In remap.config of Apache Traffic Server:
--
--   map http://HOST/cancel http://127.0.0.1/ @plugin=tslua.so @pparam=/etc/trafficserver/cancel.lua
--
-- It keeps its Lua to itself. A call that blocks would hold up all requests of a thread. It can sleep meanwhile, but in
-- whole seconds.
package.loadlib("libluajit-5.1.so.2", "*")
local library = require "openai_uploads"

local function sleep() ts.sleep(1) end

local uploads = library.new { loop = library.loops.sleeping(sleep), deadline = 30 }

local function answer(id)
  local upload, failure = uploads.cancel(id)
  local text = upload and upload.status or failure.kind
  ts.say(("HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s\n"):format(
    upload and "200 OK" or "502 Bad Gateway", #text + 1, text))
end

function do_remap()
  local id = (ts.client_request.get_uri_args() or ""):match "^id=([%w_-]+)$"
  ts.http.intercept(answer, id or "")
  return 0
end
