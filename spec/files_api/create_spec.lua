-- SPDX-License-Identifier: MIT
-- files.create: a File in one call.

local check = require "spec.support.check"
local fault = require "spec.support.fault"
local part_data = require "spec.support.part_data"
local rows = require "spec.support.rows"
local with_service = require "spec.support.with_service"

local service = with_service.emulator()
local server = with_service.fault_server()

local client

teardown(function() part_data.forget() end)
before_each(function() client = check.client(service) end)

describe("files.create", function()
  it("makes a File of bytes", function()
    local file = assert(client.files.create { data = "hello", filename = "a.txt", purpose = "user_data" })
    assert.are.same({ "file", 5, "a.txt", "user_data" }, { file.object, file.bytes, file.filename, file.purpose })
    assert.are.equal(part_data.md5("hello"), service.files()[1].md5)
  end)

  it("makes one of a file, and takes its name", function()
    local bytes = ("0123456789"):rep(200000)
    local path = part_data.file(bytes)
    local file = assert(client.files.create { file = path, purpose = "batch" })
    assert.are.same({ path:match "[^/]*$", #bytes }, { file.filename, file.bytes })
    assert.are.equal(part_data.md5(bytes), service.files()[1].md5)
  end)

  it("makes one of an open file and of a function", function()
    local handle = assert(io.open(part_data.file("hello"), "rb"))
    assert(client.files.create { data = handle, filename = "a", purpose = "batch" })
    handle:close()
    local pieces = { "hel", "lo" }
    local function next_piece() return table.remove(pieces, 1) end
    assert(client.files.create { data = next_piece, filename = "b", purpose = "batch" })
    local files = service.files()
    assert.are.same({ part_data.md5 "hello", part_data.md5 "hello" }, { files[1].md5, files[2].md5 })
  end)

  it("says when it expires", function()
    local file = assert(client.files.create {
      data = "hello", filename = "a", purpose = "batch", expires_after = { anchor = "created_at", seconds = 3600 },
    })
    assert.are.equal(3600, file.expires_at - file.created_at)
  end)

  it("sends a form", function()
    local script = server.script { { { "request" }, { "send", fault.answer(200, '{"id":"file-1","object":"file"}') } } }
    assert(rows.client(script.base_url).files.create {
      data = "hello", filename = 'a "b".txt', purpose = "batch", mime_type = "text/plain",
      expires_after = { anchor = "created_at", seconds = 3600 },
    })
    local request = script.seen().requests[1]
    check.holds("POST /v1/files HTTP/1.1\r\n", request)
    local boundary = request:match "boundary=([^\r]+)"
    local parts = {}
    for part in request:gmatch("\r\n(Content%-Disposition:.-)\r\n%-%-" .. boundary:gsub("%p", "%%%0")) do
      parts[#parts + 1] = part:gsub('\\"', "%%22")
    end
    assert.are.same({
      'Content-Disposition: form-data; name="purpose"\r\n\r\nbatch',
      'Content-Disposition: form-data; name="expires_after[anchor]"\r\n\r\ncreated_at',
      'Content-Disposition: form-data; name="expires_after[seconds]"\r\n\r\n3600',
      'Content-Disposition: form-data; name="file"; filename="a %22b%22.txt"\r\nContent-Type: text/plain\r\n\r\nhello',
    }, parts)
    script.close()
  end)

  it("is sent again after a failure, as a whole", function()
    service.answer_next { { call = "create_file", status = 503 } }
    local _, _, response = client.files.create({ data = "hello", filename = "a", purpose = "batch" },
      { with_response = true })
    assert.are.same({ 2, 1 }, { response.attempts, #service.files() })
  end)

  it("may have made a File when its answer was lost", function()
    service.answer_next { { call = "create_file", close = true, apply = true } }
    local failure = check.failure("connection",
      client.files.create({ data = "hello", filename = "a", purpose = "batch" }, { max_retries = 0 }))
    assert.is_true(failure.may_have_applied)
    assert.are.equal(1, #service.files())
  end)

  it("tells what the service refuses", function()
    local failure = check.failure("bad_request", client.files.create { data = "x", filename = "a", purpose = "fun" })
    assert.are.equal("purpose", failure.param or "purpose")
    check.holds("Supported values are", failure.message)
  end)

  it("tells how far it is", function()
    local transfer = client.start.files.create { data = "hello", filename = "a", purpose = "batch" }
    local _, total = transfer:progress()
    assert.are.equal(5, total)
    assert.is_truthy(select(2, transfer:wait()))
    assert.are.same({ 5, 5 }, { transfer:progress() })
  end)

  it("sends no file over 512 MiB", function()
    local path = part_data.sparse_file(536870913)
    local failure = check.failure("too_large", client.files.create { file = path, purpose = "batch" })
    assert.are.equal("a file in one call takes at most 536870912 bytes (512 MiB), and this one has 536870913",
      failure.message)
    check.nothing_sent(service)
  end)

  it("fails where there is no such file", function()
    check.holds("cannot open /none/a: ", check.failure("file",
      client.files.create { file = "/none/a", purpose = "batch" }).message)
  end)

  describe("raises for", function()
    for _, row in ipairs {
      { "no data", { purpose = "batch" }, "params.data is missing, and so is params.file" },
      { "two sources", { data = "x", file = "a", purpose = "b" }, "params.data and params.file exclude each other" },
      { "no name", { data = "x", purpose = "b" }, "params.filename is missing: data has no name of its own" },
      { "no purpose", { data = "x", filename = "a" }, "params.purpose is missing" },
      { "an empty purpose", { data = "x", filename = "a", purpose = "" }, "params.purpose is empty" },
      { "a number as name", { data = "x", filename = 1, purpose = "b" },
        "params.filename must be a string, got number" },
      { "a line break in a name", { data = "x", filename = "a\nb", purpose = "b" },
        "params.filename contains a line break" },
      { "a NUL in a type", { data = "x", filename = "a", purpose = "b", mime_type = "a\0" },
        "params.mime_type contains a NUL byte" },
      { "half an expiry", { data = "x", filename = "a", purpose = "b", expires_after = { seconds = 1 } },
        "params.expires_after must be a table with anchor and seconds" },
      { "another expiry", { data = "x", filename = "a", purpose = "b", expires_after = { days = 1 } },
        "params.expires_after must be a table with anchor and seconds" },
      { "an option", { data = "x", filename = "a", purpose = "b", timeout = 1 },
        "params has an unknown field 'timeout': it is an option" },
      { "an offset", { data = "x", filename = "a", purpose = "b", offset = 1 },
        "params has an unknown field 'offset'" },
    } do
      it(row[1], function()
        local fine, raised = pcall(client.files.create, row[2])
        assert.is_false(fine)
        check.holds("bad argument #1 to 'files.create' (" .. row[3], raised)
      end)
    end
  end)
end)
