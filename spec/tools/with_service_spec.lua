-- SPDX-License-Identifier: MIT
-- What with_service promises to the specs, proved by a suite of its own in which one fails.

local part_data = require "spec.support.part_data"
local script = require "spec.support.script"

local suite = [[
  local check = require "spec.support.check"
  local with_service = require "spec.support.with_service"
  local pids

  describe("a block", function()
    local service, server = with_service.emulator(), with_service.fault_server()
    local client, transfer -- a client that is collected is closed only with its last transfer

    it("fails with something under way", function()
      pids = { service.pid, server.pid }
      service.make_uploads(1)
      client = check.client(server.script { { { "request" }, { "stall" } } })
      transfer = client.start.cancel "upload_1"
      error "oh dear"
    end)

    it("finds nothing of that", function() print("left", #service.uploads(), select(3, transfer:poll()).kind) end)
  end)

  it("comes after the block", function()
    for _, pid in ipairs(pids) do os.execute(("kill -0 %d 2>/dev/null && echo runs || echo ended"):format(pid)) end
  end)
]]

local runner = [[
  arg = { "--output=TAP", os.getenv "SUITE", [0] = arg[0], [-1] = arg[-1] }
  require "busted.runner" { standalone = false }
]]

describe("with_service", function()
  local path, result

  setup(function()
    path = os.tmpname() .. "_spec.lua"
    part_data.write(path, suite)
    result = script.run(runner, { SUITE = path })
  end)

  teardown(function()
    os.remove(path)
    os.remove((path:gsub("_spec%.lua$", "")))
  end)

  it("ends its services with the block, also after a spec that failed", function()
    local _, ended = result.stdout:gsub("ended\n", "")
    assert.are.same({ 2, nil }, { ended, result.stdout:match "runs\n" }, result.stdout .. result.stderr)
  end)

  it("leaves no Upload and no open client to the next spec", function()
    assert.matches("left\t0\taborted", result.stdout)
  end)

  it("hides no failure", function()
    assert.matches("not ok 1", result.stdout)
    assert.are.equal(1, result.status)
  end)
end)
