-- SPDX-License-Identifier: MIT
-- What a refusal by the service becomes: its kind by the status, its words by the body.

local fault = require "spec.support.fault"
local rows = require "spec.support.rows"
local with_service = require "spec.support.with_service"

local kinds = {
  [400] = "bad_request",
  [401] = "authentication",
  [403] = "permission_denied",
  [404] = "not_found",
  [409] = "conflict",
  [410] = "gone",
  [422] = "unprocessable_entity",
  [429] = "rate_limit",
}

describe("a failure", function()

  local server = with_service.fault_server()

  -- Of the status that this answer has; after it nothing may have been sent again.
  local function failure_of(row)
    local failure, seen = rows.check(server, row)
    assert.are.equal(1, #seen.requests)
    return failure
  end

  describe("by status", function()
    local function check(status, kind, may)
      it(("%d is %s"):format(status, kind), function()
        local body = status ~= 304 and '{"error":{"message":"No, thanks"}}' or ""
        local failure = failure_of {
          answer = fault.answer(status, body), kind = kind, status = status, may = may,
          says = body ~= "" and "^No, thanks$" or "HTTP 304", body = body,
        }
        assert.is_nil(failure.location)
      end)
    end
    for status = 400, 451 do check(status, kinds[status] or "status", false) end
    for _, status in ipairs { 500, 502, 503, 504, 529, 599, 600, 999 } do check(status, "server", true) end
    check(501, "server", false)
    for _, status in ipairs { 300, 304, 306, 399 } do check(status, "redirect", false) end
  end)

  describe("of a redirect", function()
    for _, status in ipairs { 300, 301, 302, 303, 304, 307, 308 } do
      it(("%d names the location and does not go there"):format(status), function()
        local elsewhere = server.script { rows.lucky }
        local location = elsewhere.base_url .. "/uploads/upload_1/cancel"
        failure_of {
          answer = fault.answer(status, "", { location = location }), settings = { max_retries = 2 },
          kind = "redirect", status = status, may = false, fields = { location = location },
          says = ("HTTP %d; it points to '%%S+', and is not followed: is base_url right%%?$"):format(status),
        }
        assert.are.equal(0, elsewhere.seen().connections)
        elsewhere.close()
      end)
    end
  end)

  describe("says", function()
    local ours = "^the service answered HTTP 400$"
    local words = {
      { "a text as it is", "Bad gateway", says = "^Bad gateway$" },
      { "a text of several lines in one", "Bad\r\n\tgateway\27[31m", says = "^Bad   gateway %[31m$" },
      { "a text behind a byte order mark", "\239\187\191Bad gateway", says = "^Bad gateway$" },
      { "the error's message behind a byte order mark", '\239\187\191{"error":{"message":"No"}}', says = "^No$" },
      { "the error's message with half a surrogate pair", '{"error":{"message":"No \\ud83d"}}',
        says = "^No \239\191\189$" },
      { "nothing of a long text", ("words "):rep(100), says = ours },
      { "nothing of HTML", "<html><body>No</body></html>", says = ours },
      { "nothing of NULs", "a\0b", says = ours },
      { "nothing of invalid JSON", '{"error":{"message":"No"', says = ours },
      { "nothing of an empty body", "", says = ours },
      { "nothing of an empty object", "{}", says = ours },
      { "a text in an array", '["No"]', says = "^No$" },
      { "nothing of an empty array", '[]', says = ours },
      { "nothing of JSON 10 000 deep", '{"error":' .. ("["):rep(10000), says = ours },
      { "the error that is a text", '{"error":"No"}', says = "^No$" },
      { "nothing of an error that is an empty text", '{"error":""}', says = ours },
      { "nothing of an error that is null", '{"error":null}', says = ours },
      { "nothing of an error that is a number", '{"error":7}', says = ours },
      { "the error that is an array", '{"error":["No","Never"]}', says = "^No; Never$" },
      { "nothing of an empty error", '{"error":{}}', says = ours },
      { "the message at the top", '{"message":"No","code":"c"}', says = "^No$", fields = { code = "c" } },
      { "the message beside a null error", '{"error":null,"message":"No"}', says = "^No$" },
      { "the error's message", '{"error":{"message":"No","type":"t","param":"p","code":"c"}}', says = "^No$",
        fields = { type = "t", param = "p", code = "c" } },
      { "the error's message beside nulls", '{"error":{"message":"No","type":"t","param":null,"code":null}}',
        says = "^No$", fields = { type = "t" }, absent = { "param", "code" } },
      { "the error's message beside a detail object",
        '{"error":{"message":"No","type":"t"},"detail":{"message":"a","code":{"b":[1]}}}', says = "^No$",
        fields = { type = "t" }, absent = { "code", "detail" } },
      { "nothing of a message that is null", '{"error":{"message":null,"code":"c"}}', says = ours,
        fields = { code = "c" } },
      { "nothing of a message that is empty", '{"error":{"message":"","code":"c"}}', says = ours,
        fields = { code = "c" } },
      { "nothing of a message that is a number", '{"error":{"message":7}}', says = ours },
      { "nothing of a message that is an object", '{"error":{"message":{"en":"No"}}}', says = ours },
      -- FastAPI's
      { "a detail that is a text", '{"detail":"Not authenticated"}', says = "^Not authenticated$" },
      { "a detail that is a list, and where each is",
        '{"detail":[{"loc":["body","purpose"],"msg":"field required","type":"value_error.missing"},' ..
        '{"loc":["body","parts",0],"msg":"bad","type":"t"}]}',
        says = "^body%.purpose: field required; body%.parts%.0: bad$", fields = { type = "value_error.missing" } },
      { "a detail that is a message", '{"detail":{"message":"No","code":"c"}}', says = "^No$",
        fields = { code = "c" } },
      { "a detail that is an error", '{"detail":{"error":{"message":"No"}}}', says = "^No$" },
      -- RFC 9457's, and ASP.NET's
      { "a title and a detail", '{"type":"https://a.example/full","title":"Full","status":400,"detail":"No room"}',
        says = "^Full: No room$", fields = { type = "https://a.example/full" } },
      { "a title alone", '{"title":"Full"}', says = "^Full$" },
      { "a title and errors by field", '{"title":"Bad","errors":{"Purpose":["No","Never"]}}',
        says = "^Bad: Purpose: No; Never$" },
      -- GraphQL's, JSON:API's, and others'
      { "errors that are texts", '{"errors":["No","Never"]}', says = "^No; Never$" },
      { "errors that are messages", '{"errors":[{"message":"No","code":"c"},{"message":"Never","code":"d"}]}',
        says = "^No; Never$", fields = { code = "c" } },
      { "errors with a title and a detail", '{"errors":[{"title":"Bad","detail":"No","code":"c"}]}', says = "^Bad: No$",
        fields = { code = "c" } },
      { "eight errors of many", '{"errors":["1","2","3","4","5","6","7","8","9"]}', says = "^1; 2; 3; 4; 5; 6; 7; 8$" },
      { "nothing of empty errors", '{"errors":[]}', says = ours },
      { "nothing of errors that are nulls", '{"errors":[null]}', says = ours },
      -- Azure's
      { "a target for the param", '{"error":{"code":"c","message":"No","target":"purpose"}}', says = "^No$",
        fields = { code = "c", param = "purpose" } },
      { "details behind the message",
        '{"error":{"code":"c","message":"No","details":[{"code":"d","message":"No room"}],"innererror":{"code":"i"}}}',
        says = "^No: No room$", fields = { code = "c" } },
      { "an inner error where there is no message", '{"error":{"code":"c","innererror":{"message":"No"}}}',
        says = "^No$", fields = { code = "c" } },
      { "Azure's at the top", '{"code":"c","message":"No","target":"t","details":null}', says = "^No$",
        fields = { code = "c", param = "t" } },
      -- OAuth's, and Spring's
      { "an error's description", '{"error":"invalid_client","error_description":"No"}', says = "^No$" },
      { "an error where the message is empty", '{"status":404,"error":"Not Found","message":"","path":"/v1"}',
        says = "^Not Found$" },
      { "once what is said twice", '{"title":"No","detail":"No"}', says = "^No$" },
      { "nothing of what is deep", '{"detail":{"detail":{"detail":{"detail":{"detail":{"detail":"No"}}}}}}',
        says = ours },
      { "a numeric code as a number", '{"error":{"message":"No","code":42}}', says = "^No$", fields = { code = 42 } },
    }
    for _, row in ipairs(words) do
      it(row[1], function()
        row.answer = fault.answer(400, row[2])
        row.kind, row.status, row.may, row.body = "bad_request", 400, false, row[2]
        local failure = failure_of(row)
        for _, name in ipairs(row.absent or {}) do assert.is_nil(failure[name]) end
      end)
    end
  end)

  it("carries the answer's headers, names in lower case", function()
    local answer = fault.answer(404, "", { ["X-Request-ID"] = "req_7f3a", ["X-Odd"] = { "a", "b" } })
    local failure = failure_of {
      answer = answer, kind = "not_found", status = 404, may = false, says = "404",
      fields = { request_id = "req_7f3a" },
    }
    assert.are.same({ ["content-length"] = "0", ["x-request-id"] = "req_7f3a", ["x-odd"] = "a, b" }, failure.headers)
  end)

  it("has nothing of an answer where there was none", function()
    local failure = failure_of {
      steps = { { "request" }, { "close" } }, kind = "connection", may = true, says = "%w",
    }
    for _, name in ipairs { "status", "code", "param", "type", "request_id", "headers", "body", "location" } do
      assert.is_nil(failure[name])
    end
  end)

  it("never shows the key that a gateway echoes", function()
    local key = "sk-very-secret-indeed"
    local echo = ("you sent Authorization: Bearer %s"):format(key)
    local failure = failure_of {
      answer = fault.answer(400, echo, { ["x-echo"] = echo, ["x-request-id"] = key, location = key }),
      settings = { api_key = key }, kind = "bad_request", status = 400, may = false, says = "Bearer %*+$",
    }
    local function check(text) assert.is_nil(tostring(text):find(key, 1, true)) end
    check(failure)
    for _, value in pairs(failure) do check(value) end
    for _, value in pairs(failure.headers) do check(value) end
  end)

  describe("as a text", function()
    local rows_of_text = {
      { "is one line", fault.answer(404, '{"error":{"message":"No such Upload"}}', { ["x-request-id"] = "req_7f3a" }),
        "not_found: No such Upload (HTTP 404, request req_7f3a)" },
      { "leaves out what is not known", fault.answer(410, ""),
        "gone: the service answered HTTP 410" },
      { "says how long the service asks to wait",
        fault.answer(429, '{"error":{"message":"Slow down"}}', { ["retry-after"] = "600" }),
        "rate_limit: Slow down (HTTP 429, retry after 600 s)" },
      { "takes line breaks and escapes out of the service's words",
        fault.answer(400, '{"error":{"message":"a\\r\\nb\\u001b[31m"}}'), "bad_request: a  b [31m (HTTP 400)" },
    }
    local function failure_by(bytes)
      local script = server.script { rows.then_luck(rows.answered(bytes)) }
      local _, failure = rows.client(script.base_url).cancel(rows.id)
      script.close()
      return failure
    end
    for _, row in ipairs(rows_of_text) do
      it(row[1], function() assert.are.equal(row[3], tostring(failure_by(row[2]))) end)
    end

    it("tells the attempt when there was more than one", function()
      local script = server.script(rows.connections { 503, 400 })
      local _, failure = rows.client(script.base_url, { max_retries = 2 }).cancel(rows.id)
      assert.matches("^bad_request: the service answered HTTP 400 %(after 2 attempts%)", tostring(failure))
      script.close()
    end)

    for _, row in ipairs {
      { "a lost answer", { "close" }, true }, { "a 500", { 500 }, true },
      { "a refusal after a 503", { 503, 404 }, true },
      { "a refusal", { 404 }, false }, { "a refusal after a 429", { 429, 404 }, false },
    } do
      local says = row[3] and "that the service may have acted on it" or "nothing more"
      it(("says of %s %s"):format(row[1], says), function()
        local script = server.script(rows.connections(row[2]))
        local _, failure = rows.client(script.base_url, { max_retries = #row[2] - 1 }).cancel(rows.id)
        assert.are.equal(row[3], tostring(failure):find("; the service may have acted on it", 1, true) ~= nil)
        script.close()
      end)
    end

    it("can be joined to other texts", function()
      local failure = failure_by(fault.answer(410, ""))
      local text = tostring(failure)
      assert.are.equal("sorry: " .. text .. "!", "sorry: " .. failure .. "!")
    end)

    it("is what error raises", function()
      local failure = failure_by(fault.answer(410, ""))
      assert.are.equal(failure, select(2, pcall(error, failure)))
    end)

    it("is what assert raises", function()
      local failure = failure_by(fault.answer(410, ""))
      local function raised(what) return select(2, pcall(_G.assert, nil, what)) end
      local any_table = {}
      -- The assert of Lua 5.1 and 5.2 takes strings only.
      if raised(any_table) == any_table then assert.are.equal(failure, raised(failure)) end
    end)
  end)
end)
