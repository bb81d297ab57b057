-- SPDX-License-Identifier: MIT
-- The picture in README.md is one of a real run, which its script makes again.
-- Runs once: what is drawn is the same on every Lua.
if _VERSION ~= "Lua 5.4" then return pending "the picture: it is drawn by Lua 5.4" end

local check = require "spec.support.check"
local cli = require "spec.support.cli"
local reader = require "spec.support.document_reader"

describe("the picture of the bar", function()
  it("is in README.md, and there", function()
    local path = cli.read_file("README.md"):match "!%[[^%]]+%]%(([^%)]+)%)"
    check.holds("<svg ", cli.read_file(path))
  end)

  it("is drawn from a run of the command", function()
    local want = os.getenv "LD_PRELOAD" and "it is drawn by an ordinary build" or cli.want_of_terminal()
    if want then return pending(want) end
    local svg, status = reader.run(("LUA_PATH='%s' LUA_CPATH='%s' lua5.4 docs/scripts/picture.lua"):format(package.path,
      package.cpath))
    assert.are.equal(0, status, svg)
    for _, text in ipairs { "$ openai-uploads upload", "100 % [####", ">file-" } do check.holds(text, svg) end
  end)
end)
