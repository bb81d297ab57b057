-- SPDX-License-Identifier: MIT
-- What `require "openai_uploads"` says where the C module or its cjson cannot be loaded: with builds for another Lua,
-- without one, and in a program that keeps its Lua to itself.
-- luacheck: read globals package.searchpath

local built = require "spec.support.built"
local check = require "spec.support.check"
local exists = require "spec.support.exists"
local load_problem = require "openai_uploads.load_problem"
local script = require "spec.support.script"
local with_service = require "spec.support.with_service"

local is_luajit = rawget(_G, "jit") ~= nil
local name_of_lua = is_luajit and "LuaJIT" or _VERSION
local number_of_lua = _VERSION:match "%d%.%d"
local name_for_make = is_luajit and "luajit" or "lua" .. number_of_lua
local build = os.getenv "TEST_BUILD" or "build"

local names = {
  ["lua5.1"] = "Lua 5.1", ["lua5.2"] = "Lua 5.2", ["lua5.3"] = "Lua 5.3", ["lua5.4"] = "Lua 5.4",
  ["lua5.5"] = "Lua 5.5", luajit = "LuaJIT",
}

-- The first file of a module on this Lua's cpath.
local function find(module)
  for pattern in package.cpath:gmatch "[^;]+" do
    local path = pattern:gsub("%?", (module:gsub("%.", "/")))
    if exists(path) then return path end
  end
end

local function folder_of(module)
  return (assert(find(module), module):gsub(module:gsub("%.", "/") .. "%.so$", "?.so"))
end

-- The words of two attempts, one after the other, with this package.cpath.
local function words_of_two(cpath)
  local result = script.run([[
    for _ = 1, 2 do
      local loaded, why = pcall(require, "openai_uploads")
      io.write(tostring(loaded), " ", tostring(why), "\0")
    end
    io.write(tostring(package.loaded.openai_uploads))]], { LUA_CPATH = cpath })
  assert.are.same({ "", 0 }, { result.stderr, result.status })
  local first, second, left = result.stdout:match "^(%Z*)%z(%Z*)%z(%Z*)$"
  assert.are.same({ first, "nil" }, { second, left })
  return first
end

-- Checks the first line, which `openai-uploads` shows alone, and that Lua's own words stand below.
local function check_words(first_line, own, words)
  assert.are.equal("false openai_uploads cannot be loaded: " .. first_line, words:match "^[^\n]*")
  check.holds(own, words:match "\n.*")
end

local function advice_to_build()
  return ("build it with 'make install-modules LUA=%s', and see that package.cpath finds that file first."):format(
    name_for_make)
end

describe("a C module that was built for", function()
  for other, name in pairs(names) do
    -- LuaJIT runs what is built for 5.1
    if other ~= name_for_make and not (is_luajit and other == "lua5.1") then
      it(name .. " is named, with the Lua that runs and what to do", function()
        local path = ("%s/%s/openai_uploads/core.so"):format(build, other)
        if not exists(path) then return pending(path .. " is not built") end
        check_words(("'%s' is built for %s, and this is %s: %s"):format(path, name, name_of_lua, advice_to_build()),
          "", words_of_two(("%s/%s/?.so;%s"):format(build, other, folder_of "cjson")))
      end)
    end
  end
end)

describe("a C module that is not there", function()
  it("is named, with what to do", function()
    check_words("its C module, openai_uploads/core.so, is nowhere on package.cpath: " .. advice_to_build(),
      "module 'openai_uploads.core' not found", words_of_two(folder_of "cjson"))
  end)
end)

describe("a cjson", function()
  local advice = ("install lua-cjson for %s: Debian has it as lua-cjson, LuaRocks by 'luarocks --lua-version=%s "
    .. "install lua-cjson'."):format(name_of_lua, number_of_lua)

  it("that is not there is named, with what to install", function()
    check_words("no module 'cjson' was found: " .. advice, "module 'cjson' not found",
      words_of_two(folder_of "openai_uploads.core"))
  end)

  it("that was built for another Lua is named, with what to install", function()
    local other = number_of_lua == "5.4" and "5.3" or "5.4"
    local path = find("cjson"):gsub("5%.%d", other)
    if not exists(path) then return pending("no cjson for Lua " .. other .. " at " .. path) end
    check_words(("'%s' is built for another Lua, and this is %s: %s"):format(path, name_of_lua, advice),
      "undefined symbol", words_of_two(("%s;%s"):format(folder_of "openai_uploads.core", (path:gsub("cjson", "?")))))
  end)
end)

