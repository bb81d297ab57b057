-- SPDX-License-Identifier: MIT
-- The commands of the emulator: what they say to wrong settings, and how `with` ends.
-- Runs once: these are scripts of the shell.
-- Without a sanitizer: the module is not called.

local exists = require "spec.support.exists"
local process = require "spec.support.process"
local socket = require "socket"

-- What the command says on both its outputs, and its exit status.
local function run(command)
  local pipe = assert(io.popen("unset LD_PRELOAD ASAN_OPTIONS LSAN_OPTIONS; { " .. command .. "; } 2>&1; echo \" $?\""))
  local text, status = pipe:read("*a"):match "^(.*) (%d+)\n$"
  pipe:close()
  return text, tonumber(status)
end

local function assert_says(command, expected, status)
  local said, exited = run(command)
  assert.truthy(said:find(expected, 1, true), said)
  assert.are.equal(status, exited)
  return said
end

describe("a wrong setting", function()
  local ports = {
    { "abc", "EMULATOR_PORT takes a port number, not 'abc'\n" },
    { "0", "EMULATOR_PORT takes a port number, not '0'\n" },
    { "-1", "EMULATOR_PORT takes a port number, not '-1'\n" },
    { "08080", "EMULATOR_PORT takes a port number, not '08080'\n" },
    { "100000", "EMULATOR_PORT takes a port number, not '100000'\n" },
    { "65527", "EMULATOR_PORT takes a port number up to 65526, not '65527': nine more ports follow it\n" },
  }
  for _, row in ipairs(ports) do
    it(("of EMULATOR_PORT is named: '%s'"):format(row[1]), function()
      assert.are.same({ "emulator: " .. row[2], 1 }, { run(("EMULATOR_PORT='%s' emulator/run"):format(row[1])) })
    end)
  end

  it("of EMULATOR_CERTIFICATES is named, with the program that makes such a folder", function()
    local said = assert_says("EMULATOR_CERTIFICATES=/nonexistent emulator/run",
      "emulator: EMULATOR_CERTIFICATES is '/nonexistent', and there is no file authority.pem", 1)
    local program = said:match "'(/[^ ]*) /nonexistent' makes"
    assert.is_true(exists(program), said)
  end)

  it("of EMULATOR_CERTIFICATES is named where one file is missing", function()
    local folder = run("mktemp -d"):match "[^\n]+"
    run(("emulator/certificates %s && rm %s/client.key"):format(folder, folder))
    assert_says(("EMULATOR_CERTIFICATES=%s emulator/run"):format(folder), "there is no file client.key", 1)
    run("rm -r " .. folder)
  end)

  it("is no folder of certificates that is named from the current one, or that was not there", function()
    local folder = run("mktemp -d"):match "[^\n]+"
    local said, status = run(([[here=$PWD; cd %s && "$here/emulator/certificates" new &&
      EMULATOR_CERTIFICATES=new "$here/emulator/with" true]]):format(folder))
    assert.are.same({ "", 0 }, { said, status })
    run("rm -r " .. folder)
  end)
end)

describe("a wrong argument", function()
  it("gets the usage of `with`", function()
    local said = assert_says("emulator/with", "Usage: emulator/with COMMAND [ARGUMENT ...]\n", 2)
    assert.is_nil(said:find("#", 1, true))
  end)

  it("gets the usage of `certificates`", function()
    assert.are.same({ "Usage: emulator/certificates FOLDER\n", 2 }, { run "emulator/certificates" })
  end)

  it("is named by the installed command, before its usage", function()
    assert_says("emulator/openai-uploads-emulator --port 99",
      "openai-uploads-emulator: unknown option '--port'\nUsage: openai-uploads-emulator [COMMAND", 2)
  end)
end)

describe("openai-uploads-emulator --help", function()
  it("says where the program is that makes certificates", function()
    local said = assert_says("emulator/openai-uploads-emulator --help", "`name value` lines", 0)
    assert.is_true(exists(said:match "\n(/%S+/certificates) FOLDER\n"), said)
  end)
end)

