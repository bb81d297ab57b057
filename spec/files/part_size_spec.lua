-- SPDX-License-Identifier: MIT
-- How a file is divided into Parts: by its size and the number of Parts at a time, unless the program says how.

local params = require "openai_uploads.file_upload.params"
local upload_file = require "spec.support.upload_file"

local KIB, MIB = 1024, 1024 * 1024

after_each(upload_file.remove_all)

local function plan_of(bytes, more)
  local given = { file = upload_file.sparse(bytes), purpose = "batch", mime_type = "text/plain" }
  for name, value in pairs(more or {}) do given[name] = value end
  local plan = assert(params.plan(given))
  plan.source:close()
  return plan.part_count, plan.part_size
end

describe("the size of a Part", function()
  for _, row in ipairs {
    { "of a small file is 256 KiB", 1, {}, 1, 256 * KIB },
    { "of a file of 256 KiB is all of it", 256 * KIB, {}, 1, 256 * KIB },
    { "of a byte more is not smaller", 256 * KIB + 1, {}, 2, 256 * KIB },
    { "of two MiB lets eight go at a time", 2 * MIB, {}, 8, 256 * KIB },
    { "grows with the file", 40 * MIB, {}, 8, 5 * MIB },
    { "is rounded up", 40 * MIB + 1, {}, 8, 5 * MIB + 1 },
    { "follows the concurrency", 40 * MIB, { concurrency = 4 }, 4, 10 * MIB },
    { "is the whole file where one goes at a time", 40 * MIB, { concurrency = 1 }, 1, 40 * MIB },
    { "reaches 64 MiB with eight of them", 512 * MIB, {}, 8, 64 * MIB },
    { "is 64 MiB at most", 513 * MIB, {}, 9, 64 * MIB },
    { "is an eighth where sent Parts are saved", 64 * MIB, { keep_on_failure = true }, 64, MIB },
    { "of few bytes that are saved is 256 KiB", 2 * MIB, { on_checkpoint = print }, 8, 256 * KIB },
    { "of many bytes that are saved is 16 MiB at most", 2048 * MIB, { keep_on_failure = true }, 128, 16 * MIB },
    { "is the program's where it says so", 40 * MIB, { part_size = 64 * MIB }, 1, 64 * MIB },
  } do
    it(row[1], function()
      local count, size = plan_of(row[2], row[3])
      assert.are.same({ row[4], row[5] }, { count, size })
      if math.type then assert.are.equal("integer", math.type(size)) end -- luacheck: ignore 143
    end)
  end

  it("stays as it was where an Upload is resumed", function()
    local count, size = plan_of(MIB, { filename = "a", resume = {
      upload_id = "upload_1", filename = "a", purpose = "batch", mime_type = "text/plain", bytes = MIB,
      part_size = 64 * MIB, parts = {},
    } })
    assert.are.same({ 1, 64 * MIB }, { count, size })
  end)
end)
