-- SPDX-License-Identifier: MIT
-- The command openai-uploads as a user runs it: the script in a child process, run by the interpreter that runs the
-- specs, with the given environment alone.

local socket = require "socket"
local check = require "spec.support.check"
local process = require "spec.support.process"

local cli = {}

local LIMITED = "timeout --foreground -s KILL 60 " -- seconds
local PATIENCE = 20 -- seconds; only what is broken takes so long

-- A preloaded sanitizer checks the command alone, not the programs that start it.
local sanitizer = { "LD_PRELOAD", "ASAN_OPTIONS", "LSAN_OPTIONS" }
local unset_sanitizer = "unset " .. table.concat(sanitizer, " ") .. "; "

function cli.quoted(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end
local quoted = cli.quoted

local function interpreter()
  local index = 0
  while arg[index - 1] do index = index - 1 end
  return arg[index]
end

-- The shell command of a run. environment: OPENAI_API_KEY is that of the specs by default; false unsets a variable.
local function line_of(words, environment, program)
  local settings = check.merged({
    PATH = os.getenv "PATH", LUA_PATH = package.path, LUA_CPATH = package.cpath, OPENAI_API_KEY = check.key,
  }, environment or {})
  for _, name in ipairs(sanitizer) do settings[name] = os.getenv(name) end
  local line = { "env -i" }
  for name, value in pairs(settings) do
    if value then line[#line + 1] = name .. "=" .. quoted(value) end
  end
  line[#line + 1] = quoted(interpreter()) .. " " .. (program or "bin/openai-uploads")
  for _, word in ipairs(words) do line[#line + 1] = quoted(word) end
  return table.concat(line, " ")
end

function cli.read_file(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

function cli.write_file(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
  return path
end

local function take_file(path)
  local text = cli.read_file(path)
  os.remove(path)
  return text
end

-- Waits until `condition()` holds, and returns what it returned.
function cli.wait_for(condition)
  local last = os.time() + PATIENCE
  repeat
    local found = condition()
    if found then return found end
    socket.sleep(0.01)
  until os.time() > last
  error("it never came about", 2)
end

--- Begins a run. redirected: what else the shell shall do with it; program: another script than the checkout's;
--- before: a shell command that the run starts after, in the same process.
--- Returns the child as process.start does, with
---   interrupt()  sends SIGINT, signal(name) any other, kill() SIGKILL
---   command_pid()       of the command itself
---   is_asleep()         whether it sleeps in a system call
--   stdout(), stderr()  what it has printed so far
---   finish()     waits for its end and returns { stdout, stderr, status }, with the status as a shell reports it
function cli.start(words, environment, redirected, program, before)
  local stdout, stderr = os.tmpname(), os.tmpname()
  local inner = ("echo $$; %s exec %s >%s 2>%s %s"):format(before or "",
    LIMITED .. line_of(words, environment, program),
    stdout, stderr, redirected or "")
  local outer = "sh -c " .. quoted("sh -c " .. quoted(inner) .. "; echo $?") .. " 2>/dev/null" -- "Killed", it says
  local child = assert(process.start(outer))
  local runner = tonumber(child.first_line) -- the `timeout`

  -- To the command itself: its `timeout` would hand it on later.
  function child.signal(name)
    os.execute(unset_sanitizer .. ("kill -%s $(ps -o pid= --ppid %d)"):format(name, runner))
  end

  function child.interrupt() child.signal "INT" end

  function child.command_pid()
    local pipe = assert(io.popen(unset_sanitizer .. ("ps -o pid= --ppid %d"):format(runner)))
    local pid = pipe:read "*n"
    pipe:close()
    return pid
  end

  function child.kill() child.signal "KILL" end

  function child.is_asleep()
    local pipe = assert(io.popen(unset_sanitizer .. ("ps -o stat= --ppid %d"):format(runner)))
    local state = pipe:read "*a"
    pipe:close()
    return state:find "^S" ~= nil
  end

  function child.stdout() return cli.read_file(stdout) end

  function child.stderr() return cli.read_file(stderr) end

  function child.finish()
    local status
    for line in child.read_line do status = tonumber(line) or status end
    child.stop()
    return { stdout = take_file(stdout), stderr = take_file(stderr), status = status }
  end

  return child
end

--- A run to its end.
function cli.run(words, environment, redirected, program)
  return cli.start(words, environment, redirected, program).finish()
end

--- The reason why a run cannot have a terminal here; nil when it can.
function cli.want_of_terminal()
  local pipe = assert(io.popen("unset LD_PRELOAD; script -qec true /dev/null </dev/null >/dev/null 2>&1; echo $?"))
  local status = pipe:read "*n"
  pipe:close()
  return status ~= 0 and "this system gives no pseudo-terminal (is /dev/pts mounted?)" or nil
end

--- A run on a terminal of its own, `columns` wide, as which its stderr is; its stdout is a file. `typed`: the path of
--- a pipe whose bytes are typed there; `program`: as of cli.start; `before`: shell commands that run there before it.
function cli.start_on_terminal(words, environment, columns, typed, program, before)
  local stdout = os.tmpname()
  local line = line_of(words, check.merged({ COLUMNS = tostring(columns or 80) }, environment or {}), program)
  local shown = os.tmpname()
  -- the limit around all of it: what is typed there goes to every program on that terminal
  local outer = ("echo begun; %s script -qec %s /dev/null <%s >%s; echo $?"):format(LIMITED,
    quoted((before or "") .. line .. " >" .. stdout), typed or "/dev/null", shown)
  local child = assert(process.start("sh -c " .. quoted(outer)))

  function child.shown() return cli.read_file(shown) end

  function child.finish()
    local status
    for text in child.read_line do status = tonumber(text) or status end
    child.stop()
    return { stdout = take_file(stdout), shown = take_file(shown), status = status }
  end

  return child
end

return cli
