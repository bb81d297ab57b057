-- SPDX-License-Identifier: MIT
-- Misuse of parts.create and complete raises, at the line of the caller, and names what is wrong. Nothing is sent then:
-- nothing listens.

local check = require "spec.support.check"
local core = require "openai_uploads.core"
local own_loops = require "spec.support.own_loops"
local part_data = require "spec.support.part_data"
local uploads = require "openai_uploads"

local huge, nan = math.huge, 0 / 0

describe("misuse of", function()
  local settings = { base_url = check.dead_url, api_key = check.key, max_retries = 0 }
  local client = uploads.new(settings)
  local looping = uploads.new(check.merged(settings, { loop = own_loops[1].loop }))
  local here = debug.getinfo(1, "S").short_src

  teardown(part_data.forget)

  -- Calls the function, which must raise at the line it is called from. Returns the message without the position.
  local function raised(call, ...)
    local line
    local first, second, third = ...
    local ok, message = pcall(function()
      line = debug.getinfo(1, "l").currentline call(first, second, third)
      return nil -- no tail call
    end)
    assert.is_false(ok)
    local position = ("%s:%d: "):format(here, line)
    assert.are.equal(position, message:sub(1, #position))
    return message:sub(#position + 1)
  end

  local function closed(file)
    file:close()
    return file
  end
  local path = part_data.file "abc"
  local file, function_ = assert(io.open(path)), function() end
  local whole = " must be a whole number that is not negative"

  local part_params = {
    { nil, "params must be a table, got nil" },
    { "bytes", "params must be a table, got string" },
    { file, "params must be a table, got userdata" },
    { {}, "params.data is missing, and so is params.file" },
    { { length = 5 }, "params.data is missing, and so is params.file" },
    { { data = "a", file = path }, "params.data and params.file exclude each other" },
    { { data = 5 }, "params.data must be a string, an open file or a function, got number" },
    { { data = true }, "params.data must be a string, an open file or a function, got boolean" },
    { { data = {} }, "params.data must be a string, an open file or a function, got table" },
    { { data = assert(core.open_file(path)) },
      "params.data must be a string, an open file or a function, got userdata" },
    { { data = coroutine.create(function_) }, "params.data must be a string, an open file or a function, got thread" },
    { { data = closed(assert(io.open(path))) }, "params.data is a closed file" },
    { { file = "" }, "params.file is empty" },
    { { file = "a\0b" }, "params.file contains a NUL byte" },
    { { file = 5 }, "params.file must be a path, got number" },
    { { file = file }, "params.file must be a path, got userdata" },
    { { file = {} }, "params.file must be a path, got table" },
    { { file = false }, "params.file must be a path, got boolean" },
    { { file = closed(assert(core.open_file(path))) }, "params.file must be a path, got userdata" },
    { { data = file, offset = 0 }, "params.offset goes with a string, or with params.file" },
    { { data = function_, offset = 0 }, "params.offset goes with a string, or with params.file" },
    { { data = "a", rewind = function_ }, "params.rewind goes with a data function" },
    { { data = file, rewind = function_ }, "params.rewind goes with a data function" },
    { { file = path, rewind = function_ }, "params.rewind goes with a data function" },
    { { data = function_, rewind = true }, "params.rewind must be a function" },
    { { data = function_, rewind = "rewind" }, "params.rewind must be a function" },
    { { data = "a", offset = -1 }, "params.offset" .. whole },
    { { data = "a", offset = 0.5 }, "params.offset" .. whole },
    { { data = "a", offset = "0" }, "params.offset" .. whole },
    { { file = path, offset = nan }, "params.offset" .. whole },
    { { file = path, offset = huge }, "params.offset" .. whole },
    { { file = path, offset = 1e16 }, "params.offset" .. whole },
    { { data = "a", length = -1 }, "params.length" .. whole },
    { { file = path, length = 1.5 }, "params.length" .. whole },
    { { data = function_, length = "1" }, "params.length" .. whole },
    { { data = file, length = huge }, "params.length" .. whole },
    { { data = function_, length = nan }, "params.length" .. whole },
    { { data = "a", length = {} }, "params.length" .. whole },
    { { data = "a", md5 = "compute" }, "params.md5 must be a boolean" },
    { { data = "a", timeout = 1 }, "params has an unknown field 'timeout': it is an option, and goes into the table " ..
      "behind params" },
    { { data = "a", ofset = 1 }, "params has an unknown field 'ofset' (did you mean 'offset'?)" },
    { { data = "a", Data = "b" }, "params has an unknown field 'Data'" },
    { { data = "a", ["data\0"] = "b" }, "params has an unknown field 'data" },
    { { data = "a", "b" }, "params has an unknown field 'number'" },
    { { "a" }, "params has an unknown field 'number'" },
    { { data = "a", [true] = 1 }, "params has an unknown field 'boolean'" },
  }

  local complete_params = {
    { nil, "params must be a table, got nil" },
    { "part_1", "params must be a table, got string" },
    { {}, "params.part_ids is missing" },
    { { md5 = "a" }, "params.part_ids is missing" },
    { { "part_1" }, "params.part_ids is missing" },
    { { part_ids = "part_1" }, "params.part_ids must be a table, got string" },
    { { part_ids = 5 }, "params.part_ids must be a table, got number" },
    { { part_ids = {} }, "params.part_ids is empty" },
    { { part_ids = { "a", nil, "c" } }, "params.part_ids must be a list, without holes or names" },
    { { part_ids = { nil, "b" } }, "params.part_ids must be a list, without holes or names" },
    { { part_ids = { [0] = "a", "b" } }, "params.part_ids must be a list, without holes or names" },
    { { part_ids = { "a", [1.5] = "b" } }, "params.part_ids must be a list, without holes or names" },
    { { part_ids = { "a", name = "b" } }, "params.part_ids must be a list, without holes or names" },
    { { part_ids = { name = "a" } }, "params.part_ids must be a list, without holes or names" },
    { { part_ids = { 5 } }, "params.part_ids must hold strings, and holds a number" },
    { { part_ids = { "a", { id = "b" } } }, "params.part_ids must hold strings, and holds a table" },
    { { part_ids = { "a", false } }, "params.part_ids must hold strings, and holds a boolean" },
    { { part_ids = { "a" }, md5 = function_ }, "function" },
    { { part_ids = { "a" }, more = nan }, "NaN" },
  }

  local calls = {
    { "parts.create", part_params, function(of) return of.parts.create end },
    { "complete", complete_params, function(of) return of.complete end },
  }
  for _, call in ipairs(calls) do
    local name, rows, find = call[1], call[2], call[3]
    -- Both ways to call it, in both kinds of clients.
    local function each_way(action)
      for _, of in ipairs { client, client.start, looping, looping.start } do action(find(of)) end
    end

    for index = 1, 45 do
      local row = rows[index]
      if row then
        it(("%s raises: %s (%d)"):format(name, row[2], index), function()
          local before = part_data.descriptors()
          each_way(function(way)
            local message = raised(way, "upload_1", row[1])
            check.holds(("bad argument #2 to '%s' ("):format(name), message)
            check.holds(row[2], message)
          end)
          assert.are.equal(before, part_data.descriptors())
        end)
      end
    end

    it(name .. " raises for an id that is none", function()
      each_way(function(way)
        for _, id in ipairs { "", ".", "..", "a\0b", 5, {}, true } do
          check.holds(("bad argument #1 to '%s' (upload id "):format(name), raised(way, id, rows[1][1]))
        end
        check.holds(("bad argument #1 to '%s' (upload id must be a string, got nil"):format(name), raised(way))
      end)
    end)

    it(name .. " raises for options that are none", function()
      local params = { data = "a" }
      if name == "complete" then params = { part_ids = { "a" } } end
      each_way(function(way)
        check.holds(("bad argument #3 to '%s' (options must be a table, got number"):format(name),
          raised(way, "upload_1", params, 5))
        check.holds("unknown option 'time_out' (did you mean", raised(way, "upload_1", params, { time_out = 1 }))
        check.holds("setting of a whole client", raised(way, "upload_1", params, { api_key = "sk" }))
      end)
    end)

    it(name .. " with a colon for the dot is told", function()
      local of = name == "complete" and client or client.parts
      check.holds("with a dot in place of the colon", raised(find(client), of, "upload_1", {}))
    end)
  end

  it("parts.create leaves the file as it is", function()
    raised(client.parts.create, "upload_1", { data = file, offset = 1 })
    assert.are.equal("abc", file:read("*a"))
  end)

  it("open_file of the core is told", function()
    for _, wrong in ipairs { {}, true } do
      assert.is_false(pcall(core.open_file, wrong))
    end
  end)
end)
