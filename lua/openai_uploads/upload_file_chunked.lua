-- SPDX-License-Identifier: MIT
-- upload_file_chunked: sends a whole file in parts, several at a time.
local core = require "openai_uploads.core"
local job = require "openai_uploads.file_upload.job"
local params = require "openai_uploads.file_upload.params"
local plain = require "openai_uploads.plain"
local supply = require "openai_uploads.file_upload.supply"

local SECONDS_TO_CANCEL = 10 -- how long an interrupted call waits for its cancel

-- Limits the concurrency to max_connections, because parts without a connection would only hold memory. Errors carry no
-- position.
local function start(client, await, waiting, settings, given, options)
  if options ~= nil and type(options) ~= "table" then
    error(("bad argument #2 to 'upload_file_chunked' (options must be a table, got %s)"):format(type(options)), 0)
  end
  options = options and plain(options, "options", 2, "upload_file_chunked")
  local with_response = options and options.with_response
  if with_response ~= nil and type(with_response) ~= "boolean" then -- checked here, because only the last call gets it
    error(("bad option 'with_response' (boolean expected, got %s)"):format(type(with_response)), 0)
  end
  local plan, failure = params.plan(given)
  if not plan then return job.failed(failure) end
  plan.concurrency = math.min(plan.concurrency, settings.max_connections or core.max_connections)
  plan.retries_as_told = settings.max_retries ~= nil or settings.patience ~= nil
  local begun, made = pcall(job.start, client, await, waiting, plan, options)
  if not begun then
    plan.source:close()
    error(made, 0)
  end
  supply.begin(made)
  return made
end

-- Waits for the job. If the wait raises (on Ctrl-C, for example), aborts the job and waits for its cancel, then raises
-- the error again.
local function wait_through(begun)
  local fine, raised = pcall(begun.wait, begun)
  if fine then return end
  if not begun.failure then pcall(begun.abort, begun) end -- a second abort would give up on the cancel
  pcall(begun.wait, begun, SECONDS_TO_CANCEL)
  error(raised, 0)
end

--- Adds upload_file_chunked and start.upload_file_chunked to a client. await: the client's. settings: those that the
--- program passed to the client.
return function(client, await, waiting, settings)
  local function begin(given, options) return start(client, await, waiting, settings, given, options) end

  function client.start.upload_file_chunked(given, options)
    local begun, made = pcall(begin, given, options)
    if not begun then error(made, 2) end
    return made
  end

  function client.upload_file_chunked(given, options)
    local made, refusal = waiting:begin(begin, given, options)
    if not made then return nil, refusal end
    if waiting.loop and not waiting.in_pcall then made:wait() else wait_through(made) end
    local _, upload, failure, response = made:poll()
    return waiting.result(upload, failure, response)
  end
end
