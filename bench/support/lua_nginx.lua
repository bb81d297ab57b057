-- SPDX-License-Identifier: MIT
-- nginx with its Lua module: services that need it, and the host that is a client itself.
local http = require "socket.http"
local service = require "bench.support.service"
local shell = require "bench.support.shell"

local lua_nginx = {}

local patience_seconds = 120

--- What nginx has to load, as lines of its configuration: modules that are not built into it.
function lua_nginx.load_modules()
  local folder = shell.output_of("PATH=$PATH:/usr/sbin nginx -V 2>&1"):match("%-%-modules%-path=(%S+)")
    or "/usr/lib/nginx/modules"
  local lines = {}
  for _, name in ipairs { "ndk_http_module", "ngx_http_lua_module" } do
    local file = ("%s/%s.so"):format(folder, name)
    if io.open(file) then lines[#lines + 1] = ("load_module %s;"):format(file) end
  end
  return table.concat(lines, "\n")
end

--- Whether our module is built for nginx's LuaJIT.
function lua_nginx.has_module(bench)
  return io.open(("%s/luajit/openai_uploads/core.so"):format(bench.setting.build)) ~= nil
end

--- Starts an nginx by bench/NAME.conf.in, on a `port` of its own; `stop` it.
function lua_nginx.start(bench, name, values, pin)
  local port = service.free_port()
  values.PORT = port
  values.MODULES = lua_nginx.load_modules()
  values.USER = shell.output_of("id -u"):match("^0") and "user root;" or ""
  local prefix = bench.directory .. "/" .. name
  shell.output_of("mkdir -p " .. prefix)
  local started = service.start_nginx(prefix, shell.read_file(("bench/%s.conf.in"):format(name)), values, port, pin)
  started.port, started.prefix = port, prefix
  return started
end

--- Calls use(service, base_url) with the service that takes files, and stops it afterwards.
function lua_nginx.with_upload_service(bench, use)
  local started = lua_nginx.start(bench, "upload_service", {}, bench.setting.pin.nginx)
  local done, problem = pcall(use, started, ("http://127.0.0.1:%d/v1"):format(started.port))
  started.stop()
  if not done then error(problem, 0) end
end

--- Starts the nginx that is a client, by nginx_host.conf.in. Its `ask(format, ...)` returns what it answers to a path.
function lua_nginx.start_host(bench, values)
  local project = shell.output_of("pwd"):match("[^\n]+")
  values.PROJECT, values.BUILD = project, bench.setting.build:gsub("^[^/]", project .. "/%0")
  values.BASE_URL = values.BASE_URL or bench.base_url
  values.SLOW_URL, values.RESTY_HTTP = values.SLOW_URL or values.BASE_URL, values.RESTY_HTTP or ""
  local host = lua_nginx.start(bench, "nginx_host", values, bench.setting.pin.client)
  http.TIMEOUT = patience_seconds
  function host.ask(format, ...)
    local url = ("http://127.0.0.1:%d"):format(host.port) .. format:format(...)
    local answer, status = http.request(url)
    if status ~= 200 then error(("%s: %s\n%s"):format(url, status, host.last_words()), 0) end
    return answer
  end
  function host.last_words() return shell.read_file(host.prefix .. "/host.log") end
  return host
end

return lua_nginx
