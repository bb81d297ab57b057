-- SPDX-License-Identifier: MIT
-- Each example runs, against the emulator, and prints what it says it prints.
-- Runs once: other specs prove the calls of the examples on each Lua.

local fault = require "spec.support.fault"
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

  describe("pass_on", function()
    local server = with_service.fault_server()

    local body = ("passed on\n"):rep(2000)

    -- Runs it with a URL that gives such an answer, and a size where one is given. Returns what it printed.
    local function pass_on(answer, bytes)
      local head = bytes and fault.answer(200, "", nil, { length = bytes, connection = "close" })
        or "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
      local played = server.script {
        { { "request" }, { "send", head }, { "close" } }, { { "request" }, { "send", answer }, { "close" } },
      }
      local code = ("arg = { '%s/pass/on.txt' } "):format(played.base_url) .. read_file "examples/pass_on.lua"
      local result = script.run(code, { OPENAI_BASE_URL = service.base_url, OPENAI_API_KEY = "sk-example" })
      played.close()
      assert.are.equal("", result.stderr)
      return result.stdout
    end

    local whole = fault.answer(200, body, nil, { connection = "close" })

    it("sends an answer whose size is told before", function()
      assert.is_truthy(pass_on(whole, #body):find "^on.txt is file%-%x+, 20000 bytes\n$")
    end)

    it("sends an answer whose size is not told", function()
      assert.is_truthy(pass_on(whole):find "^on.txt is file%-%x+, 20000 bytes\n$")
    end)

    it("sends none that is cut off, or no success", function()
      local cut = fault.answer(200, body, nil, { length = #body + 1, connection = "close" })
      assert.is_truthy(pass_on(cut, #body + 1):find "^not sent: .*gave up: closed; upload_%x+ was cancelled\n$")
      local refused = fault.answer(404, body, nil, { connection = "close" })
      assert.are.equal("not sent: aborted: the data function gave up: HTTP 404\n", pass_on(refused))
    end)
  end)
end)
