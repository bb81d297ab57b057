-- SPDX-License-Identifier: MIT
-- A name server that never answers. The resolver has more patience than the child has time to live: what comes to an
-- end was ended by us.

local built = require "spec.support.built"
local process = require "spec.support.process"

local program = [[
  local uploads = require "openai_uploads"
  local client = uploads.new {
    base_url = "https://service.hangs.example/v1", api_key = "sk", proxy = "", max_retries = 0, timeout = 60,
  }
  for _, name in ipairs { "connect_timeout", "timeout", "deadline" } do
    local _, failure = client.cancel("upload_1", { [name] = 0.1 })
    print(name .. " " .. failure.kind .. " " .. tostring(failure.may_have_applied))
  end
  print "done"
]]

local function write_file(text)
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
  return path
end

describe("a name server that never answers", function()
  local library, program_file

  setup(function()
    program_file = write_file(program)
    library = assert(built.library "hanging_resolver")
  end)

  teardown(function()
    os.remove(program_file)
  end)

  local function interpreter()
    local index = 0
    while arg[index - 1] do index = index - 1 end
    return arg[index]
  end

  it("does not keep a call beyond its timeouts", function()
    local preload = (os.getenv "LD_PRELOAD" or "") .. " " .. library
    local child = assert(process.start(("env 'LD_PRELOAD=%s' ASAN_OPTIONS=detect_leaks=0 timeout 10 %s %s")
      :format(preload, interpreter(), program_file)))
    local lines = { child.first_line }
    for line in child.read_line do lines[#lines + 1] = line end
    child.stop()
    assert.are.same({
      "connect_timeout timeout false", "timeout timeout false", "deadline timeout false", "done",
    }, lines)
  end)
end)
