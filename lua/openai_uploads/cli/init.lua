-- SPDX-License-Identifier: MIT
-- The command `openai-uploads`. Signals are taken over before all else is loaded, and the standard streams have their
-- numbers before a descriptor is opened for that.
local interruption = require "openai_uploads.cli.interruption"
local standard_streams = require "openai_uploads.cli.standard_streams"

--- Runs it with the words of a command line. Returns the exit code.
return function(words)
  standard_streams.hold()
  local watches, failure = interruption.watch()
  if not watches then error(failure.message, 0) end
  return require "openai_uploads.cli.command"(words)
end
