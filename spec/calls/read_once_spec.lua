-- SPDX-License-Identifier: MIT
-- Arguments that answer otherwise the next time: each is read once, so what was checked is what is used.

local cjson = require "cjson"
local check = require "spec.support.check"
local core = require "openai_uploads.core"
local drive = require "spec.support.drive"
local part_data = require "spec.support.part_data"
local upload_file = require "spec.support.upload_file"
local with_service = require "spec.support.with_service"

local client

local service = with_service.emulator()

teardown(function() part_data.forget() end)

before_each(function() client = check.client(service) end)

after_each(upload_file.remove_all)

local function new_id() return service.make_uploads(1)[1] end

-- A table whose fields are these the first time they are asked for, and those of `later` from then on; and how often
-- each was asked for.
local function liar(first, later)
  local asked = {}
  return setmetatable({}, { __index = function(_, name)
    asked[name] = (asked[name] or 0) + 1
    if asked[name] == 1 then return first[name] end
    return (later or {})[name]
  end }), asked
end

local function check_asked_once(asked)
  for name, times in pairs(asked) do assert.are.same({ name, 1 }, { name, times }) end
end

describe("the params of parts.create", function()
  local data_later = { nil, 5, true, {}, print, "" }
  for index = 1, 6 do
    local later = data_later[index]
    it(("are read once: data that becomes %s"):format(later == "" and "empty" or type(later)), function()
      local id = new_id()
      local params, asked = liar({ data = "0123456789", offset = 2, length = 3 },
        { data = later, offset = -1000, length = 2 ^ 40 })
      assert(client.parts.create(id, params))
      check_asked_once(asked)
      assert.are.equal(upload_file.md5 "234", service.upload(id).parts[1].md5)
    end)
  end

  it("are read once: a path that becomes something else", function()
    local id, path = new_id(), part_data.file "0123456789"
    for _, later in ipairs { 5, true, {}, print, "/" } do
      local params, asked = liar({ file = path, offset = 8 }, { file = later, data = "a" })
      assert(client.parts.create(id, params))
      check_asked_once(asked)
    end
    for _, part in ipairs(service.upload(id).parts) do assert.are.equal(upload_file.md5 "89", part.md5) end
  end)

  it("are read once: a function whose rewind becomes none", function()
    local id, left = new_id(), 1
    service.answer_next { { status = 500 } }
    local params, asked = liar({
      data = function()
        left = left - 1
        return left == 0 and "bytes" or nil
      end,
      rewind = function() left = 1 end,
    }, { rewind = 5 })
    assert(client.parts.create(id, params))
    check_asked_once(asked)
    assert.are.equal(upload_file.md5 "bytes", service.upload(id).parts[1].md5)
  end)

  it("may come from an object with defaults", function()
    local id = new_id()
    local part = setmetatable({ offset = 1 }, { __index = { data = "abc", length = 1 } })
    assert(client.parts.create(id, part))
    assert.are.equal(upload_file.md5 "b", service.upload(id).parts[1].md5)
  end)

  it("may close their file as they are read: that is misuse", function()
    local before = part_data.descriptors()
    for _, way in ipairs { client.parts.create, client.start.parts.create } do
      local file = assert(io.open(part_data.file "abc"))
      local params = setmetatable({ data = file }, { __index = function(_, name)
        if name == "length" then file:close() end
      end })
      local fine, message = pcall(way, new_id(), params)
      assert.is_false(fine)
      check.holds("params.data is a closed file", message)
    end
    assert.are.equal(before, part_data.descriptors())
  end)

  it("may close the core's file as they are read: that is misuse", function()
    local file = assert(core.open_file(part_data.file "abc"))
    local params = setmetatable({ file = file }, { __index = function(_, name)
      if name == "length" then file:close() end
    end })
    check.holds("params.file must be a path, got userdata", select(2, pcall(client.parts.create, new_id(), params)))
  end)
end)

