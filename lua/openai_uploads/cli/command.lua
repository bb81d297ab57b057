-- SPDX-License-Identifier: MIT
-- Runs one command line: words in, an exit code out.
local uploads = require "openai_uploads"
local arguments = require "openai_uploads.cli.arguments"
local calls = require "openai_uploads.cli.calls"
local core = require "openai_uploads.core"
local exit_codes = require "openai_uploads.cli.exit_codes"
local files = require "openai_uploads.cli.files"
local interruption = require "openai_uploads.cli.interruption"
local output = require "openai_uploads.cli.output"
local settings_of = require "openai_uploads.cli.settings"
local standard_streams = require "openai_uploads.cli.standard_streams"
local upload = require "openai_uploads.cli.upload"

local commands = {
  cancel = calls.cancel, create = calls.create, part = calls.part, complete = calls.complete, upload = upload,
  files = function(client, options, out) return files[options.action](client, options, out) end,
}

local function show_help(text, out)
  local written, why = io.stdout:write(text, "\n")
  if written then written, why = io.stdout:flush() end
  if written then return exit_codes.success end
  return out:failure(nil, { kind = "file", message = "standard output cannot be written: " .. why })
end

local function perform(options, out)
  local settings, failure = settings_of(options, out)
  if not settings then return out:failure(nil, failure) end
  return commands[options.command](uploads.new(settings), options, out)
end

-- Reports an error that was raised.
local function tell_raised(raised, options, out)
  if interruption.is(raised) then return out:interrupted(raised, nil, options and "nothing more was sent") end
  if type(raised) == "table" and raised.kind then return out:failure(nil, raised) end
  if raised == core.out_of_memory then
    return out:failure(nil, { kind = "out_of_memory", message = raised })
  end
  return out:failure(nil, { kind = "internal",
    message = "this is a fault of openai-uploads; please report it: " .. tostring(raised) })
end

--- Runs it with the words of a command line. Returns the exit code.
return function(words)
  local out, options = output.new { json = output.is_json_asked_for(words) }, nil
  local ran, result = pcall(function()
    if standard_streams.held.stdout then
      return out:failure(nil, { kind = "file", message = "standard output is closed; nothing was sent" })
    end
    local ending
    options, ending = arguments.parse(words)
    if options then
      out = output.new(options)
      return perform(options, out)
    end
    if ending.help then return show_help(ending.help, out) end
    return out:misuse(ending.misuse, ending.of)
  end)
  if ran then return result end
  return tell_raised(result, options, out)
end
