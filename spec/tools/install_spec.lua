-- SPDX-License-Identifier: MIT
-- What `make install` leaves in a PREFIX that no interpreter knows of.
-- Runs once: the folders of each Lua differ in their version alone.

local check = require "spec.support.check"
local cli = require "spec.support.cli"
local process = require "spec.support.process"
local with_service = require "spec.support.with_service"

describe("make install", function()
  local prefix, program
  local lua = os.getenv "TEST_LUA" or (jit and "luajit" or "lua" .. _VERSION:match "%d%.%d")

  local service = with_service.emulator()

  setup(function()
    prefix = io.popen("mktemp -d"):read "*l"
    program = prefix .. "/bin/openai-uploads"
    local pipe = io.popen(("unset LD_PRELOAD; make --no-print-directory install MAIN_LUA=%s BUILD=%s PREFIX=%s 2>&1")
      :format(lua, os.getenv "TEST_BUILD" or "build", prefix))
    check.holds("openai-uploads.1 ", pipe:read "*a")
    pipe:close()
  end)

  teardown(function() os.execute("rm -rf " .. prefix) end)

  it("installs a command that finds its modules by itself", function()
    local id = service.make_uploads(1)[1]
    local environment = { OPENAI_BASE_URL = service.base_url, LUA_PATH = false, LUA_CPATH = false }
    local result = cli.run({ "cancel", id }, environment, nil, program)
    assert.are.same({ "", id .. "  cancelled\n", 0 }, { result.stderr, result.stdout, result.status })
  end)

  it("lets it be run by the Lua it is for", function()
    assert.are.equal("#!/usr/bin/env " .. lua, (cli.read_file(program):match "^[^\n]*"))
    assert.are.equal("-rwxr-xr-x", (io.popen("ls -l " .. program):read("*a"):match "^%S+"))
  end)

  it("installs every Lua file, and the man page", function()
    local function files_of(folder) return io.popen("cd " .. folder .. " && find . -name '*.lua' | sort"):read "*a" end
    assert.are.equal(files_of "lua", files_of(prefix .. "/share/lua/*"))
    assert.are.equal(cli.read_file "man/openai-uploads.1", cli.read_file(prefix ..
      "/share/man/man1/openai-uploads.1"))
  end)

  it("installs completions where each shell looks for them", function()
    for shell, path in pairs {
      bash = "/share/bash-completion/completions/openai-uploads", zsh = "/share/zsh/site-functions/_openai-uploads",
      fish = "/share/fish/vendor_completions.d/openai-uploads.fish",
    } do
      assert.are.equal(cli.read_file("completions/openai-uploads." .. shell), cli.read_file(prefix .. path))
    end
  end)

  it("leaves the caller of sudo a build folder to write to", function()
    if io.popen("id -u"):read "*l" ~= "0" then pending "only root can give a folder away" end
    local pipe = io.popen(("unset LD_PRELOAD; SUDO_UID=1234 SUDO_GID=1234 make --no-print-directory install-command " ..
      "MAIN_LUA=%s BUILD=%s/built PREFIX=%s >/dev/null && cd %s && stat -c %%u:%%g built built/openai-uploads")
      :format(lua, prefix, prefix, prefix))
    assert.are.equal("1234:1234\n1234:1234\n", pipe:read "*a")
    pipe:close()
  end)

  it("needs an interpreter for the command, and says what to do without one", function()
    local pipe = io.popen("unset LD_PRELOAD; make --no-print-directory install-command MAIN_LUA=no-such-lua PREFIX=" ..
      prefix .. " 2>&1; echo $?")
    local output = pipe:read "*a"
    pipe:close()
    check.holds("There is no program 'no-such-lua'", output)
    check.holds("make install-modules LUA=no-such-lua", output)
    assert.are.equal("#!/usr/bin/env " .. lua, (cli.read_file(program):match "^[^\n]*"))
  end)

  -- What it says without headers of that Lua. environment: variables for the shell.
  local function told_without_headers(name, environment)
    local pipe = io.popen(("unset LD_PRELOAD; %s make --no-print-directory install-modules LUA=%s PREFIX=%s/none 2>&1")
      :format(environment, name, prefix))
    local output = pipe:read "*a"
    pipe:close()
    return output
  end

  for name, packages in pairs {
    luajit = "libluajit2-5.1-dev or libluajit-5.1-dev", ["lua5.1"] = "liblua5.1-0-dev", ["lua5.3"] = "liblua5.3-dev",
  } do
    it("names the headers of " .. name .. " that are missing", function()
      check.holds(("pkg-config knows no headers of '%s'. On Debian they are in %s. "):format(name, packages),
        told_without_headers(name, "PKG_CONFIG_LIBDIR=/nowhere"))
    end)
  end

  it("says so where there is no pkg-config", function()
    local folder = prefix .. "/without-pkg-config"
    os.execute(("mkdir %s && cd %s && for name in make sh uname find getconf; do ln -s $(command -v $name) .; done")
      :format(folder, folder))
    local output = told_without_headers("lua5.4", "PATH=" .. folder)
    check.holds("pkg-config is not installed. ", output)
    assert.is_nil(output:find("knows no headers", 1, true), output)
  end)

  it("can be taken back, with the emulator", function()
    local elsewhere = prefix .. "/elsewhere"
    local variables = (" MAIN_LUA=%s BUILD=%s PREFIX=%s >/dev/null 2>&1"):format(lua, os.getenv "TEST_BUILD" or "build",
      elsewhere)
    os.execute("unset LD_PRELOAD; make install install-emulator" .. variables)
    assert.are_not.equal("", io.popen("find " .. elsewhere .. " -name openai-uploads-emulator"):read "*a")
    os.execute("unset LD_PRELOAD; make uninstall" .. variables)
    assert.are.equal("", io.popen("find " .. elsewhere .. " -type f"):read "*a")
    assert.are_not.equal("", io.popen("find " .. elsewhere):read "*a")
  end)
end)

