-- SPDX-License-Identifier: MIT
-- Cancels an Upload. The call blocks its thread of Apache, and no other.
local uploads = require("openai_uploads").new {
  api_key = os.getenv "OPENAI_API_KEY", -- where SetEnv has the key: r.subprocess_env.OPENAI_API_KEY, in `handle`
  deadline = 30,
}

function handle(r)
  local id = (r.args or ""):match "^id=([%w_-]+)$"
  if not id then
    r.status = 400
    r:puts "name the Upload: /cancel?id=upload_...\n"
    return apache2.OK
  end
  local upload, failure = uploads.cancel(id)
  r.status = upload and 200 or 502
  r:puts(upload and upload.status or failure.kind, "\n")
  return apache2.OK
end
