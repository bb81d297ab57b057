-- SPDX-License-Identifier: MIT
-- Parts of as many bytes as a part takes, and of more.
-- Runs once: the bytes are counted in C; bad_luck_spec has the lengths that are told, on each Lua.

local check = require "spec.support.check"
local part_data = require "spec.support.part_data"
local rows = require "spec.support.rows"
local with_service = require "spec.support.with_service"

local MIB = 1024 * 1024

local server = with_service.fault_server()
local service = with_service.emulator()

teardown(function() part_data.forget() end)

describe("more than a part takes is refused:", function()
  local most = 64 * MIB

  it("a function that does not tell, as soon as it has given it", function()
    local script = server.script { { { "head" }, { "await_close" } } }
    local client = rows.client(script.base_url, { max_retries = 2 })
    local chunk, count = ("x"):rep(MIB), 0
    local function data()
      count = count + 1
      return chunk
    end
    rows.check_failure({ kind = "too_large", may = false, says = "^the data function gave more than 67108864 bytes" },
      client.parts.create("upload_1", { data = data, rewind = error }))
    assert.are.equal(65, count)
    script.close()
  end)

  it("but not exactly as much", function()
    local client = check.client(service)
    local path = part_data.sparse_file(most)
    local file = assert(io.open(path, "r+b")) -- something at its end
    file:seek("set", most - 3)
    file:write("end")
    file:close()
    local chunk = ("\0"):rep(MIB)
    local given = 0
    local function data()
      given = given + 1
      if given < 64 then return chunk end
      return given == 64 and chunk:sub(1, -4) .. "end" or nil
    end
    for index, params in ipairs { { file = path }, { data = ("\0"):rep(most - 3) .. "end" }, { data = data } } do
      local id = service.make_uploads(1)[1]
      local part, failure = client.parts.create(id, params)
      assert.is_nil(failure)
      assert.are.equal(part.id, service.upload(id).parts[1].id)
      assert.are.equal(part_data.md5_of_file(path), service.upload(id).parts[1].md5, index)
    end
  end)
end)
