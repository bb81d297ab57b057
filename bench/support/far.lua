-- SPDX-License-Identifier: MIT
-- Two network namespaces with a link between them (bench/link.c), and a service at its other end. Linux, as root.
local lua_nginx = require "bench.support.lua_nginx"
local service = require "bench.support.service"
local shell = require "bench.support.shell"

local far = {}

local HOST = "10.99.0.2" -- the end of the link where the service is; bench/link.c gives it

--- Why there can be no link here; nil when there can.
function far.refusal()
  if shell.output_of("id -u"):match("%d+") ~= "0" then return "it needs root, for network namespaces" end
  if not io.open "/dev/net/tun" then return "this machine has no /dev/net/tun" end
  if shell.output_of("command -v ip") == "" then return "there is no program 'ip' (package iproute2)" end
  local refused = shell.output_of "unshare --net true 2>&1"
  if refused ~= "" then return "there can be no network namespace: " .. refused:match "[^\n]*" end
end

local function make_certificate(directory)
  local command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=%s "
    .. "-addext subjectAltName=IP:%s -keyout %s/far.key -out %s/far.pem 2>&1 && echo made"
  local made = shell.output_of(command:format(HOST, HOST, directory, directory))
  assert(made:find "made\n$", made)
end

-- Returns what goes before a command at the near end and at the distant one, and what ends the link.
local function start_link(bench, line)
  local command = "echo $$; exec %s %g %g %d %d"
  local process = assert(io.popen(command:format(bench.program("link"), line.delay_ms, line.mbit or 0,
    line.queue_kib or 16384, line.loss_ppm or 0)))
  local pid = process:read "*l"
  local near, distant = assert(process:read "*l", "there is no link"):match "^(%S+) (%S+)$"
  local function stop()
    os.execute("kill " .. pid)
    process:close()
  end
  return ("nsenter --net=%s "):format(near), ("nsenter --net=%s "):format(distant), stop
end

local function with_service(bench, enter_near, enter_distant, use)
  local port = 8443
  local url = ("https://%s:%d/v1"):format(HOST, port)
  local function answers()
    local probe = "%scurl -sk --connect-timeout 1 -o %s/probe -w '%%{http_code}' %s/uploads"
    return shell.output_of(probe:format(enter_near, bench.directory, url)):find "^200"
  end
  local prefix = bench.directory .. "/far"
  shell.output_of("mkdir -p " .. prefix)
  local started = service.start_nginx(prefix, shell.read_file "bench/far_service.conf.in", {
    PORT = port, DIRECTORY = bench.directory, MODULES = lua_nginx.load_modules(), USER = "user root;",
  }, port, enter_distant, answers)
  local done, problem = pcall(use, { url = url, enter = enter_near, certificate = bench.directory .. "/far.pem" })
  started.stop()
  if not done then error(problem, 0) end
end

--- Runs use(place) with a link of line.delay_ms one way, line.mbit a second (nil: no limit), a queue of line.queue_kib,
--- and line.loss_ppm. place: { url, enter: what goes before a command to run it at the near end, certificate }.
function far.with_link(bench, line, use)
  make_certificate(bench.directory)
  local enter_near, enter_distant, stop = start_link(bench, line)
  local done, problem = pcall(with_service, bench, enter_near, enter_distant, use)
  stop()
  if not done then error(problem, 0) end
end

return far
