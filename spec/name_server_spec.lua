-- SPDX-License-Identifier: MIT
-- A name server that never answers. The resolver has more patience than the child has time to live: what comes to an
-- end was ended by us. Needs the right to mount over /etc/resolv.conf in a namespace of its own.

local process = require "spec.support.process"

local address = "127.53.53.53"

local program = ([[
  io.stdout:setvbuf "no"
  print "begun"
  local socket = require "socket"
  local uploads = require "openai_uploads"
  local silent = socket.udp4()
  assert(silent:setsockname("%s", 53))
  local client = uploads.new {
    base_url = "https://nowhere.example/v1", api_key = "sk", proxy = "", max_retries = 0, timeout = 60,
  }
  for _, name in ipairs { "connect_timeout", "timeout", "deadline" } do
    local _, failure = client.cancel("upload_1", { [name] = 0.1 })
    print(name .. " " .. failure.kind .. " " .. tostring(failure.may_have_applied))
  end
  print "done"
]]):format(address)

local function write_file(text)
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
  return path
end

describe("a name server that never answers", function()
  local resolv_conf, program_file

  setup(function()
    resolv_conf = write_file("nameserver " .. address .. "\noptions timeout:30 attempts:1\n")
    program_file = write_file(program)
  end)

  teardown(function()
    os.remove(resolv_conf)
    os.remove(program_file)
  end)

  local function start(command)
    local inside = ("mount --bind %s /etc/resolv.conf && exec %s"):format(resolv_conf, command)
    return process.start(("unshare --mount sh -c '%s' 2>/dev/null"):format(inside))
  end

  local function interpreter()
    local index = 0
    while arg[index - 1] do index = index - 1 end
    return arg[index]
  end

  it("does not keep a call beyond its timeouts", function()
    if os.getenv "LD_PRELOAD" then return pending "a child gets no preloaded sanitizer" end
    local probe = start "echo ready"
    if not probe then return pending "no namespace may be made here" end
    probe.stop()
    local child = assert(start(("timeout 5 %s %s"):format(interpreter(), program_file)))
    local lines = {}
    for line in child.read_line do lines[#lines + 1] = line end
    child.stop()
    assert.are.same({
      "connect_timeout timeout false", "timeout timeout false", "deadline timeout false", "done",
    }, lines)
  end)
end)
