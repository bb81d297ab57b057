-- SPDX-License-Identifier: MIT
-- The emulator itself, by raw HTTP: what other specs and `make demo` rely on.
-- Runs once: nginx runs the emulator.
-- Without a sanitizer: the module is not called.

local cjson = require("cjson").new()
local emulator = require "spec.support.emulator"
local exists = require "spec.support.exists"
local process = require "spec.support.process"
local socket = require "socket"

local MEBIBYTE = 1024 * 1024
local DIGITS = ("%x"):rep(32)
local null = cjson.null
local service

local function shell(command)
  local pipe = assert(io.popen("unset LD_PRELOAD ASAN_OPTIONS LSAN_OPTIONS; " .. command, "r"))
  local text = pipe:read("*a")
  pipe:close()
  return text
end

local function wait_until(holds)
  for _ = 1, 1000 do
    if holds() then return end
    socket.sleep(0.01)
  end
  error("waited in vain", 2)
end

local function connect(base_url)
  local host, port = base_url:match("//([^:/]+):(%d+)")
  local connection = assert(socket.connect(host, tonumber(port)))
  connection:settimeout(30)
  return connection
end

-- headers: a table, whose false values leave out what is sent otherwise.
local function send(connection, method, path, headers, body)
  local lines = { method .. " " .. path .. " HTTP/1.1" }
  local all = { host = "localhost", authorization = "Bearer sk-test", ["content-length"] = #(body or "") }
  for name, value in pairs(headers or {}) do all[name] = value end
  for name, value in pairs(all) do
    if value then table.insert(lines, name .. ": " .. value) end
  end
  assert(connection:send(table.concat(lines, "\r\n") .. "\r\n\r\n" .. (body or "")))
end

local function receive(connection)
  local status_line, problem = connection:receive("*l")
  if not status_line then return nil, problem end
  local answer = { status = tonumber(status_line:match("^HTTP/1.1 (%d+)")), headers = {} }
  for line in function() return assert(connection:receive("*l")) end do
    if line == "" then break end
    local name, value = line:match("^([^:]+): *(.*)$")
    answer.headers[name:lower()] = value
  end
  local length = tonumber(answer.headers["content-length"])
  answer.body = length == 0 and "" or connection:receive(length) -- LuaSocket would wait for the first of no bytes
  if answer.headers["content-type"] == "application/json" then answer.object = cjson.decode(answer.body) end
  return answer
end

local function call(method, path, headers, body)
  local connection = connect(service.base_url)
  send(connection, method, path, headers, body)
  local answer, problem = receive(connection)
  connection:close()
  return answer, problem
end

local function post_json(path, params)
  local text = type(params) == "string" and params or cjson.encode(params)
  return call("POST", path, { ["content-type"] = "application/json" }, text)
end

local function announcement(changes)
  local params = { filename = "story.txt", purpose = "user_data", bytes = 11, mime_type = "text/plain" }
  for name, value in pairs(changes or {}) do params[name] = value end
  for name, value in pairs(params) do
    if value == "absent" then params[name] = nil end
  end
  return params
end

local function create(changes)
  local answer = post_json("/v1/uploads", announcement(changes))
  assert.equal(200, answer.status)
  return answer.object
end

local function form(...)
  local pieces = {}
  for _, field in ipairs { ... } do
    table.insert(pieces, ('--edge\r\nContent-Disposition: form-data; %s\r\n\r\n'):format(field[1]))
    table.insert(pieces, field[2] .. "\r\n")
  end
  return table.concat(pieces) .. "--edge--\r\n"
end

local form_type = { ["content-type"] = "multipart/form-data; boundary=edge" }

local function add_part(id, data)
  return call("POST", "/v1/uploads/" .. id .. "/parts", form_type, form { 'name="data"; filename="blob"', data })
end

local function complete(id, params) return post_json("/v1/uploads/" .. id .. "/complete", params) end
local function cancel(id) return call("POST", "/v1/uploads/" .. id .. "/cancel") end

local function assert_refused(answer, status, param, code)
  assert.equal(status, answer.status)
  local failure = answer.object.error
  assert.equal("string", type(failure.message))
  assert.equal("invalid_request_error", failure.type)
  assert.equal(param or null, failure.param)
  assert.equal(code or null, failure.code)
end

describe("the emulator", function()
  lazy_setup(function() service = emulator.start() end)
  lazy_teardown(function() service.stop() end)
  before_each(function() service.reset() end)

  describe("when an Upload is created", function()
    it("answers with a pending Upload that lives for an hour", function()
      local upload = create()
      assert.truthy(upload.id:find("^upload_" .. DIGITS .. "$"))
      assert.equal("upload", upload.object)
      assert.equal("pending", upload.status)
      assert.equal("story.txt", upload.filename)
      assert.equal("user_data", upload.purpose)
      assert.equal(11, upload.bytes)
      assert.is_nil(upload.file)
      assert.equal(3600, upload.expires_at - upload.created_at)
    end)

    it("sends the service's headers", function()
      local answer = post_json("/v1/uploads", announcement())
      assert.truthy(answer.headers["x-request-id"]:find("^req_%x+$"))
      assert.truthy(answer.headers["openai-processing-ms"]:find("^%d+$"))
      assert.truthy(answer.headers["openai-version"])
      assert.equal("keep-alive", answer.headers.connection)
      assert.equal("org-emulator", answer.headers["openai-organization"])
      assert.equal("proj_emulator", answer.headers["openai-project"])
    end)

    it("names the organization and the project that were asked for", function()
      local asked_for = { ["OpenAI-Organization"] = "org-1", ["OpenAI-Project"] = "proj_2" }
      local answer = call("POST", "/v1/uploads/x/cancel", asked_for)
      assert.same({ "org-1", "proj_2" }, { answer.headers["openai-organization"], answer.headers["openai-project"] })
    end)

    local refusals = {
      { "no filename", { filename = "absent" }, "filename", "missing_required_parameter" },
      { "no purpose", { purpose = "absent" }, "purpose", "missing_required_parameter" },
      { "no bytes", { bytes = "absent" }, "bytes", "missing_required_parameter" },
      { "no mime_type", { mime_type = "absent" }, "mime_type", "missing_required_parameter" },
      { "a filename that is null", { filename = null }, "filename", "invalid_type" },
      { "an empty filename", { filename = "" }, "filename", "invalid_value" },
      { "a purpose that it does not know", { purpose = "leisure" }, "purpose", "invalid_value" },
      { "bytes in a string", { bytes = "11" }, "bytes", "invalid_type" },
      { "half a byte", { bytes = 1.5 }, "bytes", "invalid_type" },
      { "less than no bytes", { bytes = -1 }, "bytes", "integer_below_min_value" },
      { "no bytes at all", { bytes = 0 }, "bytes", "integer_below_min_value" },
      { "more than 8 GB", { bytes = 8 * 1024 * MEBIBYTE + 1 }, "bytes", "invalid_value" },
      { "a field that it does not know", { further = 1 }, "further", "unknown_parameter" },
      { "a field of an expiry that it does not know",
        { expires_after = { anchor = "created_at", seconds = 3600, further = 1 } }, "expires_after.further",
        "unknown_parameter" },
      { "an expiry that is no object", { expires_after = 3600 }, "expires_after", "invalid_type" },
      { "an expiry without an anchor", { expires_after = { seconds = 3600 } }, "expires_after.anchor",
        "missing_required_parameter" },
      { "an expiry with another anchor", { expires_after = { anchor = "now", seconds = 3600 } },
        "expires_after.anchor", "invalid_value" },
      { "an expiry too soon", { expires_after = { anchor = "created_at", seconds = 3599 } },
        "expires_after.seconds", "invalid_value" },
      { "an expiry too late", { expires_after = { anchor = "created_at", seconds = 2592001 } },
        "expires_after.seconds", "invalid_value" },
    }
    for _, row in ipairs(refusals) do
      it("refuses " .. row[1], function()
        assert_refused(post_json("/v1/uploads", announcement(row[2])), 400, row[3], row[4])
      end)
    end

    it("takes 8 GB, and an expiry that is null", function()
      assert.equal(8589934592, create({ bytes = 8 * 1024 * MEBIBYTE, expires_after = null }).bytes)
    end)

    it("refuses what is no JSON", function()
      assert_refused(post_json("/v1/uploads", "{"), 400)
      assert_refused(post_json("/v1/uploads", ""), 400)
      assert_refused(post_json("/v1/uploads", "7"), 400)
    end)

    it("refuses another content type", function()
      assert_refused(call("POST", "/v1/uploads", { ["content-type"] = "text/plain" }, "{}"), 400, nil,
        "unsupported_content_type")
    end)
  end)

  describe("when a Part is added", function()
    it("answers with an UploadPart and knows its size and MD5", function()
      local upload = create()
      local part = add_part(upload.id, "hello world").object
      assert.truthy(part.id:find("^part_" .. DIGITS .. "$"))
      assert.equal("upload.part", part.object)
      assert.equal(upload.id, part.upload_id)
      assert.equal("number", type(part.created_at))
      local stored = service.upload(upload.id).parts
      assert.equal(1, #stored)
      assert.equal(part.id, stored[1].id)
      assert.equal(11, stored[1].bytes)
      assert.equal("5eb63bbbe01eeed093cb22bb8f5acdc3", stored[1].md5)
    end)

    local forms = {
      { "finds the data among other fields",
        form({ 'name="first"', "1" }, { "name=data", "here" }, { 'name="last"', "2" }), 4 },
      { "takes an empty Part", form { 'name="data"', "" }, 0 },
      { "takes line ends and dashes for data", form { 'name="data"', "\r\n--edg\r\n" }, 9 },
      { "is not fooled by a file name",
        form({ 'name="other"; filename="name=data"', "1" }, { 'name="data"', "22" }), 2 },
    }
    for _, row in ipairs(forms) do
      it(row[1], function()
        local upload = create()
        assert.equal(200, call("POST", "/v1/uploads/" .. upload.id .. "/parts", form_type, row[2]).status)
        assert.equal(row[3], service.upload(upload.id).parts[1].bytes)
      end)
    end

    -- Bodies over a mebibyte lie in a file, which is searched in pieces of one.
    for distance = -9, 1 do
      it(("finds the end of a large Part %d bytes from where a piece ends"):format(distance), function()
        local upload = create()
        assert.equal(200, add_part(upload.id, ("x"):rep(MEBIBYTE + distance)).status)
        assert.equal(MEBIBYTE + distance, service.upload(upload.id).parts[1].bytes)
      end)
    end

    it("takes 64 MB and no more", function()
      local upload = create()
      local most = ("x"):rep(64 * MEBIBYTE)
      assert.equal(200, add_part(upload.id, most).status)
      assert.equal("de506679685541efcb501eac224adc64", service.upload(upload.id).parts[1].md5)
      assert_refused(add_part(upload.id, most .. "x"), 400, "data", "invalid_value")
    end)

    local refusals = {
      { "a form without data", form_type, form { 'name="file"', "x" }, "data", "missing_required_parameter" },
      { "a form cut off", form_type, "--edge\r\nContent-Disposition: form-data; name=data\r\n\r\nx" },
      { "a form without a boundary", { ["content-type"] = "multipart/form-data" }, form { "name=data", "x" } },
      { "an empty body", form_type, "" },
      { "JSON", { ["content-type"] = "application/json" }, "{}", nil, "unsupported_content_type" },
    }
    for _, row in ipairs(refusals) do
      it("refuses " .. row[1], function()
        local path = "/v1/uploads/" .. create().id .. "/parts"
        assert_refused(call("POST", path, row[2], row[3]), 400, row[4], row[5])
      end)
    end
  end)

  describe("when an Upload is completed", function()
    local function with_parts(texts, changes)
      local upload = create(changes)
      local part_ids = {}
      for index, text in ipairs(texts) do part_ids[index] = add_part(upload.id, text).object.id end
      return upload.id, part_ids
    end

    it("answers with the File", function()
      local id, part_ids = with_parts({ "hello ", "world" })
      local upload = complete(id, { part_ids = part_ids }).object
      assert.equal("completed", upload.status)
      local file = upload.file
      assert.truthy(file.id:find("^file%-" .. DIGITS .. "$"))
      assert.equal("file", file.object)
      assert.equal(11, file.bytes)
      assert.equal("story.txt", file.filename)
      assert.equal("user_data", file.purpose)
      assert.equal("processed", file.status)
      assert.equal(null, file.expires_at)
      assert.equal(null, file.status_details)
    end)

    it("gives the File the expiry that was asked for", function()
      local id, part_ids = with_parts({ "hello world" }, { expires_after = { anchor = "created_at", seconds = 7200 } })
      local file = complete(id, { part_ids = part_ids }).object.file
      assert.equal(7200, file.expires_at - file.created_at)
    end)

    it("joins the Parts in the order asked for", function()
      local id, part_ids = with_parts({ "world", "hello " })
      local params = { part_ids = { part_ids[2], part_ids[1] }, md5 = "5EB63BBBE01EEED093CB22BB8F5ACDC3" }
      assert.equal(200, complete(id, params).status)
    end)

    it("checks the MD5 of Parts that were kept in files", function()
      local md5 = "5e8dccab49b9a68487579df780a34d8e"
      local texts = { ("a"):rep(MEBIBYTE + 1), ("b"):rep(2 * MEBIBYTE) }
      local id, part_ids = with_parts(texts, { bytes = 3 * MEBIBYTE + 1 })
      local reversed = { part_ids[2], part_ids[1] }
      assert_refused(complete(id, { part_ids = reversed, md5 = md5 }), 400, "md5", "invalid_value")
      assert.equal(200, complete(id, { part_ids = part_ids, md5 = md5 }).status)
    end)

    it("refuses the other order by its MD5, and the Upload stays pending", function()
      local id, part_ids = with_parts({ "world", "hello " })
      assert_refused(complete(id, { part_ids = part_ids, md5 = "5eb63bbbe01eeed093cb22bb8f5acdc3" }), 400, "md5",
        "invalid_value")
      assert.equal("pending", service.upload(id).status)
    end)

    local refusals = {
      { "no part_ids", {}, "missing_required_parameter" },
      { "empty part_ids", '{"part_ids":[]}', "invalid_value" },
      { "part_ids in a string", { part_ids = "part_1" }, "invalid_type" },
      { "part_ids with a number", { part_ids = { 1 } }, "invalid_type" },
      { "a Part it does not know", { part_ids = { "part_0" } }, "invalid_value" },
    }
    for _, row in ipairs(refusals) do
      it("refuses " .. row[1], function()
        assert_refused(complete(create().id, row[2]), 400, "part_ids", row[3])
      end)
    end

    it("refuses a field that it does not know", function()
      local id, part_ids = with_parts({ "hello world" })
      assert_refused(complete(id, { part_ids = part_ids, further = 1 }), 400, "further", "unknown_parameter")
    end)

    it("refuses a Part named twice", function()
      local id, part_ids = with_parts({ "x" }, { bytes = 2 })
      assert_refused(complete(id, { part_ids = { part_ids[1], part_ids[1] } }), 400, "part_ids", "invalid_value")
    end)

    it("refuses another size than was announced", function()
      local id, part_ids = with_parts({ "hello" })
      assert_refused(complete(id, { part_ids = part_ids }), 400, "part_ids", "invalid_value")
    end)
  end)

  describe("when a File is asked for", function()
    local function file_of(changes)
      local upload = create(changes)
      local part_ids = { add_part(upload.id, "hello world").object.id }
      return complete(upload.id, { part_ids = part_ids }).object.file
    end

    local function find(id) return call("GET", "/v1/files/" .. id) end

    it("answers with that of a completed Upload, each time", function()
      local file = file_of()
      assert.same(file, find(file.id).object)
      assert.same(file, find(file.id).object)
    end)

    it("answers 404 where there is none", function()
      assert_refused(find("file-1"), 404, "id")
      assert_refused(find(create().id), 404, "id")
    end)

    it("answers 404 once it has expired", function()
      local file = file_of { expires_after = { anchor = "created_at", seconds = 7200 } }
      service.advance_clock(7100)
      assert.equal(200, find(file.id).status)
      service.advance_clock(100)
      assert_refused(find(file.id), 404, "id")
    end)

    it("wants a key", function()
      assert_refused(call("GET", "/v1/files/file-1", { authorization = false }), 401)
    end)

    it("can have its answer planned, and knows it no more after a reset", function()
      local file = file_of()
      service.answer_next { { call = "file", status = 500 } }
      assert.equal(404, cancel("x").status)
      assert.equal(500, find(file.id).status)
      service.reset()
      assert_refused(find(file.id), 404, "id")
    end)
  end)

  describe("when an Upload is cancelled", function()
    it("answers with the cancelled Upload", function()
      local upload = create()
      local answer = cancel(upload.id)
      assert.equal(200, answer.status)
      upload.status = "cancelled"
      assert.same(upload, answer.object)
      assert.is_nil(answer.object.file)
      assert.equal("cancelled", service.upload(upload.id).status)
    end)

    it("decodes the id, and needs no body", function()
      local encoded = create().id:gsub("_", "%%5f")
      assert.equal(200, call("POST", "/v1/uploads/" .. encoded .. "/cancel", { ["content-length"] = false }).status)
    end)
  end)

  describe("when an Upload is no longer pending", function()
    local calls = {
      { "parts", function(id) return add_part(id, "x") end },
      { "complete", function(id) return complete(id, { part_ids = { "part_0" } }) end },
      { "cancel", cancel },
    }
    for _, row in ipairs(calls) do
      local name, calling = row[1], row[2]

      it("refuses " .. name .. " once it is cancelled", function()
        local id = create().id
        cancel(id)
        assert_refused(calling(id), 400)
      end)

      it("refuses " .. name .. " once it is completed", function()
        local id = create({ bytes = 1 }).id
        assert.equal(200, complete(id, { part_ids = { add_part(id, "x").object.id } }).status)
        assert_refused(calling(id), 400)
      end)

      it("answers 410 to " .. name .. " once it has expired", function()
        local id = create().id
        service.advance_clock(3600)
        assert_refused(calling(id), 410)
        assert.equal("expired", service.upload(id).status)
      end)

      it("answers 404 to " .. name .. " where there is none", function()
        local answer = calling("upload_0")
        assert_refused(answer, 404)
        assert.equal("No such Upload", answer.object.error.message)
      end)
    end

    it("stays cancelled past its hour", function()
      local id = create().id
      cancel(id)
      service.advance_clock(3600)
      assert_refused(cancel(id), 400)
    end)

    it("cancels in the hour's last minute", function()
      local id = create().id
      service.advance_clock(3540)
      assert.equal(200, cancel(id).status)
    end)
  end)

  describe("the key", function()
    local path = "/v1/uploads/upload_0/cancel"
    local rows = {
      { "passes as bearer", { authorization = "Bearer sk-1" }, 404 },
      { "passes as Azure's header", { authorization = false, ["api-key"] = "sk-1" }, 404 },
      { "must be there", { authorization = false }, 401 },
      { "must not be empty", { authorization = "Bearer " }, 401 },
      { "must not be wrong", { authorization = "Bearer sk-wrong-1" }, 401, "invalid_api_key" },
      { "must not be wrong in Azure's header", { authorization = false, ["api-key"] = "sk-wrong" }, 401,
        "invalid_api_key" },
    }
    for _, row in ipairs(rows) do
      it(row[1], function()
        local answer = call("POST", path, row[2])
        assert_refused(answer, row[3], nil, row[4])
        assert.falsy(answer.body:find("sk-", 1, true))
      end)
    end
  end)

  describe("a path", function()
    local id
    before_each(function() id = service.make_uploads(1)[1] end)

    local rows = {
      { "of Azure is served", "POST", "/openai/v1/uploads/ID/cancel", 200 },
      { "may carry a query", "POST", "/v1/uploads/ID/cancel?api-version=v1&x=%20", 200 },
      { "without an id is unknown", "POST", "/v1/uploads//cancel", 404 },
      { "with a slash in its id is unknown", "POST", "/v1/uploads/a/b/cancel", 404 },
      { "with an encoded slash names an unknown Upload", "POST", "/v1/uploads/a%2Fb/cancel", 404 },
      { "with another call is unknown", "POST", "/v1/uploads/ID/pause", 404 },
      { "of the root is unknown", "GET", "/", 404 },
      { "of another version is unknown", "POST", "/v2/uploads/ID/cancel", 404 },
      { "to create below an id is unknown", "POST", "/v1/uploads/ID/create", 404 },
      { "to read an Upload is unknown", "GET", "/v1/uploads/ID", 404 },
      { "takes no GET", "GET", "/v1/uploads/ID/cancel", 405, "method_not_supported" },
      { "takes no DELETE", "DELETE", "/v1/uploads", 405, "method_not_supported" },
      { "of a File takes no POST", "POST", "/v1/files/file-1", 405, "method_not_supported", allow = "GET" },
      { "of all Files takes no DELETE", "DELETE", "/v1/files", 405, "method_not_supported", allow = "GET" },
      { "below a File is unknown", "GET", "/v1/files/file-1/parts", 404 },
    }
    for _, row in ipairs(rows) do
      it(row[1], function()
        local answer = call(row[2], (row[3]:gsub("ID", id)))
        if row[4] == 200 then return assert.equal(200, answer.status) end
        assert_refused(answer, row[4], nil, row[5])
        assert.equal(row[4] == 405 and (row.allow or "POST") or nil, answer.headers.allow)
      end)
    end
  end)

  describe("when answers are planned", function()
    it("gives them in turn, then serves again", function()
      local id = create().id
      service.answer_next {
        { status = 429, headers = { ["retry-after"] = "2" }, body = { error = { message = "slow down" } } },
        { status = 503, headers = { ["content-type"] = "text/html" }, body = "<p>\0\200busy" },
      }
      local first, second = cancel(id), cancel(id)
      assert.equal(429, first.status)
      assert.equal("2", first.headers["retry-after"])
      assert.equal("slow down", first.object.error.message)
      assert.is_nil(first.headers["x-request-id"])
      assert.equal(503, second.status)
      assert.equal("text/html", second.headers["content-type"])
      assert.equal("<p>\0\200busy", second.body)
      assert.equal(200, cancel(id).status)
    end)

    it("adds to those that are still planned", function()
      service.answer_next { { status = 500 }, { status = 501 } }
      assert.equal(500, cancel("x").status)
      service.answer_next { { status = 502 } }
      assert.equal(501, cancel("x").status)
      assert.equal(502, cancel("x").status)
      assert.equal(404, cancel("x").status)
    end)

    it("can end the connection after one", function()
      service.answer_next { { status = 500, body = "bye", close = true } }
      local connection = connect(service.base_url)
      send(connection, "POST", "/v1/uploads")
      local answer = receive(connection)
      assert.equal("bye", answer.body)
      assert.equal("close", answer.headers.connection)
      assert.equal("closed", select(2, connection:receive(1)))
    end)

    it("can end the connection instead of answering", function()
      local id = create().id
      service.answer_next { { close = true } }
      assert.same({ nil, "closed" }, { cancel(id) })
      assert.equal("pending", service.upload(id).status)
    end)

    it("can lose the answer to a call that was carried out", function()
      local id = create().id
      service.answer_next { { close = true, apply = true } }
      assert.same({ nil, "closed" }, { cancel(id) })
      assert.equal("cancelled", service.upload(id).status)
    end)

    it("can replace the answer to a call that was carried out", function()
      local id = create().id
      service.answer_next { { status = 500, apply = true } }
      assert.equal(500, cancel(id).status)
      assert.equal("cancelled", service.upload(id).status)
    end)

    it("can hold up an answer while others pass", function()
      local id = create().id
      service.answer_next { { delay = 1 } }
      local slow, quick = connect(service.base_url), connect(service.base_url)
      send(slow, "POST", "/v1/uploads/" .. id .. "/cancel")
      wait_until(function() return #service.requests() == 2 end)
      send(quick, "POST", "/v1/uploads/" .. id .. "/cancel")
      assert.equal(200, receive(quick).status)
      assert.equal(400, receive(slow).status)
    end)

    for _, hold in ipairs { { "at the gate", { gate = true } }, { "held up", { delay = 0.5 } } } do
      it("does not carry out a call " .. hold[1] .. " that a reset has overtaken", function()
        service.answer_next { hold[2] }
        local held = connect(service.base_url)
        local body = cjson.encode(announcement())
        send(held, "POST", "/v1/uploads", { ["content-type"] = "application/json" }, body)
        wait_until(function() return #service.requests() == 1 end)
        service.reset()
        assert.same({ nil, "closed" }, { receive(held) })
        assert.equal(0, #service.uploads())
      end)
    end

    it("keeps those that are meant for another call", function()
      service.answer_next {
        { call = "complete", status = 500 }, { call = "parts", status = 501 }, { call = "cancel", status = 502 },
        { call = "create", status = 503 }, { call = "parts", status = 504 },
      }
      assert.equal(501, add_part("x", "1").status)
      assert.equal(504, add_part("x", "1").status)
      assert.equal(404, add_part("x", "1").status)
      assert.equal(404, call("POST", "/v1/elsewhere").status)
      assert.equal(503, post_json("/v1/uploads", announcement()).status)
      assert.equal(502, cancel("x").status)
      assert.equal(500, complete("x", {}).status)
      assert.equal(404, cancel("x").status)
    end)

    it("gives the first that fits, be it for this call or for any", function()
      service.answer_next { { call = "parts", status = 500 }, { status = 501 }, { call = "cancel", status = 502 } }
      assert.equal(501, cancel("x").status)
      assert.equal(502, cancel("x").status)
      assert.equal(404, cancel("x").status)
      assert.equal(500, add_part("x", "1").status)
    end)

    it("serves a call for which nothing else is planned, and counts it", function()
      local id = create().id
      service.answer_next { { call = "parts" }, { call = "parts", status = 429 }, { call = "parts" } }
      local statuses = {}
      for index = 1, 3 do statuses[index] = add_part(id, "x").status end
      assert.same({ 200, 429, 200 }, statuses)
    end)

    it("refuses a call that the service has not", function()
      assert.has_error(function() service.answer_next { { status = 500 }, { call = "pause", status = 500 } } end)
      assert.equal(404, cancel("x").status)
    end)

    it("can move the clock before a call is served", function()
      local id = create().id
      service.answer_next { { call = "parts" }, { call = "parts", advance_clock = 3600 } }
      assert.equal(200, add_part(id, "x").status)
      assert_refused(add_part(id, "x"), 410)
      assert.equal("expired", service.upload(id).status)
      assert.equal(200, add_part(create().id, "x").status)
    end)

    it("forgets them at a reset", function()
      service.answer_next { { status = 500 } }
      service.reset()
      assert.equal(404, cancel("x").status)
    end)
  end)

  describe("recording", function()
    it("keeps a request as it came", function()
      call("POST", "/v1/uploads/a%2fb/cancel?x=%41&y", { ["X-Odd_Name"] = "1", Accept = "a" }, "some body")
      local request = service.requests()[1]
      assert.equal("POST", request.method)
      assert.equal("/v1/uploads/a%2fb/cancel?x=%41&y", request.uri)
      assert.equal("1", request.headers["x-odd_name"])
      assert.equal("Bearer sk-test", request.headers.authorization)
      assert.equal("some body", request.body)
      assert.equal("1.1", request.http_version)
    end)

    it("leaves out multipart bodies, and itself", function()
      add_part("upload_0", "x")
      local requests, count = service.requests()
      assert.equal(1, count)
      assert.is_nil(requests[1].body)
    end)

    it("is empty after a reset", function()
      cancel("x")
      service.reset()
      assert.same({ {}, 0 }, { service.requests() })
    end)

    it("tells whether a connection was kept", function()
      local connection = connect(service.base_url)
      for _ = 1, 2 do
        send(connection, "POST", "/v1/uploads/x/cancel")
        receive(connection)
      end
      connection:close()
      cancel("x")
      local requests = service.requests()
      assert.equal(requests[1].connection, requests[2].connection)
      assert.not_equal(requests[1].connection, requests[3].connection)
    end)

    it("keeps a thousand requests and counts all", function()
      local connection = connect(service.base_url)
      for _ = 1, 1001 do
        send(connection, "POST", "/v1/uploads/x/cancel")
        receive(connection)
      end
      connection:close()
      local requests, count = service.requests()
      assert.equal(1000, #requests)
      assert.equal(1001, count)
    end)
  end)

  describe("control", function()
    it("sets the clock, and a reset sets it right", function()
      assert.truthy(service.set_clock(1700000000) >= 1700000000)
      local upload = create()
      assert.truthy(upload.created_at >= 1700000000 and upload.created_at < 1700003600)
      service.reset()
      assert.truthy(create().created_at > 1700003600)
    end)

    it("makes many pending Uploads at once", function()
      local ids = service.make_uploads(500)
      assert.equal(500, #ids)
      assert.equal(200, cancel(ids[500]).status)
      assert.equal("pending", service.upload(ids[1]).status)
    end)

    it("lists all Uploads in the order of their creation", function()
      local first, second, third = create().id, create({ bytes = 1 }).id, create({ filename = "other.txt" }).id
      add_part(first, "hello")
      complete(second, { part_ids = { add_part(second, "x").object.id } })
      cancel(third)
      local uploads = service.uploads()
      assert.same({ service.upload(first), service.upload(second), service.upload(third) }, uploads)
      assert.same({ "pending", "completed", "cancelled" },
        { uploads[1].status, uploads[2].status, uploads[3].status })
      assert.equal(5, uploads[1].parts[1].bytes)
      assert.same({}, uploads[3].parts)
      service.advance_clock(3600)
      assert.equal("expired", service.uploads()[1].status)
    end)

    it("knows nothing of an Upload after a reset", function()
      local id = create().id
      service.reset()
      assert.is_nil(service.upload(id))
      assert.same({}, service.uploads())
    end)

    -- The call and its body; the parameter and the code of the refusal; its message, or a part of it.
    local CALL_NAMES = "'create', 'parts', 'complete', 'cancel', 'file', 'list_files', 'delete_file', 'content', " ..
      "'create_file'"
    local mistakes = {
      { "clock", '{"advnce":3601}', "advnce", "unknown_parameter",
        "Unknown parameter: 'advnce'. Supported parameters are: 'advance', 'set'." },
      { "clock", '{"advance":"3601"}', "advance", "invalid_type", "expected a number, but got a string instead." },
      { "clock", '{"set":true}', "set", "invalid_type", "expected a number, but got a boolean instead." },
      { "clock", "[3601]", "clock", "invalid_type", "expected an object, but got an array instead." },
      { "clock", "no json", "body", "invalid_value", "it is not valid JSON: Expected value but found invalid token" },
      { "clock", "7", "clock", "invalid_type", "expected an object, but got an integer instead." },
      { "answers", '[{},{"cal":"create"}]', "answers[1].cal", "unknown_parameter",
        "Supported parameters are: 'call', 'status', 'headers'," },
      { "answers", '[{"call":"creat"}]', "answers[0].call", "invalid_value",
        "Invalid value: 'creat'. Supported values are: " .. CALL_NAMES .. "." },
      { "answers", '[{"call":7}]', "answers[0].call", "invalid_type", "expected a string" },
      { "answers", '[{"status":"500"}]', "answers[0].status", "invalid_type", "expected an integer" },
      { "answers", '[{"status":50}]', "answers[0].status", "invalid_value", "it is below 100." },
      { "answers", '[{"status":5000}]', "answers[0].status", "invalid_value", "it is above 999." },
      { "answers", '[{"headers":["retry-after"]}]', "answers[0].headers", "invalid_type", "expected an object" },
      { "answers", '[{"headers":{"retry-after":true}}]', "answers[0].headers.retry-after", "invalid_type",
        "expected a string or a number, but got a boolean instead." },
      { "answers", '[{"body":{"id":1}}]', "answers[0].body", "invalid_type", "expected a string" },
      { "answers", '[{"delay":"1"}]', "answers[0].delay", "invalid_type", "expected a number" },
      { "answers", '[{"delay":-0.5}]', "answers[0].delay", "invalid_value", "it is below 0." },
      { "answers", '[{"gate":1}]', "answers[0].gate", "invalid_type", "expected a boolean" },
      { "answers", '[{"advance_clock":"1"}]', "answers[0].advance_clock", "invalid_type", "expected a number" },
      { "answers", '[{"close":"yes"}]', "answers[0].close", "invalid_type", "expected a boolean" },
      { "answers", '[{"cut":1}]', "answers[0].cut", "invalid_type", "expected a boolean" },
      { "answers", '[{"hold":true}]', "answers[0].hold", "invalid_type", "expected a number" },
      { "answers", '[{"apply":1}]', "answers[0].apply", "invalid_type", "expected a boolean" },
      { "answers", '{"status":500}', "answers", "invalid_type", "expected an array of objects, but got an object" },
      { "answers", "[500]", "answers", "invalid_type", "expected an array of objects" },
      { "answers", "", "body", "invalid_value", "it is not valid JSON" },
      { "uploads", "{}", "count", "missing_required_parameter", "Missing required parameter: 'count'." },
      { "uploads", '{"count":1.5}', "count", "invalid_type", "expected an integer, but got a decimal number" },
      { "uploads", '{"count":-1}', "count", "invalid_value", "it is below 0." },
      { "uploads", '{"count":100001}', "count", "invalid_value", "it is above 100000." },
      { "files/file-1", '{"bytes":1}', "bytes", "unknown_parameter", "'status', 'status_details'." },
      { "files/file-1", '{"status":null,"status_details":1}', "status_details", "invalid_type",
        "expected a string or null, but got an integer instead." },
      { "gate", '{"open":true}', "open", "unknown_parameter", "This call takes none." },
      { "reset", "all", "body", "invalid_value", "it is not valid JSON" },
    }
    for _, row in ipairs(mistakes) do
      it(("refuses %s of %s"):format(row[2] == "" and "no body" or row[2], row[1]), function()
        local answer = call("POST", "/_emulator/" .. row[1], nil, row[2])
        assert_refused(answer, 400, row[3], row[4])
        assert.truthy(answer.object.error.message:find(row[5], 1, true), answer.object.error.message)
      end)
    end

    it("plans none of several answers where one is a mistake", function()
      assert.equal(400, post_json("/_emulator/answers", '[{"status":500},{"status":501,"bdy":""}]').status)
      assert.equal(404, cancel("x").status)
    end)

    it("takes fields that are null, and bodies and details that are empty", function()
      service.answer_next { { call = null, status = 500, headers = {}, body = "", delay = null } }
      local answer = cancel("x")
      assert.same({ 500, "" }, { answer.status, answer.body })
      local id = service.add_file("x").id
      for _, details in ipairs { "", null } do
        service.change_file(id, { status_details = details })
        assert.equal(details, call("GET", "/v1/files/" .. id).object.status_details)
      end
    end)

    it("takes no body for an empty one, and an empty list", function()
      assert.equal("number", type(call("POST", "/_emulator/clock").object.now))
      assert.equal(200, call("POST", "/_emulator/gate").status)
      assert.equal(200, post_json("/_emulator/answers", "[]").status)
    end)

    local paths = {
      { "POST", "nope", 404, nil, "POST clock" },
      { "GET", "", 404, nil, "GET uploads/{id}" },
      { "GET", "requests/1", 404, nil, "POST reset" },
      { "GET", "clock", 405, "POST", "Not allowed to GET on /_emulator/clock" },
      { "POST", "requests", 405, "GET", "It takes GET." },
      { "DELETE", "uploads", 405, "GET, POST", "It takes GET, POST." },
      { "POST", "uploads/x", 405, "GET", "It takes GET." },
      { "GET", "files/x", 405, "POST", "It takes POST." },
    }
    for _, row in ipairs(paths) do
      it(("answers %d to %s of '%s'"):format(row[3], row[1], row[2]), function()
        local answer = call(row[1], "/_emulator/" .. row[2])
        assert_refused(answer, row[3], nil, row[3] == 405 and "method_not_supported" or nil)
        assert.equal(row[4], answer.headers.allow)
        assert.truthy(answer.object.error.message:find(row[5], 1, true), answer.object.error.message)
      end)
    end

    it("says that there is no such Upload, and no such File", function()
      assert_refused(call("GET", "/_emulator/uploads/x"), 404)
      assert_refused(post_json("/_emulator/files/x", { status = "error" }), 404, "id")
    end)
  end)

  describe("over TLS", function()
    -- What openssl says of a handshake; it checks the host's address, as a client does.
    local function handshake(name, arguments)
      return shell(("openssl s_client -connect %s -CAfile %s -verify_ip 127.0.0.1 -alpn h2,http/1.1 %s 2>&1 </dev/null")
        :format(service.tls[name]:match("//([^/]+)"), service.ca_file, arguments or ""))
    end

    local rows = {
      { "good", "Verify return code: 0 %(ok%)" },
      { "good", "ALPN protocol: h2" },
      { "http1", "Verify return code: 0 %(ok%)" },
      { "http1", "ALPN protocol: http/1.1" },
      { "expired", "certificate has expired" },
      { "wrong_host", "IP address mismatch" },
      { "unknown_issuer", "unable to get local issuer certificate" },
    }
    for _, row in ipairs(rows) do
      it(("the listener '%s' brings '%s'"):format(row[1], row[2]), function()
        assert.truthy(handshake(row[1]):find(row[2]))
      end)
    end

    it("speaks TLS 1.2 and 1.3", function()
      assert.truthy(handshake("good", "-tls1_2"):find("New, TLSv1.2", 1, true))
      assert.truthy(handshake("good", "-tls1_3"):find("New, TLSv1.3", 1, true))
    end)

    it("speaks nothing newer than TLS 1.1 on the old listener", function()
      assert.truthy(handshake("old_protocol"):find("Cipher is (NONE)", 1, true))
      local old = handshake("old_protocol", "-tls1_1 -cipher DEFAULT@SECLEVEL=0")
      assert.truthy(old:find("Protocol *: TLSv1.1"))
      assert.falsy(old:find("Cipher is (NONE)", 1, true))
    end)

    local function status_with(arguments)
      local answer = shell(("printf 'GET / HTTP/1.0\\r\\n\\r\\n' | openssl s_client -quiet -connect %s %s 2>/dev/null")
        :format(service.tls.client_certificate:match("//([^/]+)"), arguments))
      return answer:match("^HTTP/1.1 (%d+)")
    end

    it("serves only who shows a certificate, where one is asked for", function()
      assert.equal("400", status_with(""))
      assert.equal("404", status_with(("-cert %s -key %s"):format(service.client_cert, service.client_key)))
    end)
  end)
end)

describe("the life of an emulator", function()
  it("leaves nothing behind when it is stopped", function()
    local one = emulator.start()
    assert.is_true(exists(one.ca_file))
    one.stop()
    one.stop()
    assert.is_false(exists(one.ca_file))
    assert.has_error(function() connect(one.base_url) end)
  end)

  it("takes other ports when one is busy", function()
    local one = emulator.start()
    local port = one.base_url:match(":(%d+)/")
    local other = assert(process.start(("env EMULATOR_PORT=%d emulator/run"):format(port - 7)))
    assert.not_equal(port - 7, tonumber(other.first_line:match(":(%d+)/")))
    other.stop()
    one.stop()
  end)

  it("ends when its parent is killed", function()
    local interpreter = 0
    while arg[interpreter - 1] do interpreter = interpreter - 1 end
    local parent = assert(process.start(arg[interpreter] .. [[ -e '
      print(require("spec.support.emulator").start().ca_file)
      io.stdout:flush()
      require("socket").sleep(60)
    ']]))
    local ca_file = parent.first_line
    assert.is_true(exists(ca_file))
    shell(("kill -KILL %d"):format(parent.pid))
    parent.stop()
    wait_until(function() return not exists(ca_file) end)
  end)

  -- What an emulator with that environment gives as its authority.
  local function authority(environment)
    local child = assert(process.start("env " .. environment .. " emulator/run"))
    local path
    for line in child.read_line do
      path = path or line:match "^ca_file (.*)"
      if line == "" then break end
    end
    local text = shell("cat " .. path)
    child.stop()
    return text
  end

  it("makes its own certificates, where it is given no folder of them", function()
    local folder = shell("folder=$(mktemp -d) && emulator/certificates $folder && echo $folder"):match "[^\n]+"
    local made = shell(("cat %s/authority.pem"):format(folder))
    assert.equal(made, authority("EMULATOR_CERTIFICATES=" .. folder))
    assert.equal(made, shell(("cat %s/authority.pem"):format(folder)))
    local own = authority "-u EMULATOR_CERTIFICATES"
    assert.matches("^%-%-%-%-%-BEGIN CERTIFICATE", own)
    assert.not_equal(made, own)
    shell("rm -r " .. folder)
  end)

  it("ends nginx, and leaves no files behind, when it is killed", function()
    local one = emulator.start()
    shell(("kill -KILL %d"):format(one.pid))
    wait_until(function() return not exists(one.ca_file) and not pcall(connect, one.base_url) end)
    one.stop()
  end)

  it("does so when its whole process group is killed", function()
    local child = assert(process.start "setsid -w sh -c 'echo $$; emulator/run'")
    local base_url, ca_file = child.read_line(), nil
    for line in child.read_line do
      ca_file = ca_file or line:match "^ca_file (.*)"
      if line == "" then break end
    end
    shell(("kill -KILL -%s"):format(child.first_line))
    wait_until(function() return not exists(ca_file) and not pcall(connect, base_url) end)
    child.stop()
  end)

  it("is told apart from a command that says nothing", function()
    local child, problem = process.start("true")
    assert.is_nil(child)
    assert.truthy(problem:find("ended before its first line", 1, true))
  end)
end)
