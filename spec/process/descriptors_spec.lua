-- SPDX-License-Identifier: MIT
-- A child that the program starts, whenever that is, has no descriptor of ours: it would keep connections, files and
-- locks alive.

local check = require "spec.support.check"
local emulator = require "spec.support.emulator"
local script = require "spec.support.script"

describe("a child of the program", function()
  local service, path

  setup(function()
    service = emulator.start()
    path = os.tmpname()
    local file = assert(io.open(path, "w"))
    file:write(("x"):rep(3000))
    file:close()
  end)

  teardown(function()
    service.stop()
    os.remove(path)
  end)

  before_each(function() service.reset() end)

  -- Counts each kind of thing that a child has, and did not have before us: most of it at a time.
  local prologue = [[
    local path, authorities = os.getenv "FILE", os.getenv "AUTHORITIES"

    local function descriptors()
      local child = io.popen "unset LD_PRELOAD; for each in /proc/self/fd/*; do echo $each $(readlink $each); done"
      local found = {}
      for number, what in child:read "*a":gmatch "/(%d+) (%S+)" do found[number .. what] = what:gsub("%[%d+%]", "") end
      child:close()
      return found
    end

    local state = os.tmpname()
    local known, most, looks = descriptors(), {}, 0
    local function look()
      local counts = {}
      for name, kind in pairs(descriptors()) do
        if not known[name] and not kind:find "^pipe:" and not kind:find "^/proc/" then
          counts[kind] = (counts[kind] or 0) + 1
        end
      end
      for kind, count in pairs(counts) do most[kind] = math.max(most[kind] or 0, count) end
      looks = looks + 1
    end

    local uploads = require "openai_uploads"
    local client = uploads.new { ca_file = authorities, log = look }
    local params = { filename = "a", purpose = "batch", bytes = 3, mime_type = "c/d" }
  ]]

  local works = {
    { "calls", [[
      local id = client.create(params).id
      local transfer = client.start.parts.create(id, { file = path, length = 3, md5 = true })
      client.fd()
      transfer:wait()
      client.cancel(id)
    ]] },
    { "a whole file", [[
      local file = { file = path, purpose = "batch", part_size = 1000, on_progress = look, on_checkpoint = look }
      assert(client.upload_file_chunked(file))
    ]] },
    { "what the command and nginx use", [[
      local core = require "openai_uploads.core"
      local journal, waker, signals = core.journal(state), core.waker(), core.signals()
      local file, digest = core.open_file(path), client.start.upload_file_chunked { file = path, purpose = "batch" }
      look()
      assert(journal and waker and signals and file and digest)
    ]] },
  }
  for _, listener in ipairs { "plain", "good" } do
    for _, work in ipairs(works) do
      it(("has nothing of ours during %s, %s"):format(work[1], listener == "good" and "HTTP/2" or "HTTP"), function()
        if not io.open "/proc/self/fd/0" then pending "needs /proc" return end
        local result = script.run(prologue .. work[2] .. [[
          if most["socket:"] == 2 then most["socket:"] = nil end -- libcurl before 8.9 wakes itself up with these
          for kind, count in pairs(most) do print(count, kind) end
          print(looks > 0 and "looked")
          os.remove(state)
        ]], {
          OPENAI_BASE_URL = service.tls[listener] or service.base_url, AUTHORITIES = service.ca_file, FILE = path,
          OPENAI_API_KEY = check.key,
        })
        assert.are.same({ "looked\n", "" }, { result.stdout, result.stderr })
      end)
    end
  end
end)
