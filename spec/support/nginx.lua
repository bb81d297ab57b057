-- SPDX-License-Identifier: MIT
-- A real nginx with the module loaded: builds it for LuaJIT, starts nginx with a configuration, reads its state.

local assert = require "luassert"
local cjson = require("cjson.safe").new()
local exchange = require "spec.support.nginx.exchange"
local exists = require "spec.support.exists"
local process = require "spec.support.process"

local nginx = { lives = process.lives, wait_until = require "spec.support.wait_until" }

local folder = debug.getinfo(1, "S").source:match("^@(.*)%.lua$")

local function quoted(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

-- What a shell command prints, and its exit status. A preloaded sanitizer must not check that command.
function nginx.run(command)
  local pipe = assert(io.popen("unset LD_PRELOAD ASAN_OPTIONS LSAN_OPTIONS MAKEFLAGS CFLAGS LDFLAGS; { " .. command ..
    "; } 2>&1; printf '\\n%d' $?"))
  local output, status = pipe:read("*a"):match("^(.*)\n(%d+)$")
  pipe:close()
  return output, tonumber(status)
end

local found_modules

-- The folder of the module for LuaJIT: that of the suite's build. Another one is built beside it where that is missing,
-- or was compiled with flags that nginx would need as well.
local function modules()
  local build = os.getenv "TEST_BUILD" or "build"
  local own = build .. "/luajit"
  if not os.getenv "TEST_CFLAGS" and exists(own .. "/openai_uploads/core.so") then return own end
  local beside = build .. "/nginx"
  local output, status = nginx.run(("make --no-print-directory build BUILD=%s LUA=luajit"):format(quoted(beside)))
  assert.are.equal(0, status, output)
  return beside .. "/luajit"
end

local function absolute(path)
  return path:sub(1, 1) == "/" and path or (nginx.run("pwd")):match("[^\n]+") .. "/" .. path
end

--- The folder in which nginx finds `openai_uploads/core.so`.
function nginx.modules()
  found_modules = found_modules or absolute(modules())
  return found_modules
end

local whole = [[
@SYSTEM@
worker_processes %d;
%s
events { worker_connections 1024; }
http {
  @UNUSED@
  lua_package_path "%s@CHECKOUT@/lua/?.lua;@CHECKOUT@/lua/?/init.lua;@CHECKOUT@/?.lua;;";
  lua_package_cpath "%s/?.so;;";
  init_by_lua_block {
    probe = require "spec.support.nginx.probe"
    %s
  }
  %s
  server {
    listen 127.0.0.1:@PORT@%s;
    location = /ping { return 200 "pong"; }
    %s
  }
}
]]

-- settings: { workers (1), main, init (Lua of init_by_lua), http, listen (parameters), server }. main, http and server
-- are directives for that context.
local function configuration(settings)
  local lines = os.getenv "TEST_LINES" and "@CHECKOUT@/spec/support/line_coverage/?.lua;" or ""
  return whole:format(settings.workers or 1, settings.main or "", lines, nginx.modules(), settings.init or "",
    settings.http or "", settings.listen or "", settings.server or "")
end

-- Lua code that makes a client with these settings and a short retry_delay.
function nginx.client(settings)
  local fields = { "retry_delay = 0.001" }
  if settings.api_key == nil then fields[#fields + 1] = 'api_key = "sk-of-the-specs"' end
  for name, value in pairs(settings) do
    local text = type(value) == "string" and ("%q"):format(value) or tostring(value)
    if name ~= "api_key" or value then fields[#fields + 1] = name .. " = " .. text end
  end
  return 'require("openai_uploads").new { ' .. table.concat(fields, ", ") .. " }"
end

-- Lua of init_by_lua: a client of each of these services. services: name -> { base_url, ... }.
function nginx.clients(services, settings)
  local lines = {}
  for name, service in pairs(services) do
    local own = { base_url = service.base_url }
    for key, value in pairs(settings or {}) do own[key] = value end
    lines[#lines + 1] = ("probe.clients.%s = %s\n"):format(name, nginx.client(own))
  end
  return table.concat(lines)
end

-- A location whose content this Lua makes.
function nginx.content(path, code)
  return ("location = %s { content_by_lua_block {\n%s\n} }\n"):format(path, code)
end

local function words_of_environment(environment)
  local words = { "env", "-u OPENAI_API_KEY", "-u OPENAI_BASE_URL" }
  for name, value in pairs(environment or {}) do words[#words + 1] = name .. "=" .. quoted(value) end
  return table.concat(words, " ")
end

function nginx.read_file(path)
  local file = io.open(path, "rb")
  if not file then return "" end
  local text = file:read("*a")
  file:close()
  return text or "" -- the process may have ended meanwhile
end

function nginx.signal(pid, name) nginx.run(("kill -%s %d"):format(name, pid)) end

function nginx.wait_for_end_of(pid)
  nginx.wait_until(function() return not nginx.lives(pid) end, ("process %d is gone"):format(pid))
end

local function count_entries(path)
  local _, count = nginx.run("ls " .. path):gsub("\n", "")
  return count
end

function nginx.threads(pid) return count_entries(("/proc/%d/task"):format(pid)) end
function nginx.descriptors(pid) return count_entries(("/proc/%d/fd"):format(pid)) end

local is_bad = { error = true, crit = true, alert = true, emerg = true }

local function is_allowed(line, allowed)
  for _, pattern in ipairs(allowed or {}) do
    if line:find(pattern) then return true end
  end
  return false
end

local function add_looks(server)
  function server.log() return nginx.read_file(server.prefix .. "/error.log") end

  -- How often this text is in the log.
  function server.count_in_log(text)
    local count, from = 0, 1
    local log = server.log()
    while true do
      local first, last = log:find(text, from, true)
      if not first then return count end
      count, from = count + 1, last + 1
    end
  end

  -- What nginx printed, and the lines of the log of level error and above, except those that match a pattern in
  -- `allowed`. What is written to standard error is in the log as well, without a level.
  function server.complaints(allowed)
    local lines = {}
    local function add(line)
      if not is_allowed(line, allowed) then lines[#lines + 1] = line end
    end
    for line in nginx.read_file(server.prefix .. "/output"):gmatch "[^\n]+" do add(line) end
    for line in server.log():gmatch "[^\n]+" do
      local level = line:match "^%d+/%d+/%d+ [%d:]+ %[(%a+)%]"
      if is_bad[level or "error"] then add(line) end
    end
    return lines
  end

  -- The pids of the workers, including those that are shutting down.
  function server.workers()
    local pids = {}
    for pid in nginx.run("ps -o pid= --ppid " .. server.pid):gmatch "%d+" do pids[#pids + 1] = tonumber(pid) end
    return pids
  end

  -- The pid of the only worker.
  function server.worker()
    return nginx.wait_until(function()
      local pids = server.workers()
      return #pids == 1 and pids[1]
    end, "there is one worker")
  end
end

local function add_requests(server)
  function server.begin(request) return exchange.begin(server.port, request) end

  function server.get(path) return server.begin("GET " .. path).finish() end

  -- Checks that the answer is 200. Returns its decoded body.
  function server.ask(path)
    local status, body = server.get(path)
    assert.are.equal(200, status, body)
    return assert(cjson.decode(body))
  end

  -- Checks that the only worker answers other requests.
  function server.check_ping()
    local status, body = server.get("/ping")
    assert.are.same({ 200, "pong" }, { status, body })
  end
end

local function add_signals(server, child)
  function server.reload() nginx.signal(server.pid, "HUP") end
  function server.quit() nginx.signal(server.pid, "QUIT") end
  function server.wait_for_end() nginx.wait_for_end_of(server.pid) end

  -- Ends nginx, unless it has ended, and returns all its complaints.
  function server.stop(allowed)
    if nginx.lives(server.pid) then nginx.signal(server.pid, "TERM") end
    server.wait_for_end()
    local complaints = server.complaints(allowed)
    child.stop()
    return complaints
  end
end

local function start(text, environment)
  local path = os.tmpname()
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
  local child, why = process.start(("%s %s/run %s"):format(words_of_environment(environment), quoted(folder),
    quoted(path)))
  os.remove(path)
  local prefix, port, pid = assert(child, why).first_line:match("^(%S+) (%d+) (%d+)$")
  local server = { prefix = prefix, port = tonumber(port), port2 = tonumber(port) + 1, pid = tonumber(pid) }
  add_looks(server)
  add_requests(server)
  add_signals(server, child)
  return server
end

-- Runs `body(server)` with an nginx of these settings and ends it. Checks that it complained of nothing but lines that
-- match a pattern in `allowed`. `text`, where given, is the whole configuration.
function nginx.with(settings, body)
  local server = start(settings.text or configuration(settings), settings.environment)
  local fine, raised = pcall(body, server)
  local complaints = server.stop(settings.allowed)
  if not fine then
    if #complaints > 0 then io.stderr:write("nginx: ", table.concat(complaints, "\nnginx: "), "\n") end
    error(raised, 0)
  end
  assert.are.same({}, complaints)
end

return nginx
