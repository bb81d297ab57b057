-- SPDX-License-Identifier: MIT
-- What is on the wire of a part, and that nothing of it stays for the calls after it.

local check = require "spec.support.check"
local fault = require "spec.support.fault"
local part_data = require "spec.support.part_data"
local rows = require "spec.support.rows"
local with_service = require "spec.support.with_service"

local good_answer = fault.answer(200, '{"id":"part_1","object":"upload.part","created_at":1,"upload_id":"upload_1"}')

local server = with_service.fault_server()

teardown(function() part_data.forget() end)

-- Sends the part, and returns the raw request.
local function sent(params, settings, options)
  local script = server.script { { { "request" }, { "send", good_answer } } }
  local client = rows.client(script.base_url, settings)
  assert.are.equal("part_1", assert(client.parts.create("upload_1", params, options)).id)
  local request = script.seen().requests[1]
  script.close()
  return request
end

-- The head's lines, by their names in lower case; each name once.
local function lines_of(head)
  local lines = {}
  for name, value in head:gmatch("\r\n([^:\r\n]+): ?([^\r\n]*)") do
    assert.is_nil(lines[name:lower()], name)
    lines[name:lower()] = value
  end
  return lines
end

-- The names of all headers of a part's request, one of which tells how long its body is.
local function sent_with(framing)
  local names = { "accept", "accept-encoding", "authorization", "content-type", "host", "user-agent", framing }
  table.sort(names)
  return names
end

describe("the request of a part", function()
  local bytes = "\r\n--\0" .. part_data.bytes(200000)
  local path = part_data.file(bytes)

  for name, params in pairs {
    ["a string"] = { data = bytes },
    ["a path"] = { file = path },
    ["a function that tells its length"] = { data = part_data.chunks(bytes, 30000), length = #bytes },
    ["a function that does not"] = { data = part_data.chunks(bytes, 30000) },
  } do
    it("is a form with one field for " .. name, function()
      local form = part_data.form(sent(params))
      assert.are.equal("POST /v1/uploads/upload_1/parts HTTP/1.1", form.head:match("^[^\r]*"))
      assert.are.equal(1, #form.fields)
      assert.is_true(bytes == form.fields[1].bytes)
      assert.are.same({
        ["content-disposition"] = 'form-data; name="data"; filename="data"',
        ["content-type"] = "application/octet-stream",
      }, lines_of("\r\n" .. form.fields[1].head))
      local lines = lines_of(form.head)
      if name:find "does not" then
        assert.are.same(sent_with "transfer-encoding", check.sorted_names(lines))
        assert.are.equal("chunked", lines["transfer-encoding"])
      else
        assert.are.same(sent_with "content-length", check.sorted_names(lines))
        assert.are.equal(tostring(#form.body), lines["content-length"])
      end
      assert.is_truthy(lines["content-type"]:find("^multipart/form%-data; boundary=%-*%w+$"))
    end)
  end

  it("never waits for leave to send a large body", function()
    for _, size in ipairs { 0, 1024, 1024 * 1024 + 1, 3 * 1024 * 1024 } do
      check.lacks("expect", sent({ data = ("x"):rep(size) }):match("^.-\r\n\r\n"):lower())
    end
  end)

  for _, name in ipairs { "Content-Type", "content-type" } do
    it("is a form whatever headers say: " .. name, function()
      for _, value in ipairs { "application/json", "text/plain; charset=x", "multipart/form-data; boundary=mine" } do
        local own = { headers = { [name] = value } }
        for _, request in ipairs { sent({ data = "abc" }, own), sent({ data = "abc" }, nil, own) } do
          local form = part_data.form(request)
          assert.are.equal("abc", form.fields[1].bytes)
          assert.are.equal(tostring(#form.body), lines_of(form.head)["content-length"])
        end
      end
    end)
  end

  it("has the program's own headers in its head, and none in its field", function()
    local one, two = { headers = { ["X-One"] = 1 } }, { headers = { ["X-Two"] = 2 } }
    local form = part_data.form(sent({ data = "abc" }, one, two))
    local lines = lines_of(form.head)
    assert.are.same({ "1", "2" }, { lines["x-one"], lines["x-two"] })
    assert.are.same({ "content-disposition", "content-type" },
      check.sorted_names(lines_of("\r\n" .. form.fields[1].head)))
  end)

  it("has the call's query, and an id that is encoded", function()
    local script = server.script { { { "request" }, { "send", good_answer } } }
    rows.client(script.base_url, { query = { a = 1 } }).parts.create("a/b c", { data = "" }, { query = { b = 2 } })
    assert.are.equal("POST /v1/uploads/a%2Fb%20c/parts?a=1&b=2 HTTP/1.1", script.seen().requests[1]:match("^[^\r]*"))
    script.close()
  end)

  it("ends where its bytes look like its end", function()
    local data = "\r\n--------------------------" .. ("0"):rep(16) .. "--\r\n\r\n--"
    assert.are.equal(data, part_data.form(sent({ data = data })).fields[1].bytes)
  end)
end)

describe("after a part, on its connection,", function()
  local client, id

  local service = with_service.emulator()

  before_each(function()
    client = check.client(service, { max_connections = 1, max_retries = 0 })
    id = service.make_uploads(1)[1]
  end)

  local params = { filename = "a", purpose = "batch", bytes = 3, mime_type = "text/plain" }
  local calls = {
    create = function() return client.create(params) end,
    cancel = function() return client.cancel(id) end,
    complete = function() return client.complete(id, { part_ids = { "part_none" } }) end,
  }
  local part_answer = { call = "parts", status = 200, body = { id = "part_1", object = "upload.part" } }
  local endings = {
    { "well", function() assert(client.parts.create(id, { data = "abc" })) end },
    { "well, in chunks", function() assert(client.parts.create(id, { data = part_data.chunks("abc", 1) })) end },
    { "refused", function()
      assert(client.parts.create(id, { data = "abc" }))
      service.answer_next { { call = "parts", status = 400 } }
      assert.is_nil(client.parts.create(id, { data = "abc" }))
    end },
  }
  for name, call in pairs(calls) do
    for _, ending in ipairs(endings) do
      it(("which ended %s, %s is as ever"):format(ending[1], name), function()
        service.answer_next { part_answer } -- for the Upload may be cancelled
        call()
        ending[2]()
        call()
        local requests, count = service.requests()
        local last = requests[count]
        assert.is_truthy(requests[count - 1].headers["content-type"]:find("^multipart/form%-data; "))
        assert.are.equal(requests[count - 1].connection, last.connection)
        assert.are.same(requests[1], last)
        local is_json = name ~= "cancel"
        assert.are.equal(is_json and "application/json" or nil, last.headers["content-type"])
        assert.are.equal(is_json and #last.body or 0, tonumber(last.headers["content-length"]))
        assert.is_nil(last.headers["transfer-encoding"])
      end)
    end
  end
end)
