-- SPDX-License-Identifier: MIT
-- upload_file_chunked: sends a whole file in parts, several at a time.
local add_call = require "openai_uploads.add_call"
local begin = require "openai_uploads.file_upload.begin"
local job = require "openai_uploads.file_upload.job"
local params = require "openai_uploads.file_upload.params"

--- Adds upload_file_chunked and start.upload_file_chunked to a client. await: the client's. settings: those that the
--- program passed to the client.
return function(client, await, waits, settings)
  add_call(waits, client, client.start, "upload_file_chunked", function(given, options)
    options = begin.options(options, "upload_file_chunked")
    local plan, failure = params.plan(given)
    if not plan then return job.failed(failure) end
    return begin.job(client, await, waits, settings, plan, options)
  end)
end