describe("the params of create", function()
  local first = { filename = "a.jsonl", purpose = "batch", bytes = 3, mime_type = "text/jsonl" }

  it("are read once, and that is what is sent", function()
    local params, asked = liar(first, { filename = {}, purpose = 5, bytes = -1 })
    local upload = assert(client.create(params))
    check_asked_once(asked)
    assert.are.same({ "a.jsonl", "batch", 3 }, { upload.filename, upload.purpose, upload.bytes })
  end)

  it("may come from an object with defaults, those of tables too", function()
    local defaults = check.merged(first, { expires_after = { anchor = "created_at", seconds = 3600 } })
    assert(client.create(setmetatable({ filename = "b.jsonl" }, { __index = defaults })))
    assert.are.same(check.merged(defaults, { filename = "b.jsonl" }),
      cjson.decode(check.only_request(service).body))
  end)

  it("may hold cjson's null, and what cjson takes for an array", function()
    local params = check.merged(first, { more = cjson.null, list = { 1, "two", { three = true } } })
    if cjson.empty_array_mt then params.none = setmetatable({}, cjson.empty_array_mt) end
    service.answer_next { { status = 200, body = { id = "upload_1" } } } -- OpenAI refuses fields that it does not know
    assert(client.create(params))
    local sent = cjson.decode(check.only_request(service).body)
    assert.are.equal(cjson.null, sent.more)
    assert.are.same({ 1, "two", { three = true } }, sent.list)
    if cjson.empty_array_mt then check.holds('"none":[]', check.only_request(service).body) end
  end)

  local function nested(levels, value)
    for _ = 1, levels do value = { value } end
    return value
  end
  local function in_itself()
    local table = {}
    table.more = { table }
    return table
  end
  local function grown()
    local table = { 1, 2 }
    for _ = 1, 40 do table = { table, table } end
    return table
  end
  local refused = {
    { "contains itself", in_itself() }, { "is nested too deep", nested(1000, 1) },
    { "holds too many values", grown() }, { "holds too much text", { ("x"):rep(2 ^ 25), ("x"):rep(2 ^ 25), "x" } },
  }
  for _, row in ipairs(refused) do
    it("that are no end of a table are refused by name: " .. row[1], function()
      local params = check.merged(first, { again = row[2] })
      for _, way in ipairs { client.create, client.start.create } do
        local fine, message = pcall(way, params)
        assert.is_false(fine)
        check.holds("bad argument #1 to 'create' (params.again " .. row[1], message)
      end
      local fine, message = pcall(client.upload_file_chunked,
        { data = "a", filename = "a.txt", purpose = "batch", expires_after = row[2] })
      assert.is_false(fine)
      check.holds("bad argument #1 to 'upload_file_chunked' (params.expires_after", message)
      check.holds(row[1], message)
      check.nothing_sent(service)
    end)
  end
end)

it("the params of complete are read once", function()
  local id = new_id()
  local part = assert(client.parts.create(id, { data = "0123456789" }))
  local params, asked = liar({ part_ids = { part.id } }, { part_ids = 5 })
  local answer, failure = client.complete(id, params)
  check_asked_once(asked)
  assert.is_truthy(answer or failure.kind == "bad_request") -- of another size than it was announced with
  assert.are.same({ part_ids = { part.id } }, cjson.decode(select(1, service.requests())[2].body))
end)

describe("the params of upload_file_chunked", function()
  it("are read once", function()
    local params, asked = liar(upload_file.params "abcdef",
      { file = 5, purpose = {}, part_size = 0, concurrency = 0 / 0, resume = 7, md5 = true })
    assert.are.equal("completed", assert(client.upload_file_chunked(params)).status)
    check_asked_once(asked)
    assert.are.equal(3, upload_file.counts(service).parts)
  end)

  it("may be changed afterwards, and the options too", function()
    local params, options = upload_file.params "abcdef", { headers = { ["X-Mine"] = "1" }, max_retries = 0 }
    local expiry = { anchor = "created_at", seconds = 3600 }
    params.expires_after = expiry
    local job = client.start.upload_file_chunked(params, options)
    params.part_size, params.file, expiry.seconds = -1, false, {}
    options.headers["X-Mine"], options.max_retries, options.timeout = {}, "many", -5
    drive.all(client)
    assert.are.equal("completed", drive.result(job).status)
    for _, request in ipairs((service.requests())) do assert.are.equal("1", request.headers["x-mine"]) end
  end)

  it("hold a resume table that may be changed as soon as it was given", function()
    local path = upload_file.write "abcdef"
    local saved
    service.answer_next { { call = "complete", status = 400 } }
    local _, failure = client.upload_file_chunked(upload_file.params(nil, { file = path, keep_on_failure = true }))
    saved = assert(failure.resume)
    local before = upload_file.counts(service).parts
    local job = client.start.upload_file_chunked(upload_file.params(nil, { file = path, resume = saved }))
    saved.upload_id, saved.parts, saved.part_size = "..", { { number = -1, id = {} } }, 0 / 0
    drive.all(client)
    assert.are.equal("completed", drive.result(job).status)
    assert.are.equal(before, upload_file.counts(service).parts)
  end)

  it("are told of by their numbers, however large those are", function()
    for name, value in pairs { part_size = 1e300, concurrency = 2 ^ 70 } do
      check.holds(("params.%s must be from 1 to "):format(name),
        select(2, pcall(client.upload_file_chunked, upload_file.params("a", { [name] = value }))))
    end
    local _, failure = client.upload_file_chunked(upload_file.params("a", { bytes = 1e300 }))
    check.holds("has 1 bytes, where params.bytes says 1", check.failure("file", nil, failure).message)
  end)
end)

