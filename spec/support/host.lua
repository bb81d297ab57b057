-- SPDX-License-Identifier: MIT
-- Real programs that embed Lua, with the library: runs them in a folder of their own, against the emulator.

local busted = require "busted"
local check = require "spec.support.check"
local process = require "spec.support.process"
local suspended = require "spec.support.suspended"
local with_service = require "spec.support.with_service"

local host = {}

local LONGEST_LIFE = 120 -- seconds

local function quoted(text) return "'" .. text:gsub("'", "'\\''") .. "'" end

--- What a shell command prints, and its exit status.
function host.shell(command)
  local pipe = assert(io.popen("unset LD_PRELOAD ASAN_OPTIONS LSAN_OPTIONS MAKEFLAGS CFLAGS LDFLAGS; { " .. command ..
    "\n} 2>&1; printf '\\n%d' $?"))
  local output, status = pipe:read("*a"):match "^(.*)\n(%d+)$"
  pipe:close()
  return output, tonumber(status)
end

local checkout = host.shell("pwd"):match "[^\n]+"

--- Whether there is such a program.
function host.has(program) return select(2, host.shell("command -v " .. program)) == 0 end

-- The environment in which the program finds the library as built for that Lua, such as "luajit".
local function environment_of(lua, more)
  local build = os.getenv "TEST_BUILD" or "build"
  if build:sub(1, 1) ~= "/" then build = checkout .. "/" .. build end
  local environment = {
    LUA_PATH = checkout .. "/lua/?.lua;" .. checkout .. "/lua/?/init.lua;" .. checkout .. "/?.lua;;",
    LUA_CPATH = ("%s/%s/?.so;;"):format(build, lua),
  }
  for name, value in pairs(more or {}) do environment[name] = value end
  local words = {}
  for name, value in pairs(environment) do words[#words + 1] = name .. "=" .. quoted(value) end
  return table.concat(words, " ")
end

--- Runs a shell command in which a program uses the library as built for that Lua, and kills it after two minutes.
--- Returns what it printed and its exit status.
function host.run(lua, command, environment)
  return host.shell(("timeout --foreground -s KILL %d env %s %s"):format(LONGEST_LIFE, environment_of(lua, environment),
    command))
end

--- Starts one, as process.start does.
function host.start(lua, command, environment)
  return process.start(("timeout --foreground -s KILL %d env %s %s 2>&1"):format(LONGEST_LIFE,
    environment_of(lua, environment), command))
end

local function read_report(path)
  local results, is_whole = {}, false
  for line in io.lines(path) do
    local verdict, name, reason = line:match "^(%l+) (.-): | (.*)$"
    if not verdict then verdict, name = line:match "^(%l+) (.*)$" end
    if verdict then results[name] = verdict == "ok" and "ok" or reason end
    is_whole = line == "end"
  end
  return results, is_whole
end

--- Defines specs inside of a `describe`: what spec/support/hosts/run_rows.lua proves inside the program. command: shell
--- words that make the program run it.
function host.prove_rows(lua, command, environment)
  local service = with_service.emulator()
  local results = {}

  busted.setup(function()
    local folder = host.shell("mktemp -d"):match "[^\n]+"
    local output = host.run(lua, command, check.merged(environment or {}, {
      HOST_FOLDER = folder, OPENAI_BASE_URL = service.base_url, OPENAI_API_KEY = check.key,
    }))
    local is_whole
    results, is_whole = read_report(folder .. "/report")
    host.shell("rm -rf " .. folder)
    assert(is_whole, output)
  end)

  for _, list in ipairs { suspended.rows(), require "spec.support.hosts.more_rows" } do
    for _, row in ipairs(list) do
      busted.it(row[1], function() assert(results[row[1]] == "ok", results[row[1]] or "nothing is known of it") end)
    end
  end
end

return host
