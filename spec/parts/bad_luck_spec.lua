-- SPDX-License-Identifier: MIT
-- Parts that do not arrive: what the failure says, whether the service may have taken them, and that nothing is left.

local core = require "openai_uploads.core"
local drive = require "spec.support.drive"
local fault = require "spec.support.fault"
local part_data = require "spec.support.part_data"
local rows = require "spec.support.rows"
local with_service = require "spec.support.with_service"

local MIB = 1024 * 1024

local good_answer = fault.answer(200, '{"id":"part_1","object":"upload.part","created_at":1,"upload_id":"upload_1"}')

local large = part_data.bytes(16 * MIB) -- more than fits into any buffers
local large_path = part_data.file(large)

local server = with_service.fault_server()

teardown(function() part_data.forget() end)

-- Each returns new params of a part with those bytes, which are in that file.
local sources = {
  { "string", function(all) return { data = all } end },
  { "path", function(_, path) return { file = path } end },
  { "open file", function(_, path) return { data = assert(io.open(path, "rb")) } end },
  { "file of the core", function(_, path) return { file = assert(core.open_file(path)) } end },
  { "function", function(all) return { data = (part_data.chunks(all, 100000)) } end },
  { "function with a length", function(all) return { data = (part_data.chunks(all, 100000)), length = #all } end },
}

-- Sends a part to a server that plays the row's steps. The failure must be as the row says, for each source (but two
-- of them where it is slow), and then no descriptor may be left but those that were there before.
local function check_row(row)
  local small = part_data.bytes(row.size or 1000)
  local small_path = part_data.file(small)
  for _, source in ipairs(row.slow and { sources[1], sources[5] } or sources) do
    local before = part_data.descriptors()
    local script = server.script { row.steps, rows.lucky }
    local client = rows.client(script.base_url, row.settings)
    local params = row.large and source[2](large, large_path) or source[2](small, small_path)
    local part, failure = client.parts.create("upload_1", params, row.options)
    local seen = script.seen()
    rows.check_failure(row, part, failure)
    if row.large then assert.is_true(seen.bytes_received < 16 * MIB, source[1]) end
    rows.check_luck(client)
    client.close()
    script.close()
    params, client = nil, nil -- luacheck: ignore 311
    assert.are.equal(before, part_data.descriptors(), source[1])
  end
end

local function refusal(status, body) return fault.answer(status, body or "", nil, { connection = "close" }) end

-- As a proxy does that has seen enough: it answers, and listens to what it throws away.
local function refused(status, body)
  return { { "head" }, { "send", refusal(status, body) }, { "half_close" }, { "await_close" } }
end

-- The same from one that would keep the connection, and need not read what nobody wants.
local function refused_and_kept(status)
  return { { "head" }, { "send", fault.answer(status, "") }, { "await_close" } }
end

describe("a part that", function()
  before_each(function() part_data.descriptors() end)

  local quick = { options = { timeout = 0.05 } }
  local misfortunes = {
    { "is cut by a reset", steps = { { "head" }, { "sip", 65536, 0, 1 }, { "reset" } }, large = true,
      kind = "connection", may = false, says = "%w" },
    { "is cut by a close", steps = { { "head" }, { "sip", 65536, 0, 1 }, { "close" } }, large = true,
      kind = "connection", may = false, says = "%w" },
    { "is all sent, and then the connection is reset", steps = { { "request" }, { "reset" } },
      kind = "connection", may = true, says = "%w" },
    { "is all sent, and then the connection is closed", steps = { { "request" }, { "close" } },
      kind = "connection", may = true, says = "%w" },
    { "is all sent, and then half an answer comes", size = 300000,
      steps = { { "request" }, { "send", good_answer:sub(1, -5) }, { "close" } },
      kind = "connection", status = 200, may = true, says = "cut off" },
    { "is all sent, and then half a head comes",
      steps = { { "request" }, { "send", "HTTP/1.1 200 OK\r\nA: " }, { "close" } },
      kind = "connection", status = 200, may = true, says = "cut off" },
    { "is all sent, and then rubbish comes",
      steps = { { "request" }, { "send", "SSH-2.0-OpenSSH_9.2\r\n" }, { "close" } },
      kind = "connection", may = true, says = "HTTP/0.9" },
    { "is all sent, and then the service fails", size = 200000,
      steps = rows.answered(refusal(500, "oops"), { "close" }),
      kind = "server", status = 500, may = true, says = "^oops$" },
    { "is all sent and refused", size = 200000, steps = rows.answered(refusal(400, '{"error":{"message":"too late"}}'),
      { "close" }), kind = "bad_request", status = 400, may = false, says = "^too late$" },
    { "is answered by what is no UploadPart", steps = rows.answered(refusal(200, '{"object":"upload","id":"upload_1"}'),
      { "close" }), kind = "decode", status = 200, may = true, says = "%w" },
    { "is all sent, and then nothing comes", size = 300000, steps = { { "request" }, { "stall" } },
      options = quick.options, kind = "timeout", may = true, says = "^timed out: no whole answer within 0.05 s$" },
    { "is empty, and no answer comes", size = 0, steps = { { "request" }, { "stall" } },
      options = quick.options, kind = "timeout", may = true, says = "^timed out: no whole answer within 0.05 s$" },
    { "is all sent, and then the answer stops",
      steps = { { "request" }, { "send", good_answer:sub(1, -5) }, { "stall" } },
      options = quick.options, kind = "timeout", status = 200, may = true, says = "^timed out" },
    { "is all sent, and then the deadline passes", steps = { { "request" }, { "stall" } },
      options = { deadline = 0.1 }, kind = "timeout", may = true, says = "^the deadline of 0.1 s has passed$" },
    { "is not read any more", steps = { { "head" }, { "wait", 30 } }, large = true,
      options = { stall_timeout = 0.2, timeout = 600, deadline = 20 }, slow = true,
      kind = "timeout", may = false, says = "^stalled: no byte of the data could be sent for 0.2 s$" },
    { "is not read any more, when the deadline passes", steps = { { "head" }, { "wait", 30 } }, large = true,
      options = { deadline = 0.2 }, kind = "timeout", may = false, says = "^the deadline of 0.2 s has passed$" },
    { "is refused before most of it was sent", steps = refused(413, "enough"), large = true,
      kind = "status", status = 413, may = false, says = "^enough$" },
    { "is refused for its key before most of it was sent", steps = refused(401), large = true,
      kind = "authentication", status = 401, may = false, says = "401" },
    { "is refused before most of it was sent, by who would keep the connection", steps = refused_and_kept(400),
      large = true, kind = "bad_request", status = 400, may = false, says = "400" },
    { "is told to wait before most of it was sent, by who would keep the connection", steps = refused_and_kept(429),
      large = true, kind = "rate_limit", status = 429, may = false, says = "429" },
    { "is sent elsewhere before most of it was sent", steps = refused(307), large = true,
      kind = "redirect", status = 307, may = false, says = "307" },
    { "meets a service that fails before most of it was sent", steps = refused(503), large = true,
      kind = "server", status = 503, may = false, says = "503" },
  }
  for _, row in ipairs(misfortunes) do
    it(row[1], function() check_row(row) end)
  end

  -- Where an answer and the end of its connection come at once, it is a matter of luck which is seen first.
  it("is refused before most of it was sent by a service that hangs up is never in doubt", function()
    local told = 0
    for _ = 1, 20 do
      local script = server.script { { { "head" }, { "send", refusal(413, "enough") }, { "close" } } }
      local part, failure = rows.client(script.base_url).parts.create("upload_1", { data = large })
      assert.is_nil(part)
      assert.is_false(failure.may_have_applied)
      if failure.kind == "status" then
        assert.are.same({ 413, "enough" }, { failure.status, failure.message })
        told = told + 1
      else
        assert.are.equal("connection", failure.kind)
      end
      script.close()
    end
    assert.is_true(told > 0)
  end)

  it("goes slowly and goes on is not ended by timeouts", function()
    local size, sips = 12 * MIB, 15
    local steps = {
      { "head" }, { "wait", 0.7 }, { "sip", 524288, 0.04, sips },
      { "sip", size - sips * 524288, 0, 1 }, { "send", good_answer }, { "half_close" }, { "await_close" },
    }
    for index = 1, 5, 4 do
      local script = server.script { steps }
      local params = sources[index][2](large:sub(1, size))
      local part, failure = rows.client(script.base_url).parts.create("upload_1", params,
        { timeout = 0.5, stall_timeout = 1 })
      assert.is_nil(failure)
      assert.are.equal("part_1", part.id)
      script.close()
    end
  end)

  it("keeps a doubt of an earlier attempt, and has none of one that was cut", function()
    local cut, lost = { { "head" }, { "sip", 65536, 0, 1 }, { "reset" } }, { { "request" }, { "reset" } }
    for _, row in ipairs { { cut, false }, { lost, true } } do
      local script = server.script { row[1], rows.answered(refusal(400), { "close" }) }
      local told
      local function tell(info) told = info.failure end
      local client = rows.client(script.base_url, { max_retries = 1, on_retry = tell })
      rows.check_failure({ kind = "bad_request", status = 400, attempts = 2, may = row[2], says = "400" },
        client.parts.create("upload_1", { data = row[2] and "abc" or large }))
      assert.are.same({ "connection", row[2] }, { told.kind, told.may_have_applied })
      script.close()
    end
  end)

  it("is aborted half-way, or dropped, leaves no descriptor and no doubt", function()
    for _, source in ipairs(sources) do
      local before = part_data.descriptors()
      local script = server.script { { { "head" }, { "wait", 30 } } }
      local client = rows.client(script.base_url)
      local transfers = {}
      for index = 1, 2 do transfers[index] = client.start.parts.create("upload_1", source[2](large, large_path)) end
      drive.till_seen(client, script, "requests", 2)
      drive.till(client, function() return transfers[1]:progress() > MIB and transfers[2]:progress() > MIB end)
      assert.is_true(transfers[1]:abort())
      rows.check_failure({ kind = "aborted", may = false, says = "^aborted by the program$" },
        drive.result(transfers[1]))
      assert.is_true(transfers[1]:progress() > MIB)
      transfers[2] = nil
      drive.collect()
      assert.are.equal(0, client.step())
      client.close()
      client = nil -- luacheck: ignore 311
      script.close()
      assert.are.equal(before, part_data.descriptors(), source[1]) -- while transfers[1] is still held
      assert.is_true(transfers[1]:done())
    end
  end)

  it("is aborted once it is all sent may have been taken", function()
    local script = server.script { { { "request" }, { "stall" } } }
    local client = rows.client(script.base_url)
    local transfer = client.start.parts.create("upload_1", { data = "abc" })
    drive.till_seen(client, script, "requests", 1)
    assert.is_true(transfer:abort())
    rows.check_failure({ kind = "aborted", may = true, says = "^aborted by the program$" }, drive.result(transfer))
    script.close()
  end)

  it("is done holds no file, as long as somebody holds it", function()
    local script = server.script { { { "request" }, { "send", good_answer }, { "request" }, { "send", good_answer } } }
    local client = rows.client(script.base_url)
    client.parts.create("upload_1", { data = "abc" })
    local before = part_data.descriptors()
    local transfer = client.start.parts.create("upload_1", { file = large_path })
    assert.are.equal(before + 1, part_data.descriptors())
    transfer:wait()
    assert.are.equal(before, part_data.descriptors())
    assert.are.equal("part_1", drive.result(transfer).id)
    script.close()
  end)
end)

describe("more than a part takes is refused before anything is sent:", function()
  local most = 64 * MIB
  local one_too_many = part_data.sparse_file(most + 1)
  local too_large = {
    { "a string", function() return { data = ("\0"):rep(most + 1) } end },
    { "a string with a length", function() return { data = ("\0"):rep(most + 2), length = most + 1 } end },
    { "a path", function() return { file = one_too_many } end },
    { "a path, from an offset on", function() return { file = part_data.sparse_file(most + 5), offset = 4 } end },
    { "a file of the core", function() return { file = assert(core.open_file(one_too_many)) } end },
    { "an open file", function() return { data = assert(io.open(one_too_many, "rb")) } end },
    { "a function that tells its length", function() return { data = error, length = most + 1 } end },
    { "a function of absurd length", function() return { data = error, length = 9e15 } end },
  }
  for _, row in ipairs(too_large) do
    it(row[1], function()
      local before = part_data.descriptors()
      local script = server.script { rows.lucky }
      local client = rows.client(script.base_url)
      rows.check_failure({ kind = "too_large", attempts = 0, may = false, says = "^a part takes at most 67108864 " },
        client.parts.create("upload_1", row[2]()))
      assert.are.equal(0, script.seen().connections)
      client.close()
      client = nil -- luacheck: ignore 311
      script.close()
      assert.are.equal(before, part_data.descriptors())
    end)
  end
end)
