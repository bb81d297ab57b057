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
  local refused = shell.output_of("probe=bench-probe-$$; "
    .. "{ ip netns add $probe && { ip netns exec $probe true; ip netns del $probe; }; } 2>&1")
  if refused ~= "" then return "no program runs in a network namespace: " .. refused:match "[^\n]*" end
end

local function make_certificate(directory)
  local command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=%s "
    .. "-addext subjectAltName=IP:%s -keyout %s/far.key -out %s/far.pem 2>&1 && echo made"
  local made = shell.output_of(command:format(HOST, HOST, directory, directory))
  assert(made:find "made\n$", made)
end

-- Returns what ends the link.
local function start_link(bench, near, distant, line)
  local command = "echo $$; exec %s %s %s %g %g %d %d"
  local process = assert(io.popen(command:format(bench.program("link"), near, distant, line.delay_ms, line.mbit or 0,
    line.queue_kib or 16384, line.loss_ppm or 0)))
  local pid = process:read "*l"
  assert(process:read "*l" == "ready", "there is no link")
  return function()
    os.execute("kill " .. pid)
    process:close()
  end
end

local function with_service(bench, near, distant, use)
  local port = 8443
  local url = ("https://%s:%d/v1"):format(HOST, port)
  local enter_near = ("ip netns exec %s "):format(near)
  local function answers()
    local probe = "%scurl -sk --connect-timeout 1 -o %s/probe -w '%%{http_code}' %s/uploads"
    return shell.output_of(probe:format(enter_near, bench.directory, url)):find "^200"
  end
  local prefix = bench.directory .. "/far"
  shell.output_of("mkdir -p " .. prefix)
  local started = service.start_nginx(prefix, shell.read_file "bench/far_service.conf.in", {
    PORT = port, DIRECTORY = bench.directory, MODULES = lua_nginx.load_modules(), USER = "user root;",
  }, port, ("ip netns exec %s "):format(distant), answers)
  local done, problem = pcall(use, { url = url, enter = enter_near, certificate = bench.directory .. "/far.pem" })
  started.stop()
  if not done then error(problem, 0) end
end

--- Runs use(place) with a link of line.delay_ms one way, line.mbit a second (nil: no limit), a queue of line.queue_kib,
--- and line.loss_ppm. place: { url, enter: what goes before a command to run it at the near end, certificate }.
function far.with_link(bench, line, use)
  local id = shell.output_of("echo $PPID"):match "%d+"
  local near, distant = "bench-near-" .. id, "bench-far-" .. id
  make_certificate(bench.directory)
  shell.output_of(("ip netns add %s && ip netns add %s"):format(near, distant))
  local done, problem = pcall(function()
    local stop_link = start_link(bench, near, distant, line)
    local served, trouble = pcall(with_service, bench, near, distant, use)
    stop_link()
    if not served then error(trouble, 0) end
  end)
  shell.output_of(("ip netns del %s; ip netns del %s"):format(near, distant))
  if not done then error(problem, 0) end
end

return far
