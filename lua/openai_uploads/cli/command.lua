-- SPDX-License-Identifier: MIT
-- What the command does: words in, an exit code out.
local uploads = require "openai_uploads"
local arguments = require "openai_uploads.cli.arguments"
local calls = require "openai_uploads.cli.calls"
local exit_codes = require "openai_uploads.cli.exit_codes"
local interruption = require "openai_uploads.cli.interruption"
local output = require "openai_uploads.cli.output"
local standard_streams = require "openai_uploads.cli.standard_streams"
local upload = require "openai_uploads.cli.upload"

local commands = {
  cancel = calls.cancel, create = calls.create, part = calls.part, complete = calls.complete, upload = upload,
}

local function show_help(text, out)
  local written, why = io.stdout:write(text, "\n")
  if written then written, why = io.stdout:flush() end
  if written then return exit_codes.success end
  return out.failure(nil, { kind = "file", message = "standard output cannot be written: " .. why })
end

-- What is said of a setting, in the words of the command line.
local function misuse_in(raised)
  local name, text = raised:match "bad option '([%w_]+)' %((.*)%)"
  return name and ("option '--%s': %s"):format(name:gsub("_", "-"), text) or raised
end

local function perform(options, out)
  local timeout = options.timeout
  local made, client = pcall(uploads.new, {
    base_url = options.base_url, timeout = timeout, stall_timeout = timeout,
    deadline = options.deadline, max_retries = options.max_retries, log = options.verbose and out.log or nil,
    loop = interruption.loop,
  })
  if made then return commands[options.command](client, options, out) end
  return out.misuse(misuse_in(client), "openai-uploads")
end

-- What ended the command from within.
local function tell_raised(raised, options, out)
  if interruption.is(raised) then return out.interrupted(raised, nil, options and "nothing more was sent") end
  if type(raised) == "table" and raised.kind then return out.failure(nil, raised) end
  if tostring(raised):find("not enough memory", 1, true) then
    return out.failure(nil, { kind = "out_of_memory", message = "not enough memory" })
  end
  return out.failure(nil, { kind = "internal", message = "this is a fault of the program: " .. tostring(raised) })
end

--- Runs it with the words of a command line. Returns the exit code.
return function(words)
  local out, options = output.new {}, nil
  local ran, result = pcall(function()
    if standard_streams.held.stdout then
      return out.failure(nil, { kind = "file", message = "standard output is closed" })
    end
    local ending
    options, ending = arguments.parse(words)
    if options then
      out = output.new(options)
      return perform(options, out)
    end
    if ending.help then return show_help(ending.help, out) end
    return out.misuse(ending.misuse, ending.of)
  end)
  if ran then return result end
  return tell_raised(result, options, out)
end
