-- SPDX-License-Identifier: MIT
-- Sends the names that were asked for, while PowerDNS Recursor answers queries. In its configuration:
--
--   lua-dns-script=/etc/powerdns/names.lua
local uploads = require("openai_uploads").new { deadline = 120 }

local MAX_NAMES = 1000
local names = {}
local transfer

function preresolve(query)
  if #names < MAX_NAMES then names[#names + 1] = query.qname:toString() .. "\n" end
  return false
end

-- The Recursor calls this once a second. A call that blocks would have it drop queries.
function maintenance()
  if not transfer and #names > 0 then
    transfer = uploads.start.upload_file_chunked {
      data = table.concat(names), filename = "names.txt", purpose = "user_data",
    }
    names = {}
  end
  if not transfer then return end
  local done, upload, failure = transfer:poll()
  if not done then return end
  pdnslog(upload and upload.file.id or tostring(failure))
  transfer = nil
end
