-- SPDX-License-Identifier: MIT
-- Answers that come compressed, as any may: RFC 9110 lets a service choose where a request does not say.

local fault = require "spec.support.fault"
local rows = require "spec.support.rows"
local with_service = require "spec.support.with_service"

local function gzip(text)
  local path = os.tmpname()
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
  local pipe = assert(io.popen("unset LD_PRELOAD; gzip -nc " .. path, "r"))
  local packed = pipe:read("*a")
  pipe:close()
  os.remove(path)
  assert(#packed > 18 and packed:sub(1, 2) == "\31\139", "gzip is needed")
  return packed
end

local good = '{"id":"upload_1","object":"upload","status":"cancelled"}'
local refused = '{"error":{"message":"No such Upload","type":"t","code":"c"}}'
local packed_headers = { ["content-encoding"] = "gzip" }

local function packed(status, text, settings) return fault.answer(status, gzip(text), packed_headers, settings) end

describe("a compressed answer", function()

  local server = with_service.fault_server()

  local function taken(answer, options)
    local script = server.script { rows.then_luck(rows.answered(answer)) }
    local client = rows.client(script.base_url)
    local upload, failure = client.cancel(rows.id, options)
    assert.is_nil(failure)
    rows.check_luck(client)
    local requests = script.seen().requests
    script.close()
    return upload, requests
  end

  for _, row in ipairs {
    { "with its length", packed(200, good) },
    { "in chunks", packed(200, good, { chunked = true }) },
    { "behind a byte order mark", packed(200, "\239\187\191" .. good) },
    { "called x-gzip", fault.answer(200, gzip(good), { ["content-encoding"] = "x-gzip" }) },
    { "called identity, and not compressed", fault.answer(200, good, { ["content-encoding"] = "identity" }) },
  } do
    it(("is read: %s"):format(row[1]), function() assert.are.equal("cancelled", taken(row[2]).status) end)
  end

  it("is asked for, unless the program says otherwise", function()
    local function accepted(request) return request:lower():match "\r\naccept%-encoding: ([^\r]*)\r\n" end
    local _, requests = taken(packed(200, good))
    assert.are.equal("gzip", accepted(requests[1]))
    _, requests = taken(packed(200, good), { headers = { ["accept-encoding"] = "identity" } })
    assert.are.equal("identity", accepted(requests[1]))
    assert.is_nil(requests[1]:lower():find("gzip", 1, true))
  end)

  it("that refuses is told in the service's words", function()
    rows.check(server, {
      answer = packed(404, refused), kind = "not_found", status = 404, may = false, says = "^No such Upload$",
      body = refused, fields = { type = "t", code = "c" },
    })
  end)

  local half = gzip(good):sub(1, 40)
  for _, row in ipairs {
    { "broken", ("x"):rep(100) },
    { "not compressed at all", good },
    { "broken behind its head", gzip(good):sub(1, 10) .. ("\255"):rep(50) },
    { "cut short", half },
    { "in a coding that is unknown", good, "rot13" },
  } do
    local headers = { ["content-encoding"] = row[3] or "gzip" }
    it(("that is %s may yet tell of success, and is not asked for again"):format(row[1]), function()
      local _, seen = rows.check(server, {
        answer = fault.answer(200, row[2], headers), settings = { max_retries = 2 },
        kind = "decode", status = 200, may = true, says = "decode",
      })
      assert.are.equal(1, #seen.requests)
    end)

    it(("that refuses and is %s is a refusal all the same"):format(row[1]), function()
      local _, seen = rows.check(server, {
        answer = fault.answer(404, row[2], headers), settings = { max_retries = 2 },
        kind = "not_found", status = 404, may = false, says = "HTTP 404",
      })
      assert.are.equal(1, #seen.requests)
    end)
  end

  describe("that grows beyond max_response_bytes", function()
    local bomb = gzip('{"id":"upload_1","a":"' .. ("0"):rep(4000000))
    assert(#bomb < 10000)

    it("is too large", function()
      rows.check(server, {
        answer = fault.answer(200, bomb, packed_headers), settings = { max_response_bytes = 10000 },
        kind = "too_large", status = 200, may = true, says = "max_response_bytes %(10000%)",
      })
    end)

    it("is a refusal all the same, its body kept up to the cap", function()
      local failure = rows.check(server, {
        answer = fault.answer(404, bomb, packed_headers), settings = { max_response_bytes = 10000 },
        kind = "not_found", status = 404, may = false, says = "HTTP 404",
      })
      assert.are.equal(10000, #failure.body)
    end)
  end)
end)
