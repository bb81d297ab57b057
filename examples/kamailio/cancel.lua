-- SPDX-License-Identifier: MIT
-- Cancels the Upload that a request is addressed to. The call blocks its child of Kamailio, and no other.
local uploads = require("openai_uploads").new { deadline = 20 }

function ksr_request_route()
  local id = KSR.pv.get "$rU"
  if KSR.pv.get "$rm" ~= "MESSAGE" or not id then return KSR.sl.send_reply(405, "Method Not Allowed") end
  local upload, failure = uploads.cancel(id)
  KSR.sl.send_reply(upload and 200 or 502, upload and upload.status or failure.kind)
end
