-- SPDX-License-Identifier: MIT
-- Checks of parameters that Uploads and Files share. Each returns a refusal, or nothing.

local parameters = require "emulator.parameters"
local problem = require "emulator.problem"

local checks = {}

local FILE_LIFETIME_LEAST, FILE_LIFETIME_MOST = 3600, 2592000
local PURPOSES = { "assistants", "batch", "evals", "fine-tune", "user_data", "vision" }

local expires_after_rules = { { "anchor", "string" }, { "seconds", "integer" } }

function checks.refuse_expires_after(expires_after)
  local refusal = parameters.refuse(expires_after, expires_after_rules, "expires_after.")
  if refusal then return refusal end
  if expires_after.anchor ~= "created_at" then
    return problem.wrong_value("expires_after.anchor", "it must be 'created_at'")
  end
  local seconds = expires_after.seconds
  if seconds < FILE_LIFETIME_LEAST or seconds > FILE_LIFETIME_MOST then
    return problem.wrong_value("expires_after.seconds",
      ("it must be from %d to %d"):format(FILE_LIFETIME_LEAST, FILE_LIFETIME_MOST))
  end
end

function checks.refuse_purpose(purpose)
  for _, known in ipairs(PURPOSES) do
    if purpose == known then return end
  end
  return problem.unsupported_value("purpose", tostring(purpose), PURPOSES)
end

return checks
