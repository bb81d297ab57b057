-- SPDX-License-Identifier: MIT
-- What a call returns, as Lua values: Upload tables, and failures.

local cjson = require "cjson"
local check = require "spec.support.check"
local script = require "spec.support.script"
local with_service = require "spec.support.with_service"

local math_type = math.type -- luacheck: ignore 143

local client

local service = with_service.emulator()

before_each(function() client = check.client(service) end)

-- The Upload that the body, JSON text without its id, becomes.
local function upload_of(fields)
  service.answer_next { { status = 200, body = '{"id":"upload_1",' .. fields .. "}" } }
  return (assert(client.cancel("upload_1")))
end

describe("an Upload table", function()
  local big = { created_at = 1719184911, bytes = 8589934592, zero = 0, negative = -5, most = 2 ^ 53 }

  local function check_integers(upload)
    for name, value in pairs(big) do
      assert.are.equal(value, upload[name], name)
      if math_type then assert.are.equal("integer", math_type(upload[name]), name) end
    end
    if math_type then assert.are.equal("1719184911", tostring(upload.created_at)) end
  end

  local integers = '"created_at":1719184911,"bytes":8589934592,"zero":0,"negative":-5,"most":9007199254740992'

  it("has integers for integers", function() check_integers(upload_of(integers)) end)

  it("has them at every depth", function()
    local upload = upload_of(('"file":{%s,"list":[1,[2,{"n":3}]]}'):format(integers))
    check_integers(upload.file)
    assert.are.same({ 1, { 2, { n = 3 } } }, upload.file.list)
    if math_type then
      local list = upload.file.list
      assert.are.same({ "integer", "integer", "integer" },
        { math_type(list[1]), math_type(list[2][1]), math_type(list[2][2].n) })
    end
  end)

  it("has floats for what is no integer", function()
    local upload = upload_of '"a":1.5,"b":-0.25,"c":1e300,"d":1e19'
    assert.are.same({ 1.5, -0.25, 1e300, 1e19 }, { upload.a, upload.b, upload.c, upload.d })
    if math_type then assert.are.same({ "float", "float" }, { math_type(upload.c), math_type(upload.d) }) end
  end)

  it("leaves digits in texts alone", function()
    assert.are.same({ "12", "1.0" }, { upload_of('"a":"12"').a, upload_of('"a":"1.0"').a })
  end)

  it("has no field for a null, at every depth of objects", function()
    local upload = upload_of '"file":null,"deep":{"expires_at":null,"kept":1,"er":{"gone":null}},"list":[{"a":null}]'
    assert.are.same({ id = "upload_1", deep = { kept = 1, er = {} }, list = { {} } }, upload)
  end)

  it("keeps the places of what stands behind a null in an array", function()
    local list = upload_of('"list":[1,null,3,{"in":[null,5]}]').list
    assert.are.same({ 4, 1, cjson.null, 3 }, { #list, list[1], list[2], list[3] })
    assert.are.equal(5, list[4]["in"][2])
  end)

  it("survives many nulls and numbers at once", function()
    local fields, expected = {}, { id = "upload_1" }
    for index = 1, 500 do
      local value = index % 3 == 0 and "null" or index % 3 == 1 and tostring(index) or '"text"'
      fields[index] = ('"field_%d":%s'):format(index, value)
      if value ~= "null" then expected["field_" .. index] = index % 3 == 1 and index or "text" end
    end
    assert.are.same(expected, upload_of(table.concat(fields, ",")))
  end)

  it("keeps fields and words it does not know", function()
    local upload = upload_of '"status":"hibernating","purpose":"future","new":{"flag":true},"no":false'
    assert.are.same({ id = "upload_1", status = "hibernating", purpose = "future", new = { flag = true }, no = false },
      upload)
  end)

  it("has a File as a table, or none", function()
    local upload = upload_of '"file":{"id":"file-1","object":"file","expires_at":null,"status_details":null}'
    assert.are.same({ id = "file-1", object = "file" }, upload.file)
    assert.is_nil(getmetatable(upload.file))
    assert.is_nil(upload_of('"status":"pending"').file)
  end)

  it("can be encoded again", function()
    local text = cjson.new().encode(upload_of '"created_at":1719184911,"file":{"bytes":5}')
    assert.are.same({ id = "upload_1", created_at = 1719184911, file = { bytes = 5 } }, cjson.decode(text))
  end)
end)

describe("cjson", function()
  local function run(code)
    local result = script.run(code, {
      OPENAI_BASE_URL = service.base_url, OPENAI_API_KEY = check.key, ID = service.make_uploads(1)[1],
    })
    assert.are.same({ "", 0 }, { result.stderr, result.status })
    return result.stdout
  end

  it("settings of others change nothing for us, before we are loaded or after", function()
    service.answer_next {
      { status = 200, body = '{"id":"a","deep":{"er":{"est":[1]}}}' }, { status = 200, body = '{"id":"b"}' },
      { status = 200, body = '{"id":"c","bytes":NaN}' }, { status = 500, body = '{"error":{"message":"a b"}}' },
    }
    assert.are.equal("1 b decode a b", run [[
      local cjson = require "cjson"
      cjson.decode_max_depth(2)
      cjson.encode_max_depth(1)
      local uploads = require "openai_uploads"
      cjson.decode_invalid_numbers(true)
      cjson.encode_number_precision(1)
      local params = { filename = "a", purpose = "b", bytes = 123456, mime_type = "c", more = { a = { b = { 1 } } } }
      local function failure(_, of) return of end
      print = io.write
      print(uploads.cancel("a").deep.er.est[1] .. " ", uploads.create(params).id .. " ")
      print(failure(uploads.cancel("c")).kind .. " ", failure(uploads.cancel("d", { max_retries = 0 })).message)
    ]])
    check.holds('"bytes":123456', service.requests()[2].body)
  end)

  it("settings of ours change nothing for others", function()
    assert.are.equal("1000 true same", run [[
      local cjson = require "cjson"
      local encode, decode, new, null = cjson.encode, cjson.decode, cjson.new, cjson.null
      local uploads = require "openai_uploads"
      assert(uploads.cancel(os.getenv "ID"))
      local same = encode == cjson.encode and decode == cjson.decode and new == cjson.new and null == cjson.null
      local deep = cjson.decode(("["):rep(500) .. ("]"):rep(500))
      assert(pcall(cjson.decode, "[NaN]"))
      io.write(cjson.decode_max_depth(), " ", tostring(cjson.encode_keep_buffer()), " ", same and deep and "same" or "")
    ]])
  end)

  it("may give integers by itself, as OpenResty's does", function()
    local output = run [[
      local real = require "cjson"
      local function whole(value)
        if type(value) == "number" then return math.tointeger and math.tointeger(value) or value end
        if type(value) ~= "table" then return value end
        for name, field in pairs(value) do value[name] = whole(field) end
        return value
      end
      local fake = {}
      for name, field in pairs(real) do fake[name] = field end
      function fake.new()
        local own = real.new()
        local decode = own.decode
        own.decode = function(text) return whole(decode(text)) end
        return own
      end
      package.loaded.cjson = fake
      local upload = assert(require("openai_uploads").cancel(os.getenv "ID"))
      io.write(upload.status, " ", upload.created_at, " ", tostring(upload.file))
    ]]
    assert.is_truthy(output:find("^cancelled %d+ nil$"), output)
  end)
end)

describe("a failure", function()
  local function failure()
    return check.failure("not_found", client.cancel("upload_unknown"))
  end

  it("is a table that reads as one line", function()
    local one = failure()
    assert.are.equal(("not_found: No such Upload (HTTP 404, request %s)"):format(one.request_id), tostring(one))
    assert.are.equal(tostring(one), "" .. one)
    assert.are.equal(tostring(one), one .. "")
    assert.are.equal(tostring(one) .. tostring(one), one .. one)
    assert.are.equal("1" .. tostring(one), 1 .. one)
  end)

  it("is one line whatever the service says", function()
    local rude = "a\r\nb\27[2J\0\127\t\ac"
    service.answer_next {
      { status = 400, headers = { ["x-request-id"] = "r\27[1m" }, body = { error = { message = rude } } },
    }
    local one = check.failure("bad_request", client.cancel("upload_1"))
    assert.are.equal(rude, one.message)
    assert.is_nil(tostring(one):find("[%c\127]"))
    check.holds("bad_request: a  b [2J    c (HTTP 400", tostring(one))
  end)

  it("reads as well after a program has changed it", function()
    local one = failure()
    one.message, one.status, one.request_id = nil, nil, nil
    assert.are.equal("not_found", tostring(one))
    one.kind, one.message = nil, 5
    assert.are.equal(": 5", tostring(one))
  end)

  it("can be raised, and caught as it was", function()
    local one = failure()
    local _, caught = pcall(error, one)
    assert.are.equal(one, caught)
  end)

  -- What the interpreter prints of an error that nobody caught.
  local function last_words(code)
    local result = script.run('local uploads = require "openai_uploads"\n' .. code, {
      OPENAI_BASE_URL = service.base_url, OPENAI_API_KEY = check.key,
    })
    assert.are.equal(1, result.status)
    return result.stderr
  end

  local is_5_1 = _VERSION == "Lua 5.1" and not jit

  it("reads well when nobody catches it, but for lua5.1, which shows no tables", function()
    local words = last_words 'error(select(2, uploads.cancel "upload_unknown"))'
    check.holds(is_5_1 and "(error object is not a string)" or "not_found: No such Upload (HTTP 404", words)
  end)

  it("reads well through assert, but for 5.1 and 5.2, whose assert wants a text", function()
    local wants_text = is_5_1 or _VERSION == "Lua 5.2"
    local words = last_words 'assert(uploads.cancel "upload_unknown")'
    check.holds(wants_text and "string expected, got table" or "not_found: No such Upload (HTTP 404", words)
  end)

  it("reads well through error(tostring(failure)) everywhere, behind the line of the program", function()
    local words = last_words 'error(tostring(select(2, uploads.cancel "upload_unknown")))'
    assert.is_truthy(words:find(":2: not_found: No such Upload %(HTTP 404, request req_%w+%)"), words)
  end)
end)
