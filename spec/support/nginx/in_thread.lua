-- SPDX-License-Identifier: MIT
-- For nginx's thread pools: a call in a Lua state of its own, which may block and has few of nginx's functions.

local in_thread = {}

-- Returns the status of the Upload, or nil and the reason.
function in_thread.cancel(base_url, id)
  local uploads = require("openai_uploads").new { base_url = base_url, api_key = "sk-of-a-thread" }
  local upload, failure = uploads.cancel(id)
  if upload then return upload.status end
  return nil, tostring(failure)
end

return in_thread
