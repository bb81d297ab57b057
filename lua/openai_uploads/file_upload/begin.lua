-- SPDX-License-Identifier: MIT
-- Begins the job of a whole file, for upload_file_chunked and upload_file. Errors carry no position.
local core = require "openai_uploads.core"
local job = require "openai_uploads.file_upload.job"
local plain = require "openai_uploads.plain"
local supply = require "openai_uploads.file_upload.supply"

local begin = {}

--- Returns a checked copy of the options, argument 2 of `call`; nil for none.
function begin.options(given, call)
  if given ~= nil and type(given) ~= "table" then
    error(("bad argument #2 to '%s' (options must be a table, got %s)"):format(call, type(given)), 0)
  end
  local options = given and plain(given, "options", 2, call)
  local with_response = options and options.with_response
  if with_response ~= nil and type(with_response) ~= "boolean" then -- checked here, because only the last call gets it
    error(("bad option 'with_response' (boolean expected, got %s)"):format(type(with_response)), 0)
  end
  return options
end

--- Returns the job of a plan. Limits the concurrency to max_connections, because parts without a connection would only
--- hold memory.
function begin.job(client, await, waits, settings, plan, options)
  plan.concurrency = math.min(plan.concurrency, settings.max_connections or core.max_connections)
  plan.retries_as_told = settings.max_retries ~= nil or settings.patience ~= nil
  local begun, made = pcall(job.start, client, await, waits, plan, options)
  if not begun then
    plan.source:close()
    error(made, 0)
  end
  supply.begin(made)
  return made
end

return begin
