-- SPDX-License-Identifier: MIT

local cjson = require("cjson").new()
local check = require "spec.support.check"
local with_service = require "spec.support.with_service"

describe("create", function()
  local client

  local service = with_service.emulator()

  before_each(function() client = check.client(service) end)

  local function params(more)
    return check.merged(
      { filename = "training.jsonl", purpose = "fine-tune", bytes = 2147483648, mime_type = "text/jsonl" }, more or {})
  end

  it("creates an Upload and returns it as a plain table", function()
    local upload = assert(client.create(params()))
    local stored = service.upload(upload.id)
    assert.are.equal("text/jsonl", stored.mime_type)
    stored.parts, stored.mime_type = nil, nil
    assert.are.same(stored, upload)
    assert.are.same({ "pending", 2147483648, "training.jsonl", "fine-tune" },
      { upload.status, upload.bytes, upload.filename, upload.purpose })
    assert.is_nil(getmetatable(upload))
  end)

  it("returns that one value, or two more with_response", function()
    assert.are.equal(1, select("#", client.create(params())))
    local _, failure, response = client.create(params(), { with_response = true })
    assert.is_nil(failure)
    assert.are.equal(200, response.status)
  end)

  it("makes an Upload that can be cancelled", function()
    local upload = assert(client.create(params()))
    assert.are.equal("cancelled", assert(client.cancel(upload.id)).status)
  end)

  it("posts its params as JSON", function()
    client.create(params())
    local request = check.only_request(service)
    assert.are.same({ "POST", "/v1/uploads", "application/json", tostring(#request.body) }, {
      request.method, request.uri, request.headers["content-type"], request.headers["content-length"],
    })
    assert.are.same(params(), cjson.decode(request.body))
    assert.are.same({
      "accept", "accept-encoding", "authorization", "content-length", "content-type", "host", "user-agent",
    }, check.sorted_names(request.headers))
  end)

  it("posts params it never heard of as they are", function()
    local further = {
      list = { "a", "b" }, deep = { er = { yes = true } }, nothing = cjson.null, text = '"\n\195\188',
    }
    client.create(params { further = further })
    assert.are.same(further, cjson.decode(check.only_request(service).body).further)
  end)

  -- What Node sends for the same bytes: one U+FFFD for each piece that is no character.
  for _, row in ipairs {
    { "Latin-1", "r\233sum\233.pdf", "r\239\191\189sum\239\191\189.pdf" },
    { "a surrogate", "a\237\160\128b", "a" .. ("\239\191\189"):rep(3) .. "b" },
    { "a character cut off", "\226\130", "\239\191\189" },
    { "UTF-8", "r\195\169sum\195\169 \240\159\152\128", "r\195\169sum\195\169 \240\159\152\128" },
  } do
    it("posts valid JSON, whatever its texts hold: " .. row[1], function()
      for _, name in ipairs { "filename", "purpose", "mime_type", "more" } do
        service.reset()
        client.create(params { [name] = row[2] }, { max_retries = 0 })
        assert.are.equal(row[3], cjson.decode(check.only_request(service).body)[name])
      end
      service.reset()
      client.create(params { more = { [row[2]] = { row[2] } } })
      assert.are.same({ [row[3]] = { row[3] } }, cjson.decode(check.only_request(service).body).more)
      service.reset()
      client.complete("upload_1", { part_ids = { row[2] }, md5 = row[2] })
      local body = cjson.decode(check.only_request(service).body)
      assert.are.same({ { row[3] }, row[3] }, { body.part_ids, body.md5 })
    end)
  end

  it("can set when the File shall expire", function()
    local upload = client.create(params { expires_after = { anchor = "created_at", seconds = 3600 } })
    assert.are.equal("pending", upload.status)
    local body = check.only_request(service).body
    assert.are.same({ anchor = "created_at", seconds = 3600 }, cjson.decode(body).expires_after)
  end)

  for _, bytes in ipairs { 0, 1, 2147483648, 8589934592 } do
    it(("writes %.0f bytes in digits"):format(bytes), function()
      client.create(params { bytes = bytes })
      assert.is_truthy(check.only_request(service).body:find(('"bytes":%.0f[,}]'):format(bytes)))
    end)
  end

  it("leaves its params alone", function()
    local mine = params { expires_after = { anchor = "created_at", seconds = 3600 } }
    local same = params { expires_after = { anchor = "created_at", seconds = 3600 } }
    client.create(mine)
    assert.are.same(same, mine)
  end)

  it("may be told an additional content type by the program", function()
    client.create(params(), { headers = { ["content-TYPE"] = "application/json; charset=utf-8" } })
    assert.are.equal("application/json; charset=utf-8", check.only_request(service).headers["content-type"])
  end)

  it("takes no body beyond its cap, and sends none of it", function()
    local failure = check.failure("configuration", client.create(params { filename = ("a"):rep(17 * 1024 * 1024) }))
    check.holds("longer than", failure.message)
    assert.are.equal(0, failure.attempts)
    check.nothing_sent(service)
  end)

  describe("that the service refuses tells the service's reason:", function()
    local refusals = {
      { "400, a value it will not take", { purpose = "" }, "bad_request", 400, "Invalid 'purpose'",
        param = "purpose", code = "invalid_value" },
      { "400, too many bytes", { bytes = 9e9 }, "bad_request", 400, "8 GB", param = "bytes", code = "invalid_value" },
      { "400, a lifetime out of range", { expires_after = { anchor = "created_at", seconds = 1 } }, "bad_request", 400,
        "from 3600 to 2592000", param = "expires_after.seconds", code = "invalid_value" },
      { "401, a wrong key", {}, "authentication", 401, "Incorrect API key", code = "invalid_api_key",
        settings = { api_key = "sk-wrong-key" } },
      { "429, too many requests", {}, "rate_limit", 429, "Slow down", code = "rate_limit_exceeded",
        answer = { status = 429, headers = { ["x-request-id"] = "req_1" }, body = {
          error = { message = "Slow down", type = "invalid_request_error", code = "rate_limit_exceeded" } } } },
    }
    for _, row in ipairs(refusals) do
      it(row[1], function()
        client = check.client(service, row.settings)
        service.answer_next { row.answer }
        local failure = check.failure(row[3], client.create(params(row[2]), { max_retries = 0 }))
        check.holds(row[5], failure.message)
        assert.are.same({ row[4], row.param, row.code, "invalid_request_error", 1, false }, {
          failure.status, failure.param, failure.code, failure.type, failure.attempts, failure.may_have_applied,
        })
        assert.are.equal(failure.request_id, failure.headers["x-request-id"])
      end)
    end
  end)

  it("sends its body again on a retry", function()
    service.answer_next { { status = 500 } }
    assert(client.create(params()))
    local requests = service.requests()
    assert.are.equal(2, #requests)
    assert.are.equal(requests[1].body, requests[2].body)
    assert.are.same(params(), cjson.decode(requests[2].body))
  end)
end)
