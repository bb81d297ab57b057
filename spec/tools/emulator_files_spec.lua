-- SPDX-License-Identifier: MIT
-- Runs once: the emulator's Files, which LuaSocket asks for.
-- Without a sanitizer: the module is not called.

local cjson = require "cjson.safe"
local http = require "socket.http"
local ltn12 = require "ltn12"
local with_service = require "spec.support.with_service"

local unpack = rawget(_G, "unpack") or rawget(table, "unpack")

describe("the emulator's Files", function()
  local service = with_service.emulator()

  local function ask(method, path, body, content_type)
    local pieces = {}
    local _, status, headers = http.request {
      url = service.base_url .. path, method = method, sink = ltn12.sink.table(pieces),
      source = body and ltn12.source.string(body),
      headers = { authorization = "Bearer sk", ["content-length"] = body and #body, ["content-type"] = content_type },
    }
    local text = table.concat(pieces)
    return status, cjson.decode(text) or text, headers
  end

  local function form(fields)
    local text = {}
    for _, field in ipairs(fields) do
      text[#text + 1] = ("--edge\r\nContent-Disposition: form-data; %s\r\n\r\n%s\r\n"):format(field[1], field[2])
    end
    return table.concat(text) .. "--edge--\r\n", "multipart/form-data; boundary=edge"
  end

  local function create(...) return ask("POST", "/files", form { ... }) end

  local file_field, purpose_field = { 'name="file"; filename="a.txt"', "hello" }, { 'name="purpose"', "batch" }

  it("answers with the File that was sent", function()
    local status, file = create(purpose_field, file_field,
      { 'name="expires_after[anchor]"', "created_at" }, { 'name="expires_after[seconds]"', "3600" })
    assert.are.equal(200, status)
    assert.are.same({ "file", 5, "a.txt", "batch", "processed", 3600 }, { file.object, file.bytes, file.filename,
      file.purpose, file.status, file.expires_at - file.created_at })
    assert.are.equal("5d41402abc4b2a76b9719d911017c592", service.files()[1].md5)
  end)

  for _, row in ipairs {
    { "no file", { purpose_field }, "missing_required_parameter", "file" },
    { "no purpose", { file_field }, "missing_required_parameter", "purpose" },
    { "an unknown purpose", { file_field, { 'name="purpose"', "fun" } }, "invalid_value", "purpose" },
    { "a file without a name", { purpose_field, { 'name="file"', "x" } }, "invalid_value", "file" },
    { "an unknown field", { purpose_field, file_field, { 'name="colour"', "red" } }, "unknown_parameter", "colour" },
    { "half an expiry", { purpose_field, file_field, { 'name="expires_after[seconds]"', "3600" } },
      "missing_required_parameter", "expires_after.anchor" },
    { "a short life", { purpose_field, file_field, { 'name="expires_after[anchor]"', "created_at" },
      { 'name="expires_after[seconds]"', "60" } }, "invalid_value", "expires_after.seconds" },
  } do
    it("refuses a form with " .. row[1], function()
      local status, answer = create(unpack(row[2]))
      assert.are.same({ 400, row[3] }, { status, answer.error.code })
      if row[4] ~= "purpose" then assert.are.equal(row[4], answer.error.param) end
    end)
  end

  it("refuses what is no form", function()
    assert.are.equal("unsupported_content_type", select(2, ask("POST", "/files", "{}", "application/json")).error.code)
    assert.are.equal(400, (ask("POST", "/files", "--edge\r\n", "multipart/form-data; boundary=edge")))
  end)

  it("gives the bytes back, whether nginx had them in memory or in a file", function()
    for _, bytes in ipairs { "hello", ("0123456789abcdef"):rep(128 * 1024) } do
      local file = service.add_file(bytes)
      local status, text, headers = ask("GET", "/files/" .. file.id .. "/content")
      assert.are.same({ 200, tostring(#bytes), "application/octet-stream" },
        { status, headers["content-length"], headers["content-type"] })
      assert.is_true(bytes == text)
    end
  end)

  it("names the method that a path takes", function()
    for path, allowed in pairs {
      ["/files"] = "GET", ["/files/file-1"] = "GET", ["/files/file-1/content"] = "GET", ["/uploads"] = "POST",
    } do
      local status, _, headers = ask("PUT", path)
      assert.are.same({ 405, allowed }, { status, headers.allow })
    end
  end)

  it("lists in pages, without Files that are gone", function()
    local ids = {}
    for index = 1, 5 do ids[index] = service.add_file("x", "batch").id end
    ask("DELETE", "/files/" .. ids[3])
    local _, page = ask("GET", "/files?limit=2&order=asc")
    assert.are.same({ ids[1], ids[2], true, 2 }, { page.first_id, page.last_id, page.has_more, #page.data })
    _, page = ask("GET", "/files?limit=2&order=asc&after=" .. ids[2])
    assert.are.same({ ids[4], ids[5], false }, { page.first_id, page.last_id, page.has_more })
    assert.are.equal(404, (ask("GET", "/files?after=" .. ids[3])))
    for _, query in ipairs { "limit=0", "limit=10001", "limit=x", "order=up" } do
      assert.are.equal(400, (ask("GET", "/files?" .. query)), query)
    end
  end)

  it("forgets a File whose time is over", function()
    local _, file = create(purpose_field, file_field,
      { 'name="expires_after[anchor]"', "created_at" }, { 'name="expires_after[seconds]"', "3600" })
    service.advance_clock(3600)
    assert.are.equal(404, (ask("GET", "/files/" .. file.id)))
    assert.are.same({}, service.files())
  end)

  it("shows the status that a test gives a File", function()
    local file = service.add_file("x")
    service.change_file(file.id, { status = "error", status_details = "no JSON" })
    local _, found = ask("GET", "/files/" .. file.id)
    assert.are.same({ "error", "no JSON" }, { found.status, found.status_details })
  end)

  it("plans answers for each of its calls", function()
    local file = service.add_file("x")
    service.answer_next {
      { call = "content", status = 501 }, { call = "file", status = 502 }, { call = "list_files", status = 503 },
      { call = "delete_file", status = 504 }, { call = "create_file", status = 505 },
    }
    assert.are.same({ 501, 502, 503, 504, 505 }, {
      (ask("GET", "/files/" .. file.id .. "/content")), (ask("GET", "/files/" .. file.id)), (ask("GET", "/files")),
      (ask("DELETE", "/files/" .. file.id)), (create(purpose_field, file_field)),
    })
  end)
end)
