-- SPDX-License-Identifier: MIT
-- A name server that never answers. The resolver has more patience than the child has time to live: what comes to an
-- end was ended by us.

local built = require "spec.support.built"
local process = require "spec.support.process"
local with_service = require "spec.support.with_service"

local prologue = [[
  io.stdout:setvbuf "no"
  local uploads = require "openai_uploads"
  local function new_client(base_url)
    return uploads.new {
      base_url = base_url, api_key = "sk", proxy = "", max_retries = 0, timeout = 60, allow_plain_http = true,
    }
  end
]]

local function write_file(text)
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
  return path
end

local function interpreter()
  local index = 0
  while arg[index - 1] do index = index - 1 end
  return arg[index]
end

describe("a name server that never answers", function()
  local library

  local service = with_service.emulator()

  setup(function()
    library = assert(built.library "hanging_resolver")
  end)

  -- The lines that a program prints, and "ended" after its end. It has ten seconds, and look-ups hang for 30. They
  -- hang while there is a file at HANGS_WHILE, which the program may remove.
  local function lines_of(program)
    local program_file, hangs_while = write_file(prologue .. program), os.tmpname()
    local preload = (os.getenv "LD_PRELOAD" or "") .. " " .. library
    local child = assert(process.start(
      ("env 'LD_PRELOAD=%s' ASAN_OPTIONS=detect_leaks=0 HANGS_WHILE=%s timeout 10 sh -c '%s %s && echo ended'")
        :format(preload, hangs_while, interpreter(), program_file)))
    local lines = { child.first_line }
    for line in child.read_line do lines[#lines + 1] = line end
    child.stop()
    os.remove(program_file)
    os.remove(hangs_while)
    return lines
  end

  it("does not keep a call beyond its timeouts, nor the client's end, its collection or that of the program", function()
    assert.are.same({
      "connect_timeout timeout false", "timeout timeout false", "deadline timeout false", "closed", "timeout",
      "collected", "timeout", "ended",
    }, lines_of [[
      local client = new_client "https://service.hangs.example/v1"
      for _, name in ipairs { "connect_timeout", "timeout", "deadline" } do
        local _, failure = client.cancel("upload_1", { [name] = 0.1 })
        print(name .. " " .. failure.kind .. " " .. tostring(failure.may_have_applied))
      end
      client.close()
      print "closed"

      local function time_out(client)
        local _, failure = client.cancel("upload_1", { timeout = 0.1 })
        print(failure.kind)
      end
      time_out(new_client "https://service.hangs.example/v1")
      collectgarbage()
      collectgarbage()
      print "collected"
      time_out(client)
    ]])
  end)

  it("keeps no later call waiting once it answers", function()
    local port = service.base_url:match ":(%d+)"
    assert.are.same({ "30 timed out", "not_found", "ended" }, lines_of(([[
      local client, timed_out = new_client "http://service.hangs.example:%d/v1", 0
      for _ = 1, 30 do
        local _, failure = client.cancel("upload_1", { timeout = 0.02 })
        timed_out = timed_out + (failure.kind == "timeout" and 1 or 0)
      end
      print(timed_out .. " timed out")
      os.remove(os.getenv "HANGS_WHILE")
      local _, failure = client.cancel("upload_1", { timeout = 5 })
      print(failure.kind)
    ]]):format(port)))
  end)
end)
