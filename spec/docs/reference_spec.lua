-- SPDX-License-Identifier: MIT
-- docs/reference.md is what its script makes of types.lua, and both name what the library has.
local check = require "spec.support.check"
local reader = require "spec.support.document_reader"
local uploads = require "openai_uploads"

local function read_file(path)
  local file = assert(io.open(path))
  local text = file:read "*a"
  file:close()
  return text
end

local lua = os.getenv "TEST_LUA" or "lua5.4"

describe("the reference", function()
  it("is up to date (else: make reference)", function()
    local made, status = reader.run(lua .. " docs/scripts/reference.lua lua/openai_uploads/types.lua")
    assert.are.equal(0, status, made)
    assert.are.equal(read_file "docs/reference.md", made)
  end)

  local function check_names(of, prefix)
    for name, value in pairs(of) do
      if type(value) == "table" then
        check_names(value, prefix .. name .. ".")
      elseif type(value) == "function" then
        check.holds(("### `%s%s("):format(prefix, name), read_file "docs/reference.md")
      end
    end
  end

  it("names every function of a client", function() check_names(uploads, "uploads.") end)

  -- Each setting once: an unknown one raises, a known one of a wrong type raises something else.
  it("names settings and options that there are", function()
    local text, count = read_file "docs/reference.md", 0
    for name in (text:match "\n## Settings\n(.-)\n### CancelAllOptions"):gmatch "\n| `([%w_]+)`%?" do
      local _, raised = pcall(uploads.new, { [name] = function() end })
      check.lacks("unknown", raised)
      count = count + 1
    end
    assert.is_true(count > 30)
  end)
end)
