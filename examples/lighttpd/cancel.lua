-- SPDX-License-Identifier: MIT
-- lighttpd runs a script from its beginning to its end for each request and cannot wait in it: while a call blocks, all
-- its other requests stand. So one request starts the call, and a later one finds the answer.
local uploads = require "openai_uploads"

-- Each script has a Lua of its own that lives on. Its globals do not, but its loaded modules do.
local kept = package.loaded.cancels or {}
package.loaded.cancels = kept

local id = (lighty.r and lighty.r.req_attr["uri.query"] or lighty.env["uri.query"] or ""):match "^id=([%w_-]+)$"

local function answer(status, text)
  lighty.content = { text .. "\n" }
  return status
end

if not id then return answer(400, "name the Upload: /cancel?id=upload_...") end

kept[id] = kept[id] or uploads.start.cancel(id, { deadline = 60 })
local done, upload, failure = kept[id]:poll()
if not done then return answer(202, "pending") end
kept[id] = nil
if not upload then return answer(502, failure.kind) end
return answer(200, upload.status)
