-- SPDX-License-Identifier: MIT
-- The parts of the command that depend on the interpreter: its arguments and exit status, the digest and the state of
-- an upload, and a signal. upload_spec and interrupt_spec run once; this one runs on each Lua.
-- Without a descriptor: too

local cli = require "spec.support.cli"
local with_service = require "spec.support.with_service"

describe("openai-uploads on this Lua", function()
  local folder, path

  local service = with_service.emulator()

  setup(function()
    folder = io.popen("mktemp -d"):read "*l"
    path = cli.write_file(folder .. "/a.jsonl", "hello world")
  end)

  teardown(function() os.execute("rm -rf " .. folder) end)

  local function start(...)
    return cli.start({ "upload", path, "--purpose", "batch", "--part-size", "4", "--max-retries", "0", ... },
      { OPENAI_BASE_URL = service.base_url })
  end

  local function parts_sent()
    local count = 0
    for _, request in ipairs((service.requests())) do
      if request.uri:find "/parts$" then count = count + 1 end
    end
    return count
  end

  it("sends a file, and prints the id of the File", function()
    local result = start("--md5").finish()
    assert.are.same({ "", 0 }, { result.stderr, result.status })
    local upload = service.uploads()[1]
    assert.are.same({ "completed", 11, 3 }, { upload.status, upload.file.bytes, #upload.parts })
    assert.are.equal(upload.file.id .. "\n", result.stdout)
    assert.is_truthy(service.requests()[5].body:find "5eb63bbbe01eeed093cb22bb8f5acdc3")
  end)

  it("saves what failed, and sends only what is missing", function()
    local state = folder .. "/state"
    service.answer_next { { call = "complete", status = 400 } }
    assert.are.equal(20, start("--resume", state).finish().status)
    local result = start("--resume", state).finish()
    assert.are.same({ "", 0 }, { result.stderr, result.status })
    assert.are.same({ "completed", 3 }, { service.uploads()[1].status, parts_sent() })
  end)

  it("cancels the Upload on Ctrl-C", function()
    service.answer_next { { call = "parts", delay = 30 } }
    local child = start()
    cli.wait_for(function() return parts_sent() > 0 end)
    cli.wait_for(child.is_asleep)
    child.interrupt()
    assert.are.equal(130, child.finish().status)
    assert.are.equal("cancelled", service.uploads()[1].status)
  end)

  -- Lua's own program answers it with an error in the code that runs: here, in a module that is being loaded.
  it("ends as interrupted where Ctrl-C comes before the command has the signals", function()
    local result = cli.run({ "cancel", "upload_1" }, { OPENAI_BASE_URL = service.base_url, LUA_INIT = [[
      package.preload["openai_uploads.cli.interruption"] = function()
        io.popen("kill -INT $PPID"):close()
        while true do string.rep("x", 1) end
      end
    ]] })
    assert.are.same({ "openai-uploads: interrupted; nothing was sent\n", 130 }, { result.stderr, result.status })
  end)

  it("sends what comes on standard input", function()
    local result = cli.run({ "upload", "-", "-p", "batch", "--filename", "a.jsonl", "--bytes", "11", "--part-size=4" },
      { OPENAI_BASE_URL = service.base_url }, "<" .. path)
    assert.are.same({ "", 0 }, { result.stderr, result.status })
    assert.are.same({ "completed", 3 }, { service.uploads()[1].status, parts_sent() })
  end)

  it("says what is wrong with its arguments", function()
    assert.are.equal(2, start("--part-size", "1.5").finish().status)
  end)
end)
