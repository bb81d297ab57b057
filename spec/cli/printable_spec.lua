-- SPDX-License-Identifier: MIT
-- Bytes from outside as they are shown on a terminal.

local printable = require "openai_uploads.cli.printable"

describe("a text for a terminal", function()
  for _, row in ipairs {
    { "as it is", "a b~!", "a b~!", 5 },
    { "of any script", "обучение 訓 📄", "обучение 訓 📄", 12 },
    { "without control characters", "a\27[31m\r\n\0\127b", "a?[31m????b", 11 },
    { "without those of Latin 1", "a\194\155b", "a??b", 4 },
    { "without bytes that are no UTF-8", "\255\128a\225\132", "??a??", 5 },
    { "without longer spellings of shorter characters", "\192\175\224\128\175\240\128\128\175", "?????????", 9 },
    { "without what lies beyond Unicode", "\245\128\128\128", "????", 4 },
    { "of nothing", "", "", 0 },
  } do
    it("is shown " .. row[1], function() assert.are.same({ row[3], row[4] }, { printable(row[2]) }) end)
  end

  it("shows what it is told to where a byte is not shown", function()
    assert.are.equal("a\\ufffdb", (printable("a\0b", "\\ufffd")))
  end)
end)
