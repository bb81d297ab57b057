-- SPDX-License-Identifier: MIT

local check = require "spec.support.check"
local http = require "socket.http"
local ltn12 = require "ltn12"
local with_service = require "spec.support.with_service"

describe("cancel", function()
  local client, id

  local service = with_service.emulator()

  before_each(function()
    client = check.client(service)
    id = service.make_uploads(1)[1]
  end)

  local function post(path, content_type, body)
    local _, status = http.request {
      url = service.base_url .. path, method = "POST", source = ltn12.source.string(body),
      headers = { authorization = "Bearer sk", ["content-type"] = content_type, ["content-length"] = #body },
    }
    assert.are.equal(200, status)
  end

  -- The id of an empty Upload that is completed.
  local function completed()
    post(("/uploads/%s/parts"):format(id), "multipart/form-data; boundary=B",
      '--B\r\nContent-Disposition: form-data; name="data"\r\n\r\n\r\n--B--\r\n')
    local part_id = service.upload(id).parts[1].id
    post(("/uploads/%s/complete"):format(id), "application/json", ('{"part_ids":["%s"]}'):format(part_id))
    return id
  end

  describe("that succeeds", function()
    it("cancels the Upload and returns it as a plain table", function()
      local upload = assert(client.cancel(id))
      local stored = service.upload(id)
      stored.parts, stored.mime_type = nil, nil
      assert.are.same(stored, upload)
      assert.are.equal("cancelled", upload.status)
      assert.is_nil(getmetatable(upload))
    end)

    it("returns that one value", function()
      assert.are.equal(1, select("#", client.cancel(id)))
      assert.are.equal(1, select("#", client.cancel(service.make_uploads(1)[1], nil)))
    end)

    it("sends a POST without a body, and no header that nobody needs", function()
      client.cancel(id)
      local request = check.only_request(service)
      local agent = request.headers["user-agent"]
      request.connection, request.headers["user-agent"] = nil, nil
      assert.are.same({
        method = "POST", uri = "/v1/uploads/" .. id .. "/cancel", http_version = "1.1", body = "",
        headers = {
          accept = "application/json", ["accept-encoding"] = "gzip", authorization = "Bearer " .. check.key,
          ["content-length"] = "0", host = service.base_url:match("//([^/]+)"),
        },
      }, request)
      assert.is_truthy(agent:find("^lua%-openai%-uploads/[%d.]+ %(Lua 5%.%d; libcurl [%d.]+%)$"), agent)
    end)

    it("sends the same over TLS with HTTP/2", function()
      client = check.client(service, { base_url = service.tls.good })
      local _, _, response = client.cancel(id, { with_response = true })
      local request = check.only_request(service)
      assert.are.equal("2", response.http_version)
      assert.are.same({ "POST", "/v1/uploads/" .. id .. "/cancel", "", "0" },
        { request.method, request.uri, request.body, request.headers["content-length"] })
      assert.are.same({ "accept", "accept-encoding", "authorization", "content-length", "host", "user-agent" },
        check.sorted_names(request.headers))
    end)

    for _, name in ipairs { "plain HTTP", "TLS" } do
      it(("keeps its connection over %s for the next call"):format(name), function()
        client = check.client(service, { base_url = name == "TLS" and service.tls.good or service.base_url })
        local reused = {}
        for index, each in ipairs(service.make_uploads(3)) do
          local _, _, response = client.cancel(each, { with_response = true })
          reused[index] = response.connection_reused
        end
        local requests = service.requests()
        assert.are.same({ false, true, true }, reused)
        assert.are.same({ requests[1].connection, requests[1].connection },
          { requests[2].connection, requests[3].connection })
      end)
    end
  end)

  describe("with_response", function()
    local function third(...)
      assert.are.equal(3, select("#", ...))
      return (select(3, ...))
    end

    local timings = { "connect", "first_byte", "name_lookup", "tls_handshake", "total" }
    local answered = {
      "attempts", "connection_reused", "elapsed", "headers", "http_version", "request_id", "status", "timings",
    }

    it("has a third value that tells the answer", function()
      local upload, failure, response = client.cancel(id, { with_response = true })
      assert.are.equal("cancelled", upload.status)
      assert.is_nil(failure)
      assert.are.same(answered, check.sorted_names(response))
      assert.are.same({ 200, 1, "1.1", false },
        { response.status, response.attempts, response.http_version, response.connection_reused })
      assert.are.equal("application/json", response.headers["content-type"])
      assert.is_truthy(response.request_id:find("^req_%w+$"))
      assert.are.equal(response.request_id, response.headers["x-request-id"])
      assert.are.same(timings, check.sorted_names(response.timings))
    end)

    it("tells its times in seconds", function()
      service.answer_next { { delay = 0.05 } }
      local response = third(client.cancel(id, { with_response = true }))
      local total = response.timings.total
      assert.is_true(response.timings.first_byte >= 0.05 and response.timings.first_byte <= total)
      assert.is_true(total >= 0.05 and total < 50)
      assert.is_true(response.elapsed >= 0.05 and response.elapsed < 50)
    end)

    it("tells the last answer, and how many attempts there were", function()
      service.answer_next { { status = 500, headers = { ["x-request-id"] = "req_first" } } }
      local response = third(client.cancel(id, { with_response = true }))
      assert.are.same({ 200, 2 }, { response.status, response.attempts })
      assert.are_not.equal("req_first", response.request_id)
    end)

    it("has it after a refusal as well", function()
      local upload, failure, response = client.cancel("upload_unknown", { with_response = true })
      check.failure("not_found", upload, failure)
      assert.are.same(answered, check.sorted_names(response))
      assert.are.same({ 404, failure.request_id }, { response.status, response.request_id })
      assert.are.same(failure.headers, response.headers)
    end)

    it("has what there is of it when there was no answer", function()
      client = check.client(service, { base_url = check.dead_url, max_retries = 1 })
      local response = third(client.cancel(id, { with_response = true }))
      assert.are.same({ "attempts", "connection_reused", "elapsed", "timings" }, check.sorted_names(response))
      assert.are.same({ 2, false }, { response.attempts, response.connection_reused })
    end)

    it("has little of it when nothing could be sent", function()
      client = check.client(service, { api_key = "" })
      local response = third(client.cancel(id, { with_response = true }))
      assert.are.same({ "attempts", "elapsed" }, check.sorted_names(response))
      assert.are.equal(0, response.attempts)
    end)

    it("can be the client's rule, and the call's exception", function()
      client = check.client(service, { with_response = true })
      assert.are.equal(3, select("#", client.cancel(id)))
      assert.are.equal(2, select("#", client.cancel(id, { with_response = false })))
    end)
  end)

  describe("that the service refuses tells the service's reason:", function()
    local function nothing() return id end
    local limited = {
      status = 429, headers = { ["retry-after"] = "7", ["x-request-id"] = "req_1" },
      body = { error = { message = "Slow down", type = "requests", param = "uploads", code = "rate_limit_exceeded" } },
    }
    local refusals = {
      { "400, cancelled before", "bad_request", 400, "The Upload is no longer pending: it is cancelled",
        function() client.cancel(id) return id end },
      { "400, completed before", "bad_request", 400, "The Upload is no longer pending: it is completed", completed },
      { "401, a wrong key", "authentication", 401, "Incorrect API key provided", nothing,
        settings = { api_key = "sk-wrong-key" }, fields = { code = "invalid_api_key" } },
      { "404, an unknown id", "not_found", 404, "No such Upload", function() return "upload_unknown" end },
      { "410, an hour too late", "gone", 410, "The Upload has expired",
        function() service.advance_clock(3601) return id end },
      { "429, too many requests", "rate_limit", 429, "Slow down",
        function() service.answer_next { limited } return id end,
        fields = { type = "requests", param = "uploads", code = "rate_limit_exceeded", retry_after = 7 } },
    }
    for _, row in ipairs(refusals) do
      it(row[1], function()
        client = check.client(service, check.merged(row.settings or {}, { max_retries = 0 }))
        local subject = row[5]()
        local failure = check.failure(row[2], client.cancel(subject))
        check.holds(row[4], failure.message)
        check.holds(row[4], failure.body)
        local expected = check.merged({ type = "invalid_request_error" }, row.fields or {})
        local got = {}
        for _, name in ipairs { "type", "param", "code", "retry_after" } do got[name] = failure[name] end
        assert.are.same(expected, got)
        assert.are.same({ row[3], 1, false }, { failure.status, failure.attempts, failure.may_have_applied })
        assert.is_truthy(failure.request_id)
        assert.are.equal(failure.request_id, failure.headers["x-request-id"])
        assert.is_nil(failure.location)
      end)
    end
  end)

  describe("takes any id:", function()
    local ids = {
      { "upload_abc-123.x~Y", "upload_abc-123.x~Y" },
      { "a!$&'()*+,;=:@b", "a!$&'()*+,;=:@b" },
      { "a b", "a%20b" }, { "a/b", "a%2Fb" }, { "a?b", "a%3Fb" }, { "a#b", "a%23b" }, { "%41", "%2541" },
      { "../admin", "..%2Fadmin" }, { "...", "..." }, { ".a", ".a" }, { "a.", "a." },
      { "a\\b", "a%5Cb" }, { 'a"<>b', "a%22%3C%3Eb" }, { "[a]^{b}|`", "%5Ba%5D%5E%7Bb%7D%7C%60" },
      { "\195\188", "%C3%BC" }, { "\1", "%01" }, { "\127", "%7F" }, { "\255", "%FF" }, { "a\r\nb", "a%0D%0Ab" },
    }
    for _, row in ipairs(ids) do
      it(row[2], function()
        check.failure("not_found", client.cancel(row[1]))
        assert.are.equal("/v1/uploads/" .. row[2] .. "/cancel", check.only_request(service).uri)
      end)
    end

    it("but one that is too long for a URL, which is a failure and never sent", function()
      local failure = check.failure("configuration", client.cancel(("a"):rep(100000)))
      check.holds("longer than", failure.message)
      assert.are.same({ 0, false }, { failure.attempts, failure.may_have_applied })
      check.nothing_sent(service)
    end)
  end)
end)
