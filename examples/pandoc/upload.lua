-- SPDX-License-Identifier: MIT
-- A filter that sends a document's text as a File, and puts the File's id into the document's metadata.
--
--   pandoc --lua-filter upload.lua -s report.md -o report.html
--
-- pandoc has nothing else to do meanwhile, so the calls block. Ctrl-C waits for them, hence the deadline.
local uploads = require("openai_uploads").new { deadline = 120 }

function Pandoc(document)
  local upload = assert(uploads.upload_file_chunked {
    data = pandoc.utils.stringify(document), filename = "document.txt", purpose = "user_data",
  })
  document.meta["openai-file"] = pandoc.MetaString(upload.file.id)
  return document
end
