-- SPDX-License-Identifier: MIT
-- The host of examples/embed, which brings the module along inside: built by make, and run where there is no Lua
-- file to be read.
-- Runs once: the host is linked with Lua 5.4.
-- luacheck: read globals package.searchpath

local check = require "spec.support.check"
local with_service = require "spec.support.with_service"

local build = os.getenv "TEST_BUILD" or "build"
local host = build .. "/examples/embed/host"

local function quoted(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

-- The suite may run under a preloaded sanitizer; the host, where it has one, is linked with its own.
local function run(command)
  local pipe = assert(io.popen("unset LD_PRELOAD ASAN_OPTIONS LSAN_OPTIONS; " .. command .. "; printf '\\n%d' $?"))
  local output, status = pipe:read("*a"):match("^(.*)\n(%d+)$")
  pipe:close()
  return output, tonumber(status)
end

local function read_file(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

local function write_file(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

local folder

setup(function() folder = assert(run("mktemp -d")):match("^[^\n]+") end)

teardown(function() run("rm -rf " .. quoted(folder)) end)

describe("a host with the module inside", function()

  local service = with_service.emulator()

  setup(function()
    local flags = os.getenv "TEST_CFLAGS"
    local output, status = run(("make --no-print-directory BUILD=%s %s %s 2>&1"):format(quoted(build),
      flags and "CFLAGS=" .. quoted(flags) or "", quoted(host)))
    assert.are.equal(0, status, output)
  end)

  -- In an empty folder, with no path to any Lua file and none to any library but cjson. Returns what it printed, what
  -- it complained of, and its exit status.
  local function run_host()
    local environment = {
      LD_LIBRARY_PATH = os.getenv "LD_LIBRARY_PATH" or "", LUA_PATH = "",
      LUA_CPATH = assert(package.searchpath("cjson", package.cpath)),
      OPENAI_BASE_URL = service.base_url, OPENAI_API_KEY = check.key,
    }
    local words = {}
    for name, value in pairs(environment) do words[#words + 1] = name .. "=" .. quoted(value) end
    local output, status = run(([[
      host=$(realpath %s)
      mkdir %s/empty && cd %s/empty && timeout -s KILL 30 env -i %s "$host" 2>../errors
    ]]):format(quoted(host), quoted(folder), quoted(folder), table.concat(words, " ")):gsub("%s+$", ""))
    return output, read_file(folder .. "/errors"), status
  end

  it("steps its transfers once a frame, and ends while some of them run", function()
    service.answer_next { { delay = 0 }, { delay = 0 }, { delay = 30 }, { delay = 30 } }
    local output, errors, status = run_host()
    assert.are.same({ "", 0 }, { errors, status }, output)
    assert.is_truthy(output:find("^frame %d+: pending\nframe %d+: cancelled\n" ..
      "frame %d+: the player leaves, 2 replays asked for\nclosing while 2 transfers run\nclosed\n$"), output)
  end)
end)

describe("carry.lua", function()
  -- What it makes of files, given by name, in the order of `names`.
  local function carried(files, names)
    local words = {}
    for index, name in ipairs(names) do
      write_file(folder .. "/" .. name, files[name])
      words[index] = quoted(folder .. "/./" .. name)
    end
    local output, status = run(("%s examples/embed/carry.lua %s/carried.c %s 2>&1"):format(
      os.getenv "TEST_LUA" or "lua5.4", quoted(folder), table.concat(words, " ")))
    assert.are.equal(0, status, output)
    return read_file(folder .. "/carried.c")
  end

  it("carries every byte, and nothing at all", function()
    local all = {}
    for byte = 0, 255 do all[#all + 1] = string.char(byte) end
    local files = { ["all.lua"] = table.concat(all):rep(3), ["none.lua"] = "" }
    local found = {}
    for numbers in carried(files, { "all.lua", "none.lua" }):gmatch "%[%] = {\n([%d%s,]*)};" do
      local bytes = {}
      for number in numbers:gmatch "%d+" do bytes[#bytes + 1] = string.char(tonumber(number)) end
      found[#found + 1] = table.concat(bytes)
    end
    assert.are.same({ files["all.lua"] .. "\0", "\0" }, found) -- the last byte is its own
  end)

  it("makes the same of the same files in any order", function()
    local files = { ["a.lua"] = "return 1", ["b.lua"] = "return 2" }
    assert.are.equal(carried(files, { "a.lua", "b.lua" }), carried(files, { "b.lua", "a.lua" }))
  end)

  it("names modules as `require` does", function()
    run("mkdir -p " .. quoted(folder .. "/one/two"))
    local files = { ["one/init.lua"] = "", ["one/two/init.lua"] = "", ['one/two/th"ree.lua'] = "" }
    local made = carried(files, { "one/init.lua", "one/two/init.lua", 'one/two/th"ree.lua' })
    check.holds('{"one", "@one/init.lua",', made)
    check.holds('{"one.two", "@one/two/init.lua",', made)
    check.holds([[{"one.two.th\042ree", "@one/two/th\042ree.lua",]], made)
  end)
end)
