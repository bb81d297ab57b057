-- SPDX-License-Identifier: MIT
-- docs/command.md and the man page name every command and every option that the command has.
-- Without a sanitizer: the command's help is the work of Lua.

local check = require "spec.support.check"
local cli = require "spec.support.cli"

local function help_of(...) return cli.run({ ... }).stdout end

-- The commands that the help lists.
local function commands()
  local names = {}
  for name in help_of("--help"):match("\nCommands:\n(.-)\n\n"):gmatch "\n?   (%l+) " do names[#names + 1] = name end
  return names
end

-- The options, those of all commands included, each once.
local function options()
  local found, names = {}, {}
  local text = help_of "--help"
  for _, name in ipairs(commands()) do text = text .. help_of(name, "--help") end
  for name in text:gmatch "\n   %-%-([%l-]+)" do
    if not found[name] then names[#names + 1] = name end
    found[name] = true
  end
  return names
end

describe("the page of the command", function()
  local page = cli.read_file "docs/command.md"
  local man_page = cli.read_file "man/openai-uploads.1"

  it("names every command, as the man page does", function()
    assert.is_true(#commands() >= 5)
    for _, name in ipairs(commands()) do
      check.holds("`" .. name .. " ", page)
      check.holds(".Cm " .. name, man_page)
    end
  end)

  it("names every option, as the man page does", function()
    assert.is_true(#options() >= 20)
    for _, name in ipairs(options()) do
      check.holds("--" .. name, page)
      check.holds(" -" .. name, man_page)
    end
  end)
end)
