-- SPDX-License-Identifier: MIT
-- complete: an Upload of parts, in the order that the program says.

local cjson = require("cjson").new()
local check = require "spec.support.check"
local fault = require "spec.support.fault"
local own_loops = require "spec.support.own_loops"
local part_data = require "spec.support.part_data"
local rows = require "spec.support.rows"
local with_service = require "spec.support.with_service"

describe("complete", function()
  local client, id, ids

  local service = with_service.emulator()

  teardown(function() part_data.forget() end)

  local function upload_of(pieces)
    local total, made = 0, {}
    for _, piece in ipairs(pieces) do total = total + #piece end
    local params = { filename = "a.txt", purpose = "batch", bytes = total, mime_type = "text/plain" }
    local upload = assert(client.create(params))
    for index, piece in ipairs(pieces) do made[index] = assert(client.parts.create(upload.id, { data = piece })).id end
    return upload.id, made
  end

  before_each(function()
    client = check.client(service)
    id, ids = upload_of { "one ", "two ", "three" }
  end)

  it("completes the Upload, and returns it with its File", function()
    local upload, failure = client.complete(id, { part_ids = ids })
    assert.is_nil(failure)
    assert.is_nil(getmetatable(upload))
    assert.are.same({ id, "completed", 13 }, { upload.id, upload.status, upload.bytes })
    assert.are.same({ "file", 13, "a.txt", nil, nil }, { upload.file.object, upload.file.bytes, upload.file.filename,
      upload.file.expires_at, upload.file.status_details })
    assert.are.equal(upload.file.id, service.upload(id).file.id)
  end)

  it("returns that one value, or two more with_response", function()
    assert.are.equal(1, select("#", client.complete(id, { part_ids = ids })))
    id, ids = upload_of { "a" }
    local _, failure, response = client.complete(id, { part_ids = ids }, { with_response = true })
    assert.is_nil(failure)
    assert.are.same({ 200, true }, { response.status, response.connection_reused })
  end)

  it("posts its params as JSON, and the ids as a list in their order", function()
    client.complete(id, { part_ids = { ids[3], ids[1], ids[2] }, md5 = "abc", more = { "later" } })
    local requests, count = service.requests()
    local request = requests[count]
    assert.are.same({ "POST", "/v1/uploads/" .. id .. "/complete", "application/json", tostring(#request.body) }, {
      request.method, request.uri, request.headers["content-type"], request.headers["content-length"],
    })
    assert.are.same({ part_ids = { ids[3], ids[1], ids[2] }, md5 = "abc", more = { "later" } },
      cjson.decode(request.body))
    client.complete(id, { part_ids = { "only one" } })
    requests, count = service.requests()
    assert.are.equal('{"part_ids":["only one"]}', requests[count].body)
  end)

  it("takes thousands of ids", function()
    local many = {}
    for index = 1, 10000 do many[index] = "part_" .. index end
    check.failure("bad_request", client.complete(id, { part_ids = many }))
    local requests, count = service.requests()
    assert.are.same(many, cjson.decode(requests[count].body).part_ids)
  end)

  it("has the sum of the bytes checked, in the order that it says", function()
    local sum = part_data.md5 "threeone two "
    assert.are.equal("completed",
      assert(client.complete(id, { part_ids = { ids[3], ids[1], ids[2] }, md5 = sum })).status)
  end)

  local refusals = {
    { "a sum that is wrong", function() return { part_ids = ids, md5 = part_data.md5 "other" } end, "md5" },
    { "the sum of another order", function()
      return { part_ids = { ids[2], ids[1], ids[3] }, md5 = part_data.md5 "one two three" }
    end, "md5" },
    { "a part missing", function() return { part_ids = { ids[1], ids[2] } } end, "part_ids" },
    { "a part twice", function() return { part_ids = { ids[1], ids[1], ids[2], ids[3] } } end, "part_ids" },
    { "a part of nobody", function() return { part_ids = { ids[1], ids[2], ids[3], "part_x" } } end, "part_ids" },
    { "a sum that is a number", function() return { part_ids = ids, md5 = 5 } end, "md5" },
  }
  for _, row in ipairs(refusals) do
    it("is refused for " .. row[1] .. ", and the Upload stays as it is", function()
      local failure = check.failure("bad_request", client.complete(id, row[2]()))
      assert.are.same({ 400, row[3], 1, false },
        { failure.status, failure.param, failure.attempts, failure.may_have_applied })
      assert.are.equal("pending", service.upload(id).status)
      assert.are.equal("completed", assert(client.complete(id, { part_ids = ids })).status)
    end)
  end

  it("is refused for an Upload that is cancelled, completed, expired or nobody's", function()
    check.failure("not_found", client.complete("upload_x", { part_ids = ids }))
    assert(client.complete(id, { part_ids = ids }))
    check.failure("bad_request", client.complete(id, { part_ids = ids }))
    id, ids = upload_of { "a" }
    client.cancel(id)
    check.failure("bad_request", client.complete(id, { part_ids = ids }))
    id, ids = upload_of { "a" }
    service.advance_clock(3601)
    check.failure("gone", client.complete(id, { part_ids = ids }))
    check.failure("gone", client.parts.create(id, { data = "a" }))
  end)

  it("is tried again, and in doubt when an answer was lost", function()
    service.answer_next { { call = "complete", status = 500 }, { call = "complete", close = true } }
    assert.are.equal("completed", assert(client.complete(id, { part_ids = ids })).status)
    id, ids = upload_of { "a" }
    service.answer_next { { call = "complete", close = true, apply = true } }
    rows.check_failure({ kind = "bad_request", status = 400, attempts = 2, may = true, says = "no longer pending" },
      client.complete(id, { part_ids = ids }))
    assert.are.equal("completed", service.upload(id).status)
  end)

  it("can be started, and waited for in a coroutine", function()
    local done, upload = client.start.complete(id, { part_ids = ids }):wait()
    assert.are.same({ true, "completed" }, { done, upload.status })
    for _, host in ipairs(own_loops) do
      id, ids = upload_of { "a", "b" }
      host.run { function()
        upload = check.client(service, { loop = host.loop }).complete(id, { part_ids = ids })
      end }
      assert.are.same({ id, "completed" }, { upload.id, upload.status })
    end
  end)

  it("whose answer is lost for good, or no answer to it, may have been done", function()
    local server = fault.start()
    for _, row in ipairs {
      { { { "request" }, { "reset" } }, kind = "connection", may = true, says = "reset" },
      { { { "request" }, { "stall" } }, kind = "timeout", may = true, says = "^timed out" },
      { rows.answered(fault.answer(200, '{"object":"upload.part","id":"p"}'), { "close" }),
        kind = "decode", status = 200, may = true, says = "%w" },
      { rows.answered(fault.answer(410, ""), { "close" }), kind = "gone", status = 410, may = false, says = "410" },
    } do
      local script = server.script { row[1] }
      rows.check_failure(row,
        rows.client(script.base_url).complete("upload_1", { part_ids = { "part_1" } }, { timeout = 0.2 }))
      script.close()
    end
    server.stop()
  end)

  -- Lua 5.1 looks at few bytes of a long string to tell it from others, so that all of them must differ.
  local function ids_of(count, length)
    local many = {}
    for index = 1, count do
      many[index] = ("%08x"):format(index * 2654435761 % 2 ^ 32):rep(math.ceil(length / 8)):sub(1, length)
    end
    return many
  end

  it("carries the ids of as many Parts as a file may have", function()
    local failure = check.failure("bad_request", client.complete(id, { part_ids = ids_of(100000, 160) }))
    assert.are.equal(1, failure.attempts)
  end)

  it("sends no byte more than 16 MiB of params", function()
    rows.check_failure({ kind = "configuration", attempts = 0, may = false, says = "longer than 16777216 bytes" },
      client.complete(id, { part_ids = ids_of(260000, 64) }))
  end)
end)
