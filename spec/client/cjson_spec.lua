-- SPDX-License-Identifier: MIT
-- What is asked of a module `cjson`: the functions decode, encode and new, and nothing else.

local check = require "spec.support.check"
local document = require "spec.support.document"
local script = require "spec.support.script"
local with_service = require "spec.support.with_service"

local service = with_service.emulator()

-- What the code prints, in a process whose `cjson` is what `stand_in` returns. `real` is lua-cjson there.
local function run(stand_in, code)
  local result = script.run(([[
    local real = require "cjson"
    package.loaded.cjson, package.loaded["cjson.safe"] = nil, nil
    package.preload["cjson.safe"] = function() error "cjson.safe is not asked for" end
    package.preload.cjson = function() %s end
    local print = io.write
    %s]]):format(stand_in, code), { OPENAI_BASE_URL = service.base_url, OPENAI_API_KEY = check.key })
  assert.are.same({ "", 0 }, { result.stderr, result.status }, result.stdout)
  return result.stdout
end

local three_functions = [[
  local function made()
    local own = real.new()
    return { decode = own.decode, encode = own.encode }
  end
  local cjson = made()
  cjson.new = made
  return cjson]]

-- A file that is sent, which fails once, and is resumed out of the file that kept what was sent.
local calls = [[
  local uploads = require("openai_uploads").new { max_retries = 0, patience = 0 }
  local upload = assert(uploads.create { filename = "a \195\164", purpose = "batch", bytes = 5, mime_type = "a/b" })
  print(upload.status, " ", upload.bytes, " ", tostring(upload.file), " ")
  print(assert(uploads.cancel(upload.id)).status, " ", select(2, uploads.cancel "upload_none").message, " ")
  local path = os.tmpname()
  os.remove(path)
  local params = {
    data = ("x"):rep(70000), filename = "x", purpose = "batch", part_size = 65536, resume_file = path,
    concurrency = 1,
  }
  local sent, failure = uploads.upload_file_chunked(params)
  assert(not sent and failure.kind == "server", tostring(failure))
  sent = assert(uploads.upload_file_chunked(params))
  print(sent.status, " ", sent.file.bytes)]]

local function fail_second_part()
  service.answer_next { { call = "parts", delay = 0 }, { call = "parts", status = 500, body = "{}" } }
end

local all_calls = "pending 5 nil cancelled No such Upload completed 70000"

-- The file that docs/install.md shows.
local function of_dkjson()
  for _, block in ipairs(document.read "docs/install.md") do
    if block.words.needs == "dkjson" then return block.text end
  end
end

