-- SPDX-License-Identifier: MIT
-- The plan of a file's parts, made of its params: no request is made. (params_spec has what raises.)

local check = require "spec.support.check"
local params = require "openai_uploads.file_upload.params"

local MIB = 1024 * 1024
local given = { data = "abcdefghij", filename = "a.jsonl", purpose = "batch" }

local function plan(more) return params.plan(check.merged(given, more or {})) end

describe("the plan of a file", function()
  it("has the values that are not given", function()
    local made = assert(plan())
    assert.are.same({ 10, MIB / 4, 1, 8 }, { made.bytes, made.part_size, made.part_count, made.concurrency })
    assert.are.same({ filename = "a.jsonl", purpose = "batch", mime_type = "text/jsonl", bytes = 10 }, made.create)
    assert.are.same({}, { made.md5, made.resume })
    assert.is_falsy(made.computes_md5 or made.is_saved or made.keeps_on_failure)
  end)

  it("has fewer parts at a time where each may take memory", function()
    local made = assert(plan { data = function() end, bytes = 10 })
    made.source:close()
    assert.are.equal(4, made.concurrency)
  end)

  for _, row in ipairs {
    { 1, 10 }, { 2, 5 }, { 3, 4 }, { 4, 3 }, { 5, 2 }, { 9, 2 }, { 10, 1 }, { 11, 1 }, { 64 * MIB, 1 },
  } do
    it(("has %d parts of %d bytes for 10"):format(row[2], row[1]), function()
      local made = assert(plan { part_size = row[1] })
      assert.are.same({ row[1], row[2] }, { made.part_size, made.part_count })
    end)
  end

  it("has integers where this Lua knows them, also of what was a float", function()
    local made = assert(plan { part_size = 2 ^ 2 })
    if math.type then assert.are.equal("integer", math.type(made.part_size)) end -- luacheck: ignore 143
    assert.are.equal("4", ("%d"):format(made.part_size))
  end)

  it("has as many parts as can be completed, and no more", function()
    local most = ("x"):rep(100000)
    assert.are.equal(100000, assert(plan { data = most, part_size = 1 }).part_count)
    local failure = check.failure("too_large", plan { data = most .. "x", part_size = 1 })
    check.holds("100001 bytes, which are 100001 parts of 1: at most 100000", failure.message)
    check.holds("choose a part size of 2 or more", failure.message)
  end)

  it("names a file by the last part of its path, and a type as it is told", function()
    local path = os.tmpname()
    local file = assert(io.open(path, "wb"))
    file:write "abc"
    file:close()
    local made = assert(params.plan { file = path, purpose = "batch", mime_type = "text/x-lua" })
    assert.are.same({ path:match "[^/]*$", "text/x-lua", 3 },
      { made.create.filename, made.create.mime_type, made.create.bytes })
    made.source:close()
    os.remove(path)
  end)

  for _, row in ipairs {
    { "of no bytes", { data = "" }, "a.jsonl is empty" },
    { "of other bytes than it should have", { bytes = 11 }, "a.jsonl has 10 bytes, where params.bytes says 11" },
  } do
    it("is refused for data " .. row[1], function()
      check.holds(row[3], check.failure("file", plan(row[2])).message)
    end)
  end

  it("knows whether an MD5 is given or computed", function()
    local md5 = ("0"):rep(32)
    assert.are.equal(md5, assert(plan { md5 = md5 }).md5)
    local computing = assert(plan { md5 = "compute" })
    assert.are.same({ nil, true }, { computing.md5, computing.computes_md5 })
  end)

  describe("that goes on with what was saved", function()
    local saved = {
      upload_id = "upload_1", filename = "a.jsonl", purpose = "batch", mime_type = "text/x-own", bytes = 10,
      part_size = 3, parts = { { number = 2, id = "part_2", md5 = ("0"):rep(32) } },
    }

    it("takes its part size and type, and computes an MD5, for the parts are of two processes", function()
      local made = assert(plan { resume = saved })
      assert.are.same({ 3, 4, "text/x-own", true },
        { made.part_size, made.part_count, made.create.mime_type, made.computes_md5 })
      assert.are.same(saved, made.resume)
    end)

    it("is refused for another file", function()
      local failure = check.failure("file", plan { data = "abc", resume = saved })
      assert.is_true(failure.refused_resume)
      check.holds("a.jsonl cannot be resumed: it had 10 bytes, and has 3", failure.message)
    end)
  end)
end)
