-- SPDX-License-Identifier: MIT
-- What a 2xx must hold to be an Upload, and how much of any answer is taken.

local fault = require "spec.support.fault"
local rows = require "spec.support.rows"
local with_service = require "spec.support.with_service"

local function upload_with(fields) return '{"id":"upload_1","object":"upload",' .. fields .. "}" end

describe("an answer", function()

  local server = with_service.fault_server()

  -- What the call gives for these bytes; the same client goes on.
  local function taken(bytes, settings, ending)
    local script = server.script { rows.then_luck(rows.answered(bytes, ending)), rows.lucky }
    local client = rows.client(script.base_url, settings)
    local upload, failure, response = client.cancel(rows.id, { with_response = true })
    assert.is_nil(failure)
    rows.check_luck(client)
    script.close()
    return upload, response
  end

  describe("that is no Upload may yet tell of one that was cancelled:", function()
    local deep = ("["):rep(10000) .. ("]"):rep(10000)
    local bodies = {
      { "HTML", "<!DOCTYPE html><p>Hello", says = "decode" },
      { "nothing", "", says = "decode" },
      { "an array", '[{"id":"upload_1"}]', says = "id" },
      { "a string", '"upload_1"', says = "no JSON object" },
      { "a number", "7", says = "no JSON object" },
      { "null", "null", says = "no JSON object" },
      { "a boolean", "true", says = "no JSON object" },
      { "an object without an id", "{}", says = "id" },
      { "an id that is a number", '{"id":7,"object":"upload"}', says = "id" },
      { "an id that is null", '{"id":null,"object":"upload"}', says = "id" },
      { "an id that is an object", '{"id":{"id":"upload_1"}}', says = "id" },
      { "another type of object", '{"id":"file_1","object":"file"}', says = "type" },
      { "another Upload", '{"id":"upload_2","object":"upload","status":"cancelled"}', says = "another Upload" },
      { "an Upload whose id only begins alike", '{"id":"upload_12"}', says = "another Upload" },
      { "an Upload whose id only ends sooner", '{"id":"upload_"}', says = "another Upload" },
      { "an error inside a 200", '{"error":{"message":"No","code":"c","type":"t","param":"p"}}',
        says = "it has no id; the service says: No$", fields = { code = "c", type = "t", param = "p" } },
      { "a text for an error inside a 200", '{"error":"No"}', says = "the service says: No$" },
      { "a detail inside a 200", '{"detail":"No"}', says = "the service says: No$" },
      { "no words inside a 200", '{"error":{"message":null}}', says = "it has no id$" },
      { "words of another object inside a 200", '{"id":"file_1","object":"file","message":"No"}', says = "type$" },
      { "arrays 10 000 deep", deep, says = "nested" },
      { "an Upload with arrays 10 000 deep", upload_with('"file":' .. deep), says = "nested" },
      { "a NUL in a string", upload_with '"filename":"a\0b"', says = "decode" },
      { "a hexadecimal number", upload_with '"bytes":0x10', says = "decode" },
      { "a number called NaN", upload_with '"bytes":NaN', says = "decode" },
      { "a number called Infinity", upload_with '"bytes":Infinity', says = "decode" },
      { "single quotes", "{'id':'upload_1'}", says = "decode" },
      { "a comma too many", '{"id":"upload_1",}', says = "decode" },
      { "an Upload without its end", '{"id":"upload_1"', says = "decode" },
      { "an Upload and rubbish", '{"id":"upload_1"} OK', says = "decode" },
      { "an Upload, a NUL and rubbish", '{"id":"upload_1"}\0 OK', says = "decode" },
      { "two Uploads", '{"id":"upload_1"}{"id":"upload_2"}', says = "decode" },
      { "an Upload after two byte order marks", ('\239\187\191'):rep(2) .. '{"id":"upload_1"}', says = "decode" },
      { "an Upload in UTF-16", '{\0"\0i\0d\0"\0:\0"\0x\0"\0}\0', says = "decode" },
    }
    for _, row in ipairs(bodies) do
      it(row[1], function()
        row.answer = fault.answer(200, row[2])
        row.kind, row.status, row.may = "decode", 200, true
        row.settings = { max_retries = 2 } -- which are of no use
        row.body = row[2]
        local _, seen = rows.check(server, row)
        assert.are.equal(1, #seen.requests)
      end)
    end

    for _, row in ipairs {
      { "204", answer = "HTTP/1.1 204 No Content\r\n\r\n", status = 204 },
      { "204 with a body", answer = fault.answer(204, '{"id":"upload_1"}'), status = 204 },
      { "205", answer = fault.answer(205, ""), status = 205 },
    } do
      it(row[1], function()
        row.kind, row.may, row.says = "decode", true, "decode"
        rows.check(server, row)
      end)
    end
  end)

  describe("that is an Upload in its own way is taken:", function()
    local bodies = {
      { "without an object type", '{"id":"upload_1"}', {} },
      { "with a null for the object type", '{"id":"upload_1","object":null,"bytes":1}', { bytes = 1 } },
      { "with unknown fields", upload_with '"colour":"red","size":{"x":1}', { colour = "red" } },
      { "after a byte order mark", '\239\187\191{"id":"upload_1"}', {} },
      { "with half a surrogate pair", upload_with '"filename":"a\\ud83d.txt"', { filename = "a\239\191\189.txt" } },
      { "with the other half", upload_with '"filename":"\\udCe9"', { filename = "\239\191\189" } },
      { "with halves and a pair", upload_with '"filename":"\\ud83d\\ud83d\\ude00\\ude00"',
        { filename = "\239\191\189\240\159\152\128\239\191\189" } },
      { "with a backslash before what looks like a half", upload_with '"filename":"\\\\ud83d"',
        { filename = "\\ud83d" } },
      { "with an escaped NUL", upload_with '"filename":"a\\u0000b"', { filename = "a\0b" } },
      { "with invalid UTF-8", upload_with '"filename":"\255\254\192\128"', { filename = "\255\254\192\128" } },
      { "with a number beyond all numbers", upload_with '"bytes":1e400', { bytes = math.huge } },
      { "with a field twice", upload_with '"status":"pending","status":"cancelled"', { status = "cancelled" } },
      { "with blanks around it", "\r\n\t " .. upload_with '"bytes":1' .. "\r\n", { bytes = 1 } },
    }
    for _, row in ipairs(bodies) do
      it(row[1], function()
        local upload = taken(fault.answer(200, row[2]))
        assert.are.equal(rows.id, upload.id)
        for name, value in pairs(row[3]) do assert.are.equal(value, upload[name]) end
      end)
    end

    it("with a number between two floats", function()
      local bytes = taken(fault.answer(200, upload_with '"bytes":9007199254740993')).bytes
      assert.is_truthy(bytes == 2 ^ 53 or bytes - 2 ^ 53 == 1)
    end)

    local body = upload_with '"status":"cancelled"'
    local answers = {
      { "with another 2xx", fault.answer(201, body) },
      { "in chunks", fault.answer(200, body, nil, { chunked = true }) },
      { "up to the close", fault.answer(200, body, nil, { length = false }), { "close" } },
      { "in HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\n" .. body, { "close" } },
      { "after 100 Continue", "HTTP/1.1 100 Continue\r\n\r\n" .. rows.good_answer },
      { "after 103 early hints", "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" .. rows.good_answer },
    }
    for _, row in ipairs(answers) do
      it(row[1], function()
        local upload, response = taken(row[2], nil, row[3])
        assert.are.same({ rows.id, "cancelled" }, { upload.id, upload.status })
        assert.is_nil(response.headers.link)
      end)
    end
  end)

  describe("of many bytes", function()
    local request, endless = { "request" }, math.huge
    local function headed(first, ...) return { request, { "send", first .. "\r\n" }, ... } end
    local function capped(retries) return { max_response_bytes = 1000, max_retries = retries } end
    local function of_size(size) return '{"id":"' .. rows.id .. '","a":"' .. ("x"):rep(size - 24) .. '"}' end

    it("is taken when it is just as large as max_response_bytes", function()
      assert.are.equal(rows.id, taken(fault.answer(200, of_size(1000)), capped()).id)
    end)

    local too_large = {
      { "is refused when it is larger by one", answer = fault.answer(200, of_size(1001)), settings = capped(2),
        says = "max_response_bytes %(1000%)" },
      { "is refused in chunks", answer = fault.answer(200, of_size(1001), nil, { chunked = true }),
        settings = capped(2), says = "max_response_bytes %(1000%)" },
      { "is refused without end", steps = headed("HTTP/1.1 200 OK\r\n", { "repeat", "{}", endless }),
        says = "max_response_bytes %(1048576%)" },
      { "is refused without end in chunks",
        steps = headed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n", { "repeat", "2\r\n{}\r\n", endless }),
        says = "max_response_bytes" },
      { "is refused with 300 KB of headers",
        steps = headed("HTTP/1.1 200 OK", { "repeat", "x-filler: 0123456789\r\n", 14000 }, { "send", "\r\n" }),
        says = "headers" },
      { "is refused with headers without end",
        steps = headed("HTTP/1.1 200 OK", { "repeat", "x-filler: 0123456789\r\n", endless }), says = "headers" },
      { "is refused with a header of 300 KB",
        steps = headed("HTTP/1.1 200 OK", { "send", "x-filler: " .. ("x"):rep(300000) .. "\r\n\r\n" }),
        says = "header" },
      { "is refused with a header without end",
        steps = headed("HTTP/1.1 200 OK", { "repeat", "x-filler", endless }), says = "header" },
    }
    for _, row in ipairs(too_large) do
      it(row[1] .. ", and may yet tell of success", function()
        row.kind, row.status, row.may = "too_large", 200, true
        row.settings = row.settings or { max_retries = 2 } -- which are of no use
        local _, seen = rows.check(server, row)
        assert.are.equal(1, #seen.requests)
      end)
    end

    it("is taken with 100 KB of headers", function()
      local lines = ("x-filler: 0123456789\r\n"):rep(4600)
      local upload, response = taken((rows.good_answer:gsub("\r\n", function() return "\r\n" .. lines end, 1)))
      assert.are.equal(rows.id, upload.id)
      assert.are.equal(4600 * #"0123456789, " - #", ", #response.headers["x-filler"])
    end)

    -- A refusal is one however much is said about it.
    local refusals = {
      { "bad_request", 400, false },
      { "rate_limit", 429, false },
      { "server", 503, true },
      { "redirect", 302, false },
    }
    for _, row in ipairs(refusals) do
      local words = ("so many words "):rep(100)
      it(("is still told by its status %d, and its body kept up to the cap"):format(row[2]), function()
        rows.check(server, {
          kind = row[1], status = row[2], may = row[3], says = "HTTP " .. row[2],
          answer = fault.answer(row[2], words), settings = capped(), body = words:sub(1, 1000),
        })
      end)
    end

    it("is kept in a failure up to 64 KiB", function()
      rows.check(server, {
        kind = "bad_request", status = 400, may = false, answer = fault.answer(400, ("<b>"):rep(1024 * 1024)),
        settings = { max_response_bytes = 4 * 1024 * 1024 }, says = "HTTP 400",
        body = ("<b>"):rep(64 * 1024):sub(1, 64 * 1024),
      })
    end)
  end)
end)

-- A 2xx that is an object of the right type, and yet does not answer the call.
describe("a 2xx", function()

  local server = with_service.fault_server()

  local function cancel(client) return client.cancel "upload_1" end
  local function part(client) return client.parts.create("upload_1", { data = "abc" }) end
  local function complete(client) return client.complete("upload_1", { part_ids = { "part_1" } }) end
  local file = '"file":{"id":"file_1","object":"file"}'

  for _, row in ipairs {
    { "to cancel about another Upload", cancel, '{"id":"upload_2","object":"upload"}', "another Upload" },
    { "to parts.create about another Upload", part, '{"id":"part_1","upload_id":"upload_2"}', "another Upload" },
    { "to complete about another Upload", complete, '{"id":"upload_2","status":"completed",' .. file .. "}",
      "another Upload" },
    { "to complete that leaves it pending", complete, '{"id":"upload_1","status":"pending",' .. file .. "}", "status" },
    { "to complete without a status", complete, '{"id":"upload_1",' .. file .. "}", "status" },
    { "to complete without a File", complete, '{"id":"upload_1","status":"completed"}', "no File" },
    { "to complete with a File that is null", complete, '{"id":"upload_1","status":"completed","file":null}',
      "no File" },
    { "to complete with a File without an id", complete, '{"id":"upload_1","status":"completed","file":{"id":7}}',
      "no File" },
  } do
    it(row[1] .. " is no answer to it, and leaves a doubt", function()
      local script = server.script { rows.answered(fault.answer(200, row[3])), rows.lucky }
      local client = rows.client(script.base_url, { max_retries = 2 })
      rows.check_failure({ kind = "decode", status = 200, may = true, says = row[4] }, row[2](client))
      rows.check_luck(client)
      script.close()
    end)
  end

  for _, row in ipairs {
    { "that does not repeat the Upload's id is a Part", part, '{"id":"part_1","object":"upload.part"}', "part_1" },
    { "that has no type is an Upload", cancel, '{"id":"upload_1"}', "upload_1" },
  } do
    it(row[1], function()
      local script = server.script { rows.answered(fault.answer(200, row[3])) }
      assert.are.equal(row[4], assert(row[2](rows.client(script.base_url))).id)
      script.close()
    end)
  end
end)
