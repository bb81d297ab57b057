-- SPDX-License-Identifier: MIT
-- Lua scripts in child processes, run by the interpreter that runs the specs. A child finds the same modules. Its
-- environment has the given variables and none of the user's settings. It is killed after half a minute.

local process = require "spec.support.process"

local script = {}

local LONGEST_LIFE = 30 -- seconds

-- A child that is paused must not be in the process group of the suite: where nobody controls that group, as in a
-- service or a container, the kernel sends SIGHUP to all of it when another of its processes ends.
local OWN_SESSION = "$(command -v setsid) "

local not_inherited = {
  "OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_CUSTOM_HEADERS", "OPENAI_LOG",
  "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY", "SSL_CERT_FILE",
  "SSL_CERT_DIR", "CURL_CA_BUNDLE", "LUA_INIT",
}

-- A preloaded sanitizer checks the Lua child alone, not the programs that start it.
local sanitizer = { "LD_PRELOAD", "ASAN_OPTIONS", "LSAN_OPTIONS" }

local function quoted(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

local function interpreter()
  local index = 0
  while arg[index - 1] do index = index - 1 end
  return arg[index]
end

local function command(path, environment)
  local words = { "timeout --foreground -s KILL " .. LONGEST_LIFE .. " env" }
  local function set(name, value) words[#words + 1] = name .. "=" .. quoted(value) end
  for _, name in ipairs(not_inherited) do words[#words + 1] = "-u " .. name end
  for _, name in ipairs(sanitizer) do
    if os.getenv(name) then set(name, os.getenv(name)) end
  end
  set("LUA_PATH", package.path)
  set("LUA_CPATH", package.cpath)
  for name, value in pairs(environment or {}) do set(name, value) end
  words[#words + 1] = quoted(interpreter()) .. " " .. quoted(path)
  return table.concat(words, " ")
end

local function write_file(code)
  local path = os.tmpname()
  local file = assert(io.open(path, "wb"))
  file:write(code)
  file:close()
  return path
end

local function take_file(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  os.remove(path)
  return text
end

-- Runs the code to its end. Returns { stdout, stderr, status }, with the status as a shell reports it. prefix: goes
-- before its command, such as a program that runs another one elsewhere.
function script.run(code, environment, prefix)
  local path, errors = write_file(code), os.tmpname()
  local whole = ("unset %s; %s%s 2>%s; printf '\\n%%d' $?"):format(
    table.concat(sanitizer, " "), prefix or "", command(path, environment), quoted(errors))
  local pipe = assert(io.popen(whole, "r"))
  local stdout, status = pipe:read("*a"):match("^(.*)\n(%d+)$")
  pipe:close()
  os.remove(path)
  return { stdout = stdout, stderr = take_file(errors), status = tonumber(status) }
end

local function words_of(command_line)
  local pipe = assert(io.popen("unset " .. table.concat(sanitizer, " ") .. "; " .. command_line, "r"))
  local text = pipe:read("*a")
  pipe:close()
  return text
end

-- Starts code that soon prints a line. Returns the child as process.start does, with
--   asleep()     whether it sleeps in a system call; asks repeatedly
--   interrupt()  sends SIGINT
--   pause()      stops it; go_on() continues it
--   finish()     waits for its end and returns what it printed meanwhile, stderr included
function script.start(code, environment)
  local path = write_file(code)
  local child = assert(process.start(OWN_SESSION .. command(path, environment) .. " 2>&1"))
  os.remove(path)

  -- The children of its time limit that are in its session. process.start's guard is a child, too, and in the suite's.
  local which = ("-P %d -s %d"):format(child.pid, child.pid)

  function child.asleep()
    for _ = 1, 1000 do
      if words_of(("ps -o stat= -p $(pgrep %s) 2>/dev/null"):format(which)):find "^S" then return true end
    end
    return false
  end

  -- Not by way of its time limit, which would pass the signal on later.
  function child.interrupt() words_of("pkill -INT " .. which) end

  function child.pause() words_of("pkill -STOP " .. which) end

  function child.go_on() words_of("pkill -CONT " .. which) end

  function child.finish()
    local lines = {}
    for line in child.read_line do lines[#lines + 1] = line end
    child.stop()
    return table.concat(lines, "\n")
  end

  return child
end

return script
