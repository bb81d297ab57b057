-- SPDX-License-Identifier: MIT
-- The man page is well formed, and the command takes what its examples say.
-- Runs once: the shell commands are the same on every Lua.
if _VERSION ~= "Lua 5.4" then return pending "the examples of the man page: they are run by Lua 5.4" end

local cli = require "spec.support.cli"
local document_reader = require "spec.support.document_reader"
local with_service = require "spec.support.with_service"

local NOT_FOUND = 23 -- the exit code for the ids of the page, which no Upload has

-- The commands behind the prompts of the EXAMPLES, with their further lines.
local function examples()
  local text = cli.read_file("man/openai-uploads.1"):match "%.Sh EXAMPLES\n(.-)\n%.Sh"
  local commands = {}
  for line in text:gsub("\\e\n%s*", ""):gmatch "[^\n]+" do
    commands[#commands + 1] = line:match "^%.Dl %$ (.*)$" or line:match "^%$ (.*)$"
  end
  return commands
end

describe("the man page", function()
  local reader

  local service = with_service.emulator()

  setup(function()
    reader = document_reader.new(service, {})
    cli.write_file(reader.folder .. "/work/a.pdf", "%PDF-1.7\n")
  end)

  teardown(function() reader:close() end)

  it("has examples that work, one after the other", function()
    local commands = examples()
    assert.is_true(#commands >= 5)
    for index, command in ipairs(commands) do
      commands[index] = ("%s || [ $? -eq %d ]\n"):format(command, NOT_FOUND)
    end
    local output, status = reader:follow { language = "sh", words = {}, text = table.concat(commands) }
    assert.are.equal(0, status, output)
  end)

  it("is shown by man without a complaint", function()
    if document_reader.hindrance { words = { needs = "man" } } then return pending "there is no man" end
    local output, status = document_reader.run "man --warnings -l man/openai-uploads.1 2>&1 >/dev/null"
    assert.are.same({ "", 0 }, { output, status })
  end)
end)
