-- SPDX-License-Identifier: MIT
-- Specs of documents: a reader follows each, and sees what it says.

local assert = require "luassert"
local document = require "spec.support.document"
local document_reader = require "spec.support.document_reader"
local emulator = require "spec.support.emulator"

local documents = {}

local is_run = { lua = true, sh = true, nginx = true, json = true, c = true }
local is_shown = { output = true, text = true }

--- The paths of all documents.
function documents.all()
  local paths = {}
  for path in document_reader.run("git ls-files -co --exclude-standard '*.md'"):gmatch "[^\n]+" do
    if path ~= "CHANGELOG.md" and not path:find "^%.github/" then paths[#paths + 1] = path end
  end
  return paths
end

--- A document has no code but in fences, in a language that says what is done with it, and no dead links.
function documents.check_form(path)
  assert.are.same({}, document.indented_code(path))
  assert.are.same({}, document.dead_links(path))
  for _, block in ipairs(document.read(path)) do
    assert.is_true(is_run[block.language] or is_shown[block.language], "line " .. block.line)
  end
end

local function check(block, output, status)
  assert.are.equal(0, status, output)
  if not block.output then return end
  assert.is_true(document.is_as_shown(output, block.output),
    ("it shows:\n%s\nit printed:\n%s"):format(block.output, output))
end

-- Commands that would run the suite within itself: CI runs each of them.
local function check_commands_of_ci(block)
  local ci = document_reader.run "cat .ci/run"
  for command in block.text:gmatch "[^\n]+" do
    assert.is_truthy(ci:find(command:gsub("^make ", "make --no-print-directory "), 1, true), command)
  end
end

local function follow(reader, block)
  if block.words.ci then return check_commands_of_ci(block) end
  check(block, reader:follow(block))
end

-- Files are written whichever language is asked for: other blocks use them.
local function concerns(block, wanted)
  return is_run[block.language] and ((block.language == "lua") == (wanted == "lua") or block.words.file)
end

--- Defines the specs of a document: of its Lua programs (wanted is "lua"), or of all the rest ("sh"). busted: its
--- functions.
function documents.add(path, wanted, busted)
  local blocks, service, reader = {}, nil, nil
  for _, block in ipairs(document.read(path)) do
    if concerns(block, wanted) then blocks[#blocks + 1] = block end
  end
  busted.describe(path, function()
    busted.setup(function()
      service = emulator.start()
      reader = document_reader.new(service, blocks)
    end)

    busted.teardown(function()
      if reader then reader:close() end
      if service then service.stop() end
    end)

    for _, block in ipairs(blocks) do
      local name = ("holds in line %d: %s"):format(block.line, block.text:match "[^\n]*")
      local hindrance = document_reader.hindrance(block)
      if hindrance then
        busted.pending(name .. ": " .. hindrance)
      else
        busted.it(name, function() follow(reader, block) end)
      end
    end
  end)
end

return documents
