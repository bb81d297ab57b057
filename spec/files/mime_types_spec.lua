-- SPDX-License-Identifier: MIT
-- The MIME type of a file by its name.

local guess_mime_type = require "openai_uploads.file_upload.mime_types"

local BYTES = "application/octet-stream"

describe("the MIME type", function()
  for _, row in ipairs {
    { "train.jsonl", "text/jsonl" }, { "report.PDF", "application/pdf" }, { "Photo.JpEg", "image/jpeg" },
    { "archive.tar.gz", "application/gzip" }, { "/home/someone/a.txt", "text/plain" }, { ".md", "text/markdown" },
    { "обучение.csv", "text/csv" }, { "a b.mp3", "audio/mpeg" }, { "list.in", "text/plain" },
    { "talk.pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation" },
  } do
    it(("of '%s' is %s"):format(row[1], row[2]), function() assert.are.equal(row[2], guess_mime_type(row[1])) end)
  end

  for _, name in ipairs {
    "", ".", "jsonl", "a.", "a.unknown", "a.jsonl ", "a.jsonl~", "a.js-on", "a.txt/b", "a.txt.", "a\0",
  } do
    it(("of '%s' is that of bytes"):format(name:gsub("%z", "\\0")), function()
      assert.are.equal(BYTES, guess_mime_type(name))
    end)
  end
end)
