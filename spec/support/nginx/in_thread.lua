-- SPDX-License-Identifier: MIT
-- For nginx's thread pools: a call in a Lua of its own, which may block and has little of nginx's.

local in_thread = {}

-- Returns the Upload's status, or nil and why there is none.
function in_thread.cancel(base_url, id)
  local uploads = require("openai_uploads").new { base_url = base_url, api_key = "sk-of-a-thread" }
  local upload, failure = uploads.cancel(id)
  if upload then return upload.status end
  return nil, tostring(failure)
end

return in_thread