describe("make install-emulator", function()
  local prefix, program

  setup(function()
    prefix = io.popen("mktemp -d"):read "*l"
    program = prefix .. "/bin/openai-uploads-emulator"
    local pipe = io.popen(("unset LD_PRELOAD; make --no-print-directory install-emulator BUILD=%s/build PREFIX=%s 2>&1")
      :format(prefix, prefix))
    check.holds("bin", pipe:read "*a")
    pipe:close()
  end)

  teardown(function() os.execute("rm -rf " .. prefix) end)

  -- What the command prints in the root folder, where no file of a checkout is found by accident, and its exit status.
  local function run(arguments)
    local pipe = io.popen(("unset LD_PRELOAD ASAN_OPTIONS LSAN_OPTIONS; cd /; { %s %s; } 2>&1; echo status $?")
      :format(program, arguments))
    local output = pipe:read "*a"
    pipe:close()
    return output
  end

  it("installs a command that serves another one and exits as it did", function()
    local output = run [[sh -c 'echo $OPENAI_BASE_URL; curl -s -o /dev/null -w "%{http_code}\n" -X POST \
      -H "api-key: $OPENAI_API_KEY" $OPENAI_BASE_URL/uploads/upload_0/cancel; exit 7']]
    assert.matches("^http://127%.0%.0%.1:%d+/v1\n404\nstatus 7\n$", output)
  end)

  it("installs a command that prints its addresses and ends on TERM", function()
    local child = assert(process.start(program))
    assert.matches("^http://127%.0%.0%.1:%d+/v1$", child.first_line)
    local names = {}
    for line in child.read_line do
      if line == "" then break end
      names[line:match "^%S+"] = true
    end
    assert.is_true(names.good and names.ca_file)
    child.stop()
    assert.is_nil(child.read_line())
  end)

  it("installs a command that says how it is used", function()
    assert.matches("^Usage: openai%-uploads%-emulator .*EMULATOR_PORT.*status 0\n$", run "--help")
    assert.matches("unknown option .*\nUsage: .*status 2\n$", run "--no-such-option")
  end)

  it("installs every Lua file of the emulator", function()
    assert.are.equal(io.popen "cd emulator && ls *.lua":read "*a",
      io.popen("cd " .. prefix .. "/share/openai-uploads/emulator && ls *.lua"):read "*a")
  end)
end)