describe("a cjson", function()
  it("of three functions serves every call", function()
    fail_second_part()
    assert.are.equal(all_calls, run(three_functions, calls))
  end)

  it("made of dkjson serves every call", function()
    if not pcall(require, "dkjson") then return pending "dkjson is not installed for this Lua" end
    fail_second_part()
    assert.are.equal(all_calls, run(of_dkjson(), calls))
  end)

  it("may mark its tables, and make a userdata of null that is not light", function()
    service.answer_next { { status = 200, body = '{"id":"upload_1","file":null,"list":[1,null,{"a":{}}]}' } }
    assert.are.equal("nil nil nil nil true 3", run([[
      local mark = {}
      local function marked(value)
        if value == real.null then return io.stdout end
        if type(value) ~= "table" then return value end
        for name, field in pairs(value) do value[name] = marked(field) end
        return setmetatable(value, mark)
      end
      local cjson = { encode = real.encode, decode = function(text) return marked(real.decode(text)) end }
      function cjson.new() return cjson end
      return cjson]], [[
      local upload = assert(require("openai_uploads").cancel "upload_1")
      local list = upload.list
      for _, table in ipairs { upload, list, list[3].a } do print(tostring(getmetatable(table)), " ") end
      print(tostring(upload.file), " ", tostring(list[2] == io.stdout), " ", #list)]]))
  end)

  for _, row in ipairs {
    { "is no table", "return 'json'", "the module 'cjson' is a string, not a table" },
    { "cannot be made again", "return { decode = real.decode, encode = real.encode }",
      "the module 'cjson' lacks the function 'new': 'decode', 'encode' and 'new' are needed" },
    { "makes nothing", "return { new = function() end }",
      "the function 'new' of the module 'cjson' returned no table" },
    { "makes one that cannot encode", "return { new = function() return { decode = real.decode } end }",
      "the module 'cjson' lacks the function 'encode'" },
  } do
    it("that " .. row[1] .. " is refused by what it lacks", function()
      check.holds("false " .. row[3], run(row[2], [[
        local loaded, why = pcall(require, "openai_uploads")
        print(tostring(loaded), " ", why)]]))
    end)
  end

  it("that returns a reason where lua-cjson raises one is an error of the call", function()
    service.answer_next { { status = 200, body = '{"id":"upload_1"}' } }
    assert.are.equal("decode (cjson.encode returned a nil, not a string)", run([[
      local safe = { decode = function() return nil, "no" end, encode = function() return nil, "no" end }
      function safe.new() return safe end
      return safe]], [[
      local uploads = require "openai_uploads"
      print(select(2, uploads.cancel "upload_1").kind, " ")
      local _, why = pcall(uploads.create, { filename = "a", purpose = "b", bytes = 1, mime_type = "c" })
      print(why:match "%b()")]]))
  end)

  it("may raise what is no text", function()
    service.answer_next { { status = 200, body = '{"id":"upload_1"}' } }
    check.holds("decode: the answer cannot be decoded: in words (", run([[
      local words = setmetatable({}, { __tostring = function() return "in words" end })
      local cjson = { encode = real.encode, decode = function() error(words) end }
      function cjson.new() return cjson end
      return cjson]], [[print(tostring(select(2, require("openai_uploads").cancel "upload_1")))]]))
  end)
end)

describe("an answer", function()
  -- A decoder that knows no limit, for arrays alone.
  local without_limit = [[
    local cjson = { encode = real.encode }
    function cjson.decode(text)
      local depth = select(2, text:gsub("%[", ""))
      local list = {}
      for _ = 2, depth do list = { list } end
      return { id = "upload_1", list = list, error = { message = "No" } }
    end
    function cjson.new() return cjson end
    return cjson]]

  local function answer_deep(status, depth)
    service.answer_next { { status = status, body = ("["):rep(depth) .. ("]"):rep(depth) } }
  end

  for _, row in ipairs { { "lua-cjson", "return real" }, { "a decoder without a limit", without_limit } } do
    it("is taken with 99 arrays in it, and not with 100, by " .. row[1], function()
      for _, depth in ipairs { 99, 100 } do
        service.answer_next { {
          status = 200, body = '{"id":"upload_1","list":' .. ("["):rep(depth) .. ("]"):rep(depth) .. "}",
        } }
      end
      assert.are.equal("upload_1 nil decode: the answer is no upload: it is nested too deep", run(row[2], [[
        local uploads = require "openai_uploads"
        print(assert(uploads.cancel "upload_1").id, " ")
        local upload, failure = uploads.cancel "upload_1"
        print(tostring(upload), " ", failure.kind, ": ", failure.message)]]))
    end)
  end

  it("of 200 000 arrays does no harm where the decoder knows no limit", function()
    for _, status in ipairs { 200, 400 } do answer_deep(status, 200000) end
    assert.are.equal("decode bad_request the service answered HTTP 400", run(without_limit, [[
      local uploads = require("openai_uploads").new { max_retries = 0 }
      print(select(2, uploads.cancel "upload_1").kind, " ")
      local failure = select(2, uploads.cancel "upload_1")
      print(failure.kind, " ", failure.message)]]))
  end)
end)
