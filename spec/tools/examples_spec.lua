-- SPDX-License-Identifier: MIT
-- Each example runs, against the emulator, and prints what it says it prints.
-- Runs once: other specs prove the calls of the examples on each Lua.

local script = require "spec.support.script"
local with_service = require "spec.support.with_service"

local function read_file(path)
  local file = assert(io.open(path))
  local text = file:read("*a")
  file:close()
  return text
end

describe("the example", function()

  local service = with_service.emulator()

  for _, row in ipairs {
    { "cancel", "status     = cancelled.*bad_request: .*may_have_applied = false" },
    { "parts", "^sent 3 parts\ncompleted: parts.txt, 113 bytes\nsent 3 parts\nrefused, and cancelled: bad_request: " },
    { "upload_file", "^README.md: 0 of %d+ bytes\n.*README.md is file%-%x+, %d+ bytes\n$" },
    { "game_loop", "^cancelled in %d+ frames" },
  } do
    it(row[1] .. " runs", function()
      local result = script.run(read_file(("examples/%s.lua"):format(row[1])),
        { OPENAI_BASE_URL = service.base_url, OPENAI_API_KEY = "sk-example" })
      assert.are.same({ "", 0 }, { result.stderr, result.status })
      assert.is_truthy(result.stdout:find(row[2]), result.stdout)
    end)
  end
end)
