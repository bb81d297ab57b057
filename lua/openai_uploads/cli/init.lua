-- SPDX-License-Identifier: MIT
-- The command `openai-uploads`. It first fills standard streams that are closed, because the next descriptor would take
-- their numbers, then takes the signals over, then loads the rest.
require "openai_uploads.load_core" -- says in plain words why it cannot be loaded
local interruption = require "openai_uploads.cli.interruption"
local output = require "openai_uploads.cli.output"
local standard_streams = require "openai_uploads.cli.standard_streams"

-- Lua's text for a missing module lists every place it looked in: the first line names the module.
local function message_of(raised)
  local text = tostring(raised)
  if text:find "module 'argparse' not found" then
    return "no module 'argparse' was found: Debian has it as lua-argparse, LuaRocks by 'luarocks install argparse'"
  end
  return text:match "^(.-):?\n" or text
end

local function tell_not_loaded(raised, words)
  local failure = { kind = "internal", message = message_of(raised) }
  return output.new({ json = output.is_json_asked_for(words) }):failure(nil, failure)
end

--- Runs it with the words of a command line. Returns the exit code.
return function(words)
  standard_streams.hold()
  local watches, failure = interruption.watch()
  if not watches then return output.new({ json = output.is_json_asked_for(words) }):failure(nil, failure) end
  local loaded, command = pcall(require, "openai_uploads.cli.command")
  if not loaded then return tell_not_loaded(command, words) end
  return command(words)
end
