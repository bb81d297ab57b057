-- SPDX-License-Identifier: MIT
-- The emulator's own JSON codec, and lists that stay lists when they are empty.

local cjson = require("cjson.safe").new()

local json = { null = cjson.null, encode = cjson.encode, decode = cjson.decode }

-- Debian's cjson writes an empty table as an object.
function json.encode_list(items)
  local texts = {}
  for index, item in ipairs(items) do texts[index] = assert(cjson.encode(item)) end
  return "[" .. table.concat(texts, ",") .. "]"
end

return json