describe("a program that keeps its Lua to itself", function()
  local library = is_luajit and "libluajit-5.1.so.2" or ("liblua%s.so.0"):format(number_of_lua)
  local can_share = name_of_lua ~= "Lua 5.1"

  local service = with_service.emulator()
  local host

  setup(function() host = assert(built.program "private_lua") end)

  local function run(code, environment)
    local path = os.tmpname()
    local file = assert(io.open(path, "w"))
    file:write(code)
    file:close()
    local pipe = assert(io.popen(("unset LD_PRELOAD; env LUA_PATH='%s' LUA_CPATH='%s' OPENAI_API_KEY=%s "
      .. "OPENAI_BASE_URL='%s' %s timeout 30 '%s' %s %s 2>&1"):format(package.path, package.cpath, check.key,
        service.base_url, environment or "", host, library, path)))
    local output = pipe:read "*a"
    pipe:close()
    os.remove(path)
    return output
  end

  local function is_absent()
    if run "" ~= "" then return pending("it has no " .. library) end
  end

  local cancel = [[print(select(2, require("openai_uploads").cancel "upload_none"))]]

  it("is told how to share it", function()
    if is_absent() then return end
    local words = run(cancel)
    local call = can_share and ('Call package.loadlib("%s", "*") before the first require, with the very file that '
      .. "the program has loaded (another version's file crashes), or start"):format(library) or "Start"
    check.holds(("openai_uploads cannot be loaded: this program keeps its %s to itself, so a C module cannot use it. "
      .. "%s the program with LD_PRELOAD=%s.\n"):format(name_of_lua, call, library), words)
    check.holds("undefined symbol: lua", words)
  end)

  it("runs the module once it does as it is told", function()
    if (os.getenv "LD_PRELOAD" or ""):find "asan" then return pending "the sanitizer must be in that program" end
    if is_absent() then return end
    if can_share then
      check.holds("not_found: No such Upload", run(('package.loadlib("%s", "*")\n%s'):format(library, cancel)))
    end
    check.holds("not_found: No such Upload", run(cancel, "LD_PRELOAD=" .. library))
  end)
end)

describe("load_problem", function()
  local head = "openai_uploads cannot be loaded: "

  local function lacking(name, path, words)
    return ("error loading module '%s' from file '%s':\n\t%s"):format(name, path, words)
  end

  for _, row in ipairs {
    { "musl", "Error relocating /x/core.so: lua_callk: symbol not found" },
    { "macOS", "dlopen(/x/core.so, 0x0006): symbol not found in flat namespace '_lua_callk'" },
    { "an older macOS", "Symbol not found: _lua_callk" },
  } do
    it("knows a build for another Lua by the words of " .. row[1] .. ", and names both cures", function()
      local raised = lacking("openai_uploads.core", "/x/core.so", row[2])
      local words = load_problem(raised)
      check.holds(head .. "'/x/core.so' is built for another Lua, and this is " .. name_of_lua, words)
      check.holds("Or this program keeps its " .. name_of_lua .. " to itself", words)
      check.holds("\n" .. raised, words)
    end)
  end

  it("knows the version that a later Lua misses", function()
    check.holds(("' is built for %s, and this is %s: build it"):format(name_of_lua, name_of_lua),
      load_problem "version mismatch: app. needs 504.0, Lua core provides 505.0")
  end)

  for _, raised in ipairs {
    lacking("openai_uploads.core", "/x/core.so", "/x/core.so: undefined symbol: curl_multi_wakeup"),
    lacking("openai_uploads.core", "/x/core.so", "libcurl.so.4: cannot open shared object file"),
    lacking("luasocket.core", "/x/core.so", "out of luck"), "multiple Lua VMs detected", {}, 5,
  } do
    it("adds nothing to other errors: " .. tostring(raised):gsub("table: .*", "a table"):sub(-60), function()
      assert.are.equal(raised, load_problem(raised))
    end)
  end
end)
