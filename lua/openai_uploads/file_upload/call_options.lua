-- SPDX-License-Identifier: MIT
-- The options of a file upload's calls, made from those that the program gave for all of it.
local compound = require "openai_uploads.compound"

local call_options = {}

local SECONDS_OF_PATIENCE = 30 -- for parts and the completion, if the program set no retry limits

--- Returns the options of one more call, or nil and the failure if the deadline of the whole upload has passed.
function call_options.of(job)
  local options = compound.copy_options(job.options)
  if not job.deadline_at then return options end
  local failure
  options.deadline, failure = compound.time_left(job.deadline_at, job.options.deadline)
  if failure then return nil, failure end
  return options
end

--- Returns those of a call that is not refused for a deadline that has passed.
function call_options.of_first(job) return call_options.of(job) or compound.copy_options(job.options) end

--- Adds the default patience to the options of a call, so that a short loss of the network loses nothing of a file.
function call_options.be_patient(job, options)
  if not job.plan.retries_as_told and options.max_retries == nil and options.patience == nil then
    options.patience = SECONDS_OF_PATIENCE
  end
  return options
end

return call_options