describe("the ids of cancel_all", function()
  it("are read once", function()
    local ids = service.make_uploads(3)
    local list, asked = liar(ids, { "", "..", 5 })
    local uploads = client.cancel_all(list)
    check_asked_once(asked)
    for _, id in ipairs(ids) do assert.are.equal("cancelled", uploads[id].status) end
  end)

  it("that have no end are refused", function()
    local fine, message = pcall(client.cancel_all, setmetatable({}, { __index = function() return "upload_1" end }))
    assert.is_false(fine)
    check.holds("bad argument #1 to 'cancel_all' (ids has more than 1000000)", message)
    check.nothing_sent(service)
  end)
end)

describe("settings and options", function()
  it("are what stands in the table: a metatable is not asked", function()
    local never = { __index = function() error "asked" end, __pairs = function() error "asked" end }
    local id = new_id()
    local settings = setmetatable({ base_url = service.base_url, api_key = check.key, proxy = "" }, never)
    local of_settings = require("openai_uploads").new(settings)
    assert(of_settings.cancel(id, setmetatable({ headers = setmetatable({ a = "b" }, never) }, never)))
    assert(of_settings.cancel_all({ new_id() }, setmetatable({}, never)))
    assert(of_settings.upload_file_chunked(upload_file.params "abc", setmetatable({}, never)))
  end)
end)

if _VERSION >= "Lua 5.4" then
  describe("a guard", function()
    it("reads the id of its Upload once", function()
      local id = new_id()
      local upload, asked = liar({ id = id, object = "upload" }, { id = {}, object = 5 })
      client.guard(upload)
      check_asked_once(asked)
      getmetatable(upload).__close()
      assert.are.equal("cancelled", service.upload(id).status)
    end)

    it("tells of an object that cannot be told", function()
      local object = setmetatable({}, { __tostring = function() return {} end })
      check.holds("an Upload expected, got an object 'an error that cannot be described'",
        select(2, pcall(client.guard, { id = "upload_1", object = object })))
    end)

    it("tells of an Upload whose metatable may not be changed, and leaves it alone", function()
      local id = new_id()
      local upload = setmetatable({ id = id }, { __metatable = "mine" })
      check.holds("bad argument #1 to 'guard' (the metatable of the Upload is protected)",
        select(2, pcall(client.guard, upload)))
      drive.collect()
      drive.all(client)
      assert.are.equal("pending", service.upload(id).status)
    end)
  end)
end

describe("an error in a metamethod of an argument", function()
  local problem = {}
  local angry = setmetatable({}, { __index = function() error(problem) end })
  local calls = {
    { "create", function(of) return of.create(angry) end },
    { "complete", function(of) return of.complete("upload_1", angry) end },
    { "parts.create", function(of) return of.parts.create("upload_1", angry) end },
    { "upload_file_chunked", function(of) return of.upload_file_chunked(angry) end },
  }
  for _, row in ipairs(calls) do
    it("is raised as it is, and nothing is left: " .. row[1], function()
      local before = part_data.descriptors()
      for _, of in ipairs { client, client.start } do
        local fine, raised = pcall(row[2], of)
        assert.are.same({ false, true }, { fine, rawequal(problem, raised) })
      end
      check.nothing_sent(service)
      assert.are.equal(0, client.step())
      assert.are.equal(before, part_data.descriptors())
    end)
  end

  it("is raised as it is: the ids of cancel_all", function()
    local fine, raised = pcall(client.cancel_all, angry)
    assert.are.same({ false, true }, { fine, rawequal(problem, raised) })
  end)
end)