describe("where something is not installed, Debian's packages are named", function()
  local folder
  before_each(function() folder = run("mktemp -d"):match "[^\n]+" end)
  after_each(function() run("rm -r " .. folder) end)

  local function assert_missing(command, what)
    assert_says(command, ("emulator: %s is not installed. Debian's packages are: nginx libnginx-mod-http-lua " ..
      "lua-cjson openssl. In a checkout, 'make deps' installs them.\n"):format(what), 1)
  end

  -- Runs the emulator with an nginx that is a script, for which $nginx is the real one.
  local function assert_missing_with(nginx, what)
    local path = folder .. "/nginx"
    local file = assert(io.open(path, "w"))
    file:write("#!/bin/sh\nnginx=", (run "PATH=$PATH:/usr/sbin:/sbin command -v nginx"), nginx, "\n")
    file:close()
    run("chmod +x " .. path)
    assert_missing(("PATH=%s:$PATH emulator/run"):format(folder), what)
  end

  it("for nginx", function()
    run(("cp -r emulator %s && sed -i 's|:/usr/sbin:/sbin||' %s/emulator/run"):format(folder, folder))
    run(("for program in dirname mktemp rm grep; do ln -s $(command -v $program) %s; done"):format(folder))
    assert_missing(("PATH=%s %s/emulator/run"):format(folder, folder), "nginx")
  end)

  it("for nginx's Lua module", function()
    assert_missing_with([=[
      [ "$1" != -V ] || { echo nginx version: nginx/1.22.1 --modules-path=/nonexistent >&2; exit; }
      exec "$nginx" "$@"
    ]=], "nginx's Lua module")
  end)

  it("for lua-cjson", function()
    assert_missing_with([=[LUA_CPATH=/nonexistent/?.so exec "$nginx" "$@"]=], "lua-cjson for LuaJIT")
  end)
end)

describe("emulator/with", function()
  local statuses = {
    { "exits as the command did", "sh -c 'exit 7'", "", 7 },
    { "exits as the shell does where a signal ended the command", "sh -c 'kill -KILL $$'", nil, 137 },
    { "says that there is no such command", "no-such-command", nil, 127 },
    { "leaves the command its standard input", "cat <README.md | head -c 1", "#", 0 },
  }
  for _, row in ipairs(statuses) do
    it(row[1], function()
      local said, status = run("emulator/with " .. row[2])
      assert.are.equal(row[4], status)
      if row[3] then assert.are.equal(row[3], said) end
    end)
  end

  it("does the same where `env` knows nothing of signals", function()
    local folder = run("mktemp -d"):match "[^\n]+"
    run(("ln -s $(command -v false) %s/env"):format(folder))
    assert.are.same({ "#", 7 }, { run(([[PATH=%s:$PATH emulator/with sh -c 'head -c 1; exit 7' <README.md]])
      :format(folder)) })
    run("rm -r " .. folder)
  end)

  -- Sends a signal to `with` alone, or to it and its command, as a terminal does. The command runs `preparation` before
  -- its first line, and `script` after it. Returns the lines that follow.
  local function ended_by(signal, is_for_all, script, preparation)
    local child = assert(process.start(([[setsid -w sh -c '
      trap : %s
      export GROUP=$$
      emulator/with sh -c "$1" 2>/dev/null
      echo "status $?"' sh '%s echo $PPID $GROUP $OPENAI_BASE_URL; %s']]):format(signal, preparation or "", script)))
    local pid, group, host, port = child.first_line:match "^(%d+) (%d+) http://(.*):(%d+)/v1$"
    os.execute(("kill -%s %s"):format(signal, is_for_all and "-" .. group or pid))
    local lines = {}
    for line in child.read_line do table.insert(lines, line) end
    child.stop()
    assert.is_nil(socket.connect(host, tonumber(port)))
    return lines
  end

  local ends = {
    { "TERM", false, 143 }, { "TERM", true, 143 }, { "INT", true, 130 }, { "HUP", false, 129 },
  }
  for _, row in ipairs(ends) do
    it(("exits %d after %s%s, and so does the emulator"):format(row[3], row[1], row[2] and " for all" or ""), function()
      assert.are.same({ "status " .. row[3] }, ended_by(row[1], row[2], "exec sleep 20"))
    end)
  end

  it("exits 130 after INT for itself alone, once the command has ended", function()
    assert.are.same({ "done", "status 130" }, ended_by("INT", false, "sleep 1; echo done"))
  end)

  it("lets the command do something about INT, for which the emulator is still there", function()
    assert.are.same({ "404", "status 130" },
      ended_by("INT", true, "sleep 20", [[trap "curl -so /dev/null -w %{http_code} $OPENAI_BASE_URL; echo" INT;]]))
  end)
end)
