-- SPDX-License-Identifier: MIT
-- Real programs that embed Lua, with the module of this checkout built for their Lua. `make hosts` installs them.

local busted = require "busted"
local document_reader = require "spec.support.document_reader"
local exists = require "spec.support.exists"
local process = require "spec.support.process"
local socket = require "socket"
local wait_until = require "spec.support.wait_until"

local programs = { wait_until = wait_until }

local LONGEST_RUN = 60 -- seconds

local run = document_reader.run

local function quoted(text) return "'" .. tostring(text):gsub("'", "'\\''") .. "'" end
programs.quoted = quoted

local checkout = run("pwd"):match "[^\n]+"
programs.checkout = checkout

-- The Lua that a program or its plugin is linked with, as make calls it.
local function linked_lua(path)
  local libraries = run("ldd " .. quoted(path))
  return libraries:match "liblua(5%.%d)" and "lua" .. libraries:match "liblua(5%.%d)"
    or libraries:find "libluajit" and "luajit"
end

-- The absolute path of a program, of those in sbin too.
local function find_program(name)
  return run("PATH=$PATH:/usr/sbin:/usr/games command -v " .. quoted(name)):match "^[^\n]+"
end

--- Finds a program. settings: program; plugin, a pattern of the file that is linked with Lua, if the program is not;
--- lua, if neither is.
function programs.find(settings)
  local path = find_program(settings.program)
  if not path then return { hindrance = settings.program .. " is not installed" } end
  local plugin = settings.plugin and run("ls " .. settings.plugin):match "[^\n]+"
  if plugin and not exists(plugin) then return { hindrance = settings.plugin .. " is not installed" } end
  local lua = settings.lua or linked_lua(plugin or path)
  if not lua then return { hindrance = settings.program .. " has no Lua" } end
  local folder = ("%s/build/%s"):format(checkout, lua)
  local host = { path = path, lua = lua, folder = folder }
  if not exists(folder .. "/openai_uploads/core.so") then
    host.hindrance = ("the module is not built for it: run 'make build LUA=%s'"):format(lua)
  end
  return host
end

--- Defines a spec, which is pending where the host is not there.
function programs.it(host, name, body)
  if host.hindrance then busted.pending(name .. ": " .. host.hindrance) else busted.it(name, body) end
end

--- The variables for a host: where it finds the module, and the service.
function programs.environment(host, service)
  return {
    LUA_PATH = ("%s/lua/?.lua;%s/lua/?/init.lua;;"):format(checkout, checkout),
    LUA_CPATH = host.folder .. "/?.so;;", OPENAI_BASE_URL = service.base_url, OPENAI_API_KEY = "sk-of-the-hosts",
  }
end

--- `env NAME=VALUE ...` for a shell, with a time limit.
function programs.command(environment)
  local words = { "timeout -k 5 " .. LONGEST_RUN .. " env" }
  for name, value in pairs(environment) do words[#words + 1] = name .. "=" .. quoted(value) end
  return table.concat(words, " ") .. " "
end

--- Runs a shell command with these variables to its end. Returns what it printed and its exit status.
function programs.run(environment, command) return run(programs.command(environment) .. command .. " </dev/null") end

--- Starts a shell command with these variables. Returns the child as process.start does, with finish(), which waits for
--- its end and returns what it printed.
function programs.start(environment, command)
  local words = "echo started; exec " .. programs.command(environment) .. command .. " 2>&1 </dev/null"
  local child = assert(process.start("sh -c " .. quoted(words)))
  function child.finish()
    local lines = {}
    for line in child.read_line do lines[#lines + 1] = line end
    child.stop()
    return table.concat(lines, "\n") .. "\n"
  end

  function child.has_ended() return not process.lives(child.pid) end

  --- Ends it by TERM, which it must heed: sent to the program itself, for its `timeout` would kill it in the end.
  --- Returns what it printed last.
  function child.terminate()
    run("pkill -TERM -P " .. child.pid)
    programs.wait_until(function() return run("ps -o pid= --ppid " .. child.pid) == "" end, "the end on TERM")
    return child.finish()
  end

  --- Waits for a line that matches, and returns its capture. Raises all that was printed where the program ends first.
  function child.find(pattern)
    local lines = {}
    for line in child.read_line do
      local found = line:match(pattern)
      if found then return found end
      lines[#lines + 1] = line
    end
    error("it printed:\n" .. table.concat(lines, "\n"), 2)
  end

  return child
end

--- Starts a shell command with these variables, calls body(child), and ends the program by TERM, which it must heed. An
--- error of the body has what the program printed below it.
function programs.with_running(environment, command, body)
  local child = programs.start(environment, command)
  local fine, raised = pcall(body, child)
  local ended, output = pcall(child.terminate)
  if not fine then error(tostring(raised) .. "\n" .. output, 0) end
  if not ended then error(output, 0) end
end

--- A port of the loopback address that nobody listens on.
function programs.free_port()
  local listener = assert(socket.bind("127.0.0.1", 0))
  local _, port = listener:getsockname()
  listener:close()
  return port
end

local function size_of(path)
  local file = io.open(path)
  if not file then return 0 end
  local size = file:seek "end"
  file:close()
  return size
end

--- Waits until the host's other work, which adds to a file in each turn, has gone on for some turns.
function programs.check_goes_on(path)
  local size = size_of(path)
  programs.wait_until(function() return size_of(path) >= size + 5 end, "the host goes on")
end

--- Has the service hold back the first answer until the host's other work has gone on.
function programs.answer_after_turns(service, path)
  service.wait_for_requests(1)
  programs.check_goes_on(path)
  service.open_gate()
end

--- The answers for that.
programs.gate = { { call = "create", gate = true } }

--- Calls body(folder) with a new folder that is removed afterwards.
function programs.with_folder(body)
  local folder = run("mktemp -d"):match "[^\n]+"
  run("chmod 755 " .. folder)
  local fine, raised = pcall(body, folder)
  run("rm -rf " .. folder)
  if not fine then error(raised, 0) end
end

function programs.write_file(path, bytes)
  local file = assert(io.open(path, "wb"))
  file:write(bytes)
  file:close()
  return path
end

--- The bytes of a WAV file: a second of silence in 8000 samples of 8 bits.
programs.silence = "RIFF\100\31\0\0WAVEfmt \16\0\0\0\1\0\1\0\64\31\0\0\64\31\0\0\1\0\8\0data\64\31\0\0"
  .. ("\128"):rep(8000)

programs.sh = run

return programs
