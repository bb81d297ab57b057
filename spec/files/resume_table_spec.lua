-- SPDX-License-Identifier: MIT
-- The table to resume from: how it is made, read, and compared with a file. No request is made.

local check = require "spec.support.check"
local resume = require "openai_uploads.file_upload.resume"

local function md5(digit) return tostring(digit):rep(32) end

local function part(number, more)
  return check.merged({ number = number, id = "part_" .. number, md5 = md5(number) }, more or {})
end

local create = {
  filename = "a.jsonl", purpose = "batch", mime_type = "text/jsonl", bytes = 10,
  expires_after = { anchor = "created_at", seconds = 3600 },
}
local plan = { create = create, part_size = 3, part_count = 4, filename = "a.jsonl" }

local function saved(more)
  return check.merged({ upload_id = "upload_1", part_size = 3, parts = { part(1), part(3) } }, create, more or {})
end

describe("a table to resume from", function()
  it("is made of the parts that can be told from others later", function()
    local parts = { [1] = part(1), [2] = { number = 2, id = "part_2" }, [3] = part(3) }
    assert.are.same(saved(), resume.describe(plan, "upload_1", parts))
  end)

  for _, row in ipairs { { 1, 2, 3, 4 }, { 4, 3, 2, 1 }, { 2, 4, 1, 3 }, { 1, 2, 2, 3, 4, 1 } } do
    it("keeps the order of numbers as parts come: " .. table.concat(row, " "), function()
      local growing = saved { parts = {} }
      for _, number in ipairs(row) do resume.add(growing, part(number)) end
      assert.are.same({ part(1), part(2), part(3), part(4) }, growing.parts)
    end)
  end

  it("knows its last part", function()
    assert.are.same({ 3, 0 }, { resume.last_number(saved()), resume.last_number(saved { parts = {} }) })
  end)

  describe("is read", function()
    for _, row in ipairs {
      { "whole", {} }, { "without parts", { parts = {} } }, { "without an expiry", { expires_after = false } },
      { "on its way to completion", { completing = true } },
      { "with a part without MD5", { parts = { { number = 1, id = "part_1" } } } },
      { "of the largest file", { bytes = 2 ^ 53, part_size = 67108864 } },
    } do
      it(row[1], function()
        local given = saved(row[2])
        assert.are.same(given, assert(resume.read(given)))
      end)
    end

    for _, name in ipairs { "filename", "purpose", "mime_type" } do
      it("of an older version, which saved no " .. name, function()
        local given = saved()
        given[name] = nil
        assert.are.same(given, assert(resume.read(given)))
      end)
    end

    it("with a part that was noted twice once", function()
      assert.are.same({ part(1), part(2) }, resume.read(saved { parts = { part(1), part(2), part(1) } }).parts)
    end)

    it("as a copy of the fields that it knows", function()
      local given = saved { more = "x", completing = "yes" }
      given.parts[1] = part(1, { more = "y" })
      assert.are.same(saved(), resume.read(given))
    end)

    for _, row in ipairs {
      { "has no upload_id", { upload_id = "" } }, { "has no upload_id", { upload_id = 5 } },
      { "has an upload_id that ", { upload_id = ".." } },
      { "has no filename", { filename = 1 } }, { "has no purpose", { purpose = "" } },
      { "has no mime_type", { mime_type = {} } },
      { "has no bytes or no part_size", { bytes = 0 } }, { "has no bytes or no part_size", { bytes = 1.5 } },
      { "has no bytes or no part_size", { bytes = 0 / 0 } }, { "has no bytes or no part_size", { bytes = 2 ^ 54 } },
      { "has no bytes or no part_size", { part_size = 0 } },
      { "has no bytes or no part_size", { part_size = 67108865 } },
      { "has no list of parts", { parts = "none" } },
      { "has a part without number or id", { parts = { 1 } } },
      { "has a part without number or id", { parts = { part(1, { number = 0 }) } } },
      { "has a part without number or id", { parts = { part(1, { number = 5 }) } } },
      { "has a part without number or id", { parts = { part(1, { id = "" }) } } },
      { "has a part 1 ", { parts = { part(1, { md5 = "abc" }) } } },
      { "has a part 1 ", { parts = { part(1, { md5 = ("g"):rep(32) }) } } },
      { "has part 1 twice", { parts = { part(1), part(1, { id = "part_9" }) } } },
      { "has part 'part_1' twice", { parts = { part(1), part(2, { id = "part_1" }) } } },
    } do
      local shown = {}
      for name, value in pairs(row[2]) do
        shown[#shown + 1] = ("%s = %s"):format(name, check.all_text(value):gsub("table: %S+", "table"):gsub("\n", " "))
      end
      it(("in vain, for it %s (%s)"):format(row[1], shown[1]), function()
        local read, why = resume.read(saved(row[2]))
        assert.is_nil(read)
        assert.are.equal(row[1], why:sub(1, #row[1]))
      end)
    end
  end)

  describe("compared with a file", function()
    it("is that of the same file", function() assert.is_nil(resume.difference(saved(), plan)) end)

    for _, row in ipairs {
      { { bytes = 11 }, "it had 11 bytes, and has 10" },
      { { filename = "b.jsonl" }, "its filename was 'b.jsonl', and is now 'a.jsonl'" },
      { { purpose = "vision" }, "its purpose was 'vision', and is now 'batch'" },
      { { mime_type = "text/plain" }, "its mime_type was 'text/plain', and is now 'text/jsonl'" },
      { { expires_after = { anchor = "created_at", seconds = 60 } },
        "its expires_after was { anchor = 'created_at', seconds = 60 }, and is now " ..
        "{ anchor = 'created_at', seconds = 3600 }" },
      { { parts = { { number = 2, id = "part_2" } } }, "part 2 was saved without its md5" },
    } do
      it("is told apart: " .. row[2], function()
        local difference = resume.difference(saved(row[1]), plan)
        assert.are.equal(row[2], difference:sub(1, #row[2]))
      end)
    end

    it("is told apart by an expiry that was not there before", function()
      local without = saved()
      without.expires_after = nil
      check.holds("its expires_after was none, and is now {", resume.difference(without, plan))
    end)

    for _, name in ipairs { "filename", "purpose", "mime_type" } do
      it("is of an older version without a " .. name, function()
        local without = saved()
        without[name] = nil
        check.holds("is of an older version", resume.difference(without, plan))
      end)
    end

    it("is a failure that says so", function()
      local failure = resume.refusal(plan, "it is another")
      assert.are.same({ "file", "a.jsonl cannot be resumed: it is another", true },
        { failure.kind, failure.message, failure.refused_resume })
    end)
  end)

  describe("compared with what the parts hold", function()
    local now = md5(1) .. md5(2) .. md5(3)

    it("is that of the same file, whatever the case of the digits", function()
      assert.is_nil(resume.difference_of_parts(saved(), now))
      local letters = ("aB"):rep(16)
      assert.is_nil(resume.difference_of_parts(saved { parts = { part(1, { md5 = letters }) } }, letters:lower()))
    end)

    for _, row in ipairs {
      { 1, "part 1, 3 bytes from 0 on, was sent with the MD5 9" },
      { 4, "part 4, 1 bytes from 9 on, was sent with the MD5 9" },
    } do
      it("is told apart: " .. row[2], function()
        local other = saved { parts = { part(row[1], { md5 = md5(9) }) } }
        local difference = resume.difference_of_parts(other, now .. md5(4))
        assert.are.equal(row[2], difference:sub(1, #row[2]))
        check.holds("and has now " .. md5(row[1]), difference)
      end)
    end
  end)
end)
