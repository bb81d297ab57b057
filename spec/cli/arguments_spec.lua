-- SPDX-License-Identifier: MIT
-- The words of a command line: what they come to, and what is said of those that are none. No request is made.

local arguments = require "openai_uploads.cli.arguments"
local check = require "spec.support.check"

local function parse(line)
  local words = {}
  for word in line:gmatch "%S+" do words[#words + 1] = word == "''" and "" or word end
  return arguments.parse(words)
end

local id = "upload_1"

describe("a command line", function()
  for _, row in ipairs {
    { "cancel upload_1 upload_2", { command = "cancel", ids = { id, "upload_2" } } },
    { "create --filename a --purpose batch --bytes 0 --mime-type text/plain",
      { command = "create", filename = "a", purpose = "batch", bytes = 0, mime_type = "text/plain" } },
    { "create --filename=a --purpose=b --bytes=9007199254740992 --mime-type=c/d --expires-after 3600",
      { command = "create", bytes = 2 ^ 53, expires_after = 3600 } },
    { "part upload_1 a.bin --offset 0 --length 5",
      { command = "part", id = id, file = "a.bin", offset = 0, length = 5 } },
    { "complete upload_1 part_1 part_2 --md5 900150983cd24fb0d6963f7d28e17f72",
      { command = "complete", id = id, part_ids = { "part_1", "part_2" }, md5 = "900150983cd24fb0d6963f7d28e17f72" } },
    { "upload a b --purpose batch --md5", { command = "upload", files = { "a", "b" }, purpose = "batch", md5 = true } },
    { "upload a --purpose batch --part-size 64M", { part_size = 64 * 1024 * 1024 } },
    { "upload a --purpose batch --part-size 5K", { part_size = 5 * 1024 } },
    { "upload a --purpose batch --part-size 1", { part_size = 1 } },
    { "upload a --purpose batch --concurrency 8 --resume s --filename b",
      { concurrency = 8, resume = "s", filename = "b" } },
    { "--json --timeout .5 cancel upload_1", { json = true, timeout = 0.5 } },
    { "cancel upload_1 --deadline 10 --max-retries 0 --quiet --verbose --base-url http://a/v1",
      { deadline = 10, max_retries = 0, quiet = true, verbose = true, base_url = "http://a/v1" } },
  } do
    it("is understood: " .. row[1], function()
      local options = assert(parse(row[1]))
      for name, value in pairs(row[2]) do assert.are.same(value, options[name], name) end
    end)
  end

  local upload = "upload a --purpose batch "
  for _, row in ipairs {
    { "", "command", "openai-uploads" },
    { "begin", "begin", "openai-uploads" },
    { "cancel", "ID", "openai-uploads cancel" },
    { "cancel ..", "'..' is not an upload id: it ", "openai-uploads cancel" },
    { "cancel ''", "'' is not an upload id: it is empty", "openai-uploads cancel" },
    { "create --filename a", "--purpose", "openai-uploads create" },
    { "create --filename '' --purpose b --bytes 1 --mime-type c", "--filename is empty", "openai-uploads create" },
    { upload .. "--part-size 0", "'--part-size' takes bytes, or a number with K or M, from 1 to 64M, not '0'" },
    { upload .. "--part-size 65M", "not '65M'" }, { upload .. "--part-size 5k", "not '5k'" },
    { upload .. "--part-size 1.5M", "not '1.5M'" },
    { upload .. "--concurrency 0", "'--concurrency' takes a whole number from 1 to 64, not '0'" },
    { upload .. "--concurrency 0x8", "not '0x8'" }, { upload .. "--expires-after 1e3", "not '1e3'" },
    { upload .. "--timeout 1e3", "'--timeout' takes seconds, from 0.001 to 1000000, not '1e3'" },
    { upload .. "--timeout -1", "'--timeout' takes seconds, from 0.001 to 1000000, not '-1'" },
    { "part upload_1 a --offset -5", "'--offset' takes a whole number from 0 on, not '-5'", "openai-uploads part" },
    { "cancel upload_1 -5", "unknown option '-5'", "openai-uploads cancel" },
    { upload .. "--timeout nan", "not 'nan'" }, { upload .. "--deadline 5.", "not '5.'" },
    { upload .. "--max-retries 9007199254740994", "'--max-retries' takes a whole number from 0 to 1000, not " },
    { "complete upload_1 part_1 --md5 abc", "'--md5' takes the 32 hexadecimal digits of an MD5, not 'abc'",
      "openai-uploads complete" },
    { "-p batch upload a", "unknown option '-p'", "openai-uploads" },
    { "upload a b --purpose batch --filename c", "option '--filename' goes with one FILE, not with 2" },
    { "upload a b --purpose batch --resume s", "option '--resume' goes with one FILE, not with 2" },
  } do
    it(("is misuse: '%s'"):format(row[1]), function()
      local options, ending = parse(row[1])
      assert.is_nil(options)
      check.holds(row[2], ending.misuse)
      assert.are.equal(row[3] or "openai-uploads upload", ending.of)
    end)
  end

  for _, row in ipairs {
    { "--help", "Exit codes:" }, { "-h", "Exit codes:" }, { "upload --help", "--part-size" },
    { "help files list", "--order" },
    { "cancel -h", "Cancel Uploads" }, { "--version", "openai-uploads " .. require "openai_uploads"._VERSION .. " (" },
  } do
    it("asks for a text: " .. row[1], function()
      local options, ending = parse(row[1])
      assert.is_nil(options)
      check.holds(row[2], ending.help)
    end)
  end
end)
