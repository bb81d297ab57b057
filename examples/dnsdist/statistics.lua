-- SPDX-License-Identifier: MIT
-- Sends dnsdist's statistics when it starts, while it answers queries. In its configuration:
--
--   dofile("/etc/dnsdist/statistics.lua")
local uploads = require("openai_uploads").new { deadline = 120 }

local transfer = uploads.start.upload_file_chunked {
  data = getStatisticsCounters and tostring(getStatisticsCounters()["queries"]) or "none",
  filename = "statistics.txt", purpose = "user_data",
}

-- dnsdist calls this once a second. A call that blocks would hold up all queries.
function maintenance()
  if not transfer then return end
  local done, upload, failure = transfer:poll()
  if not done then return end
  infolog(upload and upload.file.id or tostring(failure))
  transfer = nil
end
