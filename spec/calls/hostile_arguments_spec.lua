-- SPDX-License-Identifier: MIT
-- Arguments that are wrong, lie, change, raise, yield, close and collect, in everything that a program can reach: no
-- call ends the process, hangs, leaks or raises an error of ours, and a call after them goes well.

local part_data = require "spec.support.part_data"
local script = require "spec.support.script"
local with_service = require "spec.support.with_service"

local SEEDS, CALLS = 4, 750

local service = with_service.emulator()

teardown(function() part_data.forget() end)

local program = [[
  package.loaded.luassert = true -- which is not needed, and patches much
  if rawget(_G, "jit") then jit.off() end -- what it compiles holds on to what it was compiled for
  local hostile = require "spec.support.hostile"
  local part_data = require "spec.support.part_data"
  local base_url, path, seed, calls = os.getenv "BASE_URL", os.getenv "FILE", os.getenv "SEED", os.getenv "CALLS"
  local function descriptors()
    for _ = 1, 4 do collectgarbage() end
    return part_data.descriptors()
  end
  hostile.run(0, 10, base_url, path) -- what is loaded, and made once
  local before = descriptors()
  hostile.run(tonumber(seed), tonumber(calls), base_url, path)
  local after = descriptors()
  local client = require("openai_uploads").new { base_url = base_url, api_key = "sk-1", proxy = "" }
  local upload = assert(client.create { filename = "a.txt", purpose = "batch", bytes = 1, mime_type = "text/plain" })
  print(("%s, %d descriptors left"):format(upload.status, after - before))
]]

for seed = 1, SEEDS do
  it(("%d calls with hostile arguments end, each by itself (seed %d)"):format(CALLS, seed), function()
    local result = script.run(program, {
      BASE_URL = service.base_url, FILE = part_data.file "hello", SEED = tostring(seed), CALLS = tostring(CALLS),
    })
    local calls, last = result.stdout:match "([^\n]+)\n([^\n]+)\n$"
    assert.are.same({ "pending, 0 descriptors left", 0 }, { last, result.status },
      ("after: %s\n%s"):format(calls, result.stderr:sub(-2000)))
    local returned, raised = calls:match "^(%d+) returned, (%d+) raised$"
    assert.are.equal(CALLS, returned + raised)
    assert.is_true(tonumber(returned) > CALLS / 4, returned) -- else it tried nothing but the first check of each
  end)
end
