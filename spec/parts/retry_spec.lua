-- SPDX-License-Identifier: MIT
-- Parts that are sent again: from their beginning, whatever their bytes come from, unless those are gone for good.

local check = require "spec.support.check"
local core = require "openai_uploads.core"
local fault = require "spec.support.fault"
local part_data = require "spec.support.part_data"
local rows = require "spec.support.rows"
local with_service = require "spec.support.with_service"

local MIB = 1024 * 1024

local good_answer = fault.answer(200, '{"id":"part_1","object":"upload.part","created_at":1,"upload_id":"upload_1"}')
local good = { { "request" }, { "send", good_answer }, { "request" }, { "send", good_answer } }

local bytes, large = part_data.bytes(2 * MIB + 5), part_data.bytes(12 * MIB + 5) -- more than fits into any buffers
local path, large_path = part_data.file(bytes), part_data.file(large)

local service = with_service.emulator()
local server = with_service.fault_server()

teardown(function() part_data.forget() end)

local function with_rewind(size, all)
  local data, rewind, calls = part_data.chunks(all or bytes, size)
  return { data = data, rewind = rewind }, calls
end

-- Each returns new params of a part with those bytes, which are in that file.
local sources = {
  { "a string", function(all) return { data = all } end },
  { "a piece of a string", function(all) return { data = "ab" .. all .. "cd", offset = 2, length = #all } end },
  { "a path", function(_, from) return { file = from } end },
  { "a piece of a path", function(all, from) return { file = from, offset = 0, length = #all } end },
  { "an open file", function(_, from) return { data = assert(io.open(from, "rb")) } end },
  { "a file of the core", function(_, from) return { file = assert(core.open_file(from)) } end },
  { "a function that can start again", function(all) return (with_rewind(100000, all)) end },
  { "a function with a length that can start again", function(all)
    return check.merged(with_rewind(100000, all), { length = #all })
  end },
}

describe("a part that fails twice and then passes arrives whole", function()
  local misfortunes = {
    { "a 500", { status = 500, body = { error = { message = "try again" } } } },
    { "a 500 after it was taken", { status = 500, apply = true }, applied = true },
    { "a 429", { status = 429, headers = { ["retry-after-ms"] = "5" } } },
    { "a 503 that closes the connection", { status = 503, close = true } },
    { "an answer that is lost", { close = true } },
    { "an answer that is lost after it was taken", { close = true, apply = true }, applied = true },
  }
  local sum = part_data.md5(bytes)
  for _, misfortune in ipairs(misfortunes) do
    it("after " .. misfortune[1], function()
      for _, source in ipairs(sources) do
        local id, told = service.make_uploads(1)[1], {}
        local client = check.client(service, { on_retry = function(info) told[#told + 1] = info.attempt end })
        local answer = check.merged({ call = "parts" }, misfortune[2])
        service.answer_next { answer, answer }
        local part, failure = client.parts.create(id, source[2](bytes, path))
        assert.is_nil(failure, source[1])
        assert.are.same({ 1, 2 }, told)
        local stored = service.upload(id).parts
        assert.are.equal(misfortune.applied and 3 or 1, #stored)
        assert.are.equal(part.id, stored[#stored].id)
        for _, each in ipairs(stored) do assert.are.equal(sum, each.md5, source[1]) end
      end
    end)
  end

  local cuts = {
    { "a reset before its body", { { "head" }, { "reset" } } },
    { "a reset half-way", { { "head" }, { "sip", 65536, 0, 1 }, { "reset" } }, large, large_path },
    { "a close half-way", { { "head" }, { "sip", 65536, 0, 1 }, { "close" } }, large, large_path },
    { "a reset after all of it", { { "request" }, { "reset" } } },
    { "a close after all of it", { { "request" }, { "close" } } },
    { "rubbish for an answer", { { "request" }, { "send", "SSH-2.0-OpenSSH_9.2\r\n" }, { "close" } } },
  }
  for _, cut in ipairs(cuts) do
    local all = cut[3] or bytes
    it("after " .. cut[1], function()
      for _, source in ipairs(sources) do
        local script = server.script { cut[2], cut[2], good }
        local client = rows.client(script.base_url, { max_retries = 2 })
        local part, failure = client.parts.create("upload_1", source[2](all, cut[4] or path))
        assert.is_nil(failure, source[1])
        assert.are.equal("part_1", part.id)
        local requests = script.seen().requests
        local form = part_data.form(requests[#requests])
        assert.is_true(all == form.fields[1].bytes, source[1])
        script.close()
      end
    end)
  end

  it("is begun anew by its function before each further attempt, and counts from none again", function()
    local params, calls = with_rewind(MIB)
    local rewinds, sent = {}, {}
    local client = check.client(service, { on_retry = function() rewinds[#rewinds + 1] = calls.rewind end })
    local transfer
    local rewind = params.rewind
    params.rewind = function()
      sent[#sent + 1] = transfer:progress()
      rewind()
    end
    service.answer_next { { status = 500 }, { status = 500 } }
    transfer = client.start.parts.create(service.make_uploads(1)[1], params)
    assert.is_table(select(2, transfer:wait()))
    assert.are.same({ 0, 1 }, rewinds)
    assert.are.same({ #bytes, #bytes }, sent)
    assert.are.same({ 2, 12 }, { calls.rewind, calls.data })
    assert.are.same({ #bytes, nil }, { transfer:progress() })
  end)
end)

describe("a part whose kept connection ends under it", function()
  local dying = { { "request" }, { "send", good_answer }, { "request" }, { "close" } }

  for _, source in ipairs(sources) do
    it("is sent again at once, on another one, from " .. source[1], function()
      local script = server.script { dying, good }
      local waits = {}
      local client = rows.client(script.base_url,
        { max_retries = 1, retry_delay = 5, on_retry = function(info) waits[#waits + 1] = info.wait end })
      assert(client.parts.create("upload_1", { data = "a" }))
      local _, failure, response = client.parts.create("upload_1", source[2](bytes, path), { with_response = true })
      assert.is_nil(failure)
      assert.are.same({ { 0 }, 2 }, { waits, response.attempts })
      assert.is_true(bytes == part_data.form(script.seen().requests[3]).fields[1].bytes)
      script.close()
    end)
  end

  it("is not, from a function that cannot start again", function()
    local script = server.script { dying, good }
    local client = rows.client(script.base_url, { max_retries = 1 })
    assert(client.parts.create("upload_1", { data = "a" }))
    rows.check_failure({ kind = "connection", attempts = 1, may = true, says = "^the service closed the kept%-alive "
      .. "connection instead of answering; not tried again: a data function without rewind cannot start over$" },
      client.parts.create("upload_1", { data = (part_data.chunks(bytes, 100000)) }))
    assert.are.equal(2, #script.seen().requests)
    script.close()
  end)
end)

describe("a part from a function", function()
  -- Calls with a function that cannot start again.
  local function call(client, id, all)
    local data, _, calls = part_data.chunks(all or bytes, 100000)
    return calls, client.parts.create(id or "upload_1", { data = data })
  end

  local answers = {
    { "a 500", 500, "server", true, { error = { message = "Please try again" } }, "Please try again" },
    { "a bare 500", 500, "server", true, nil, "HTTP 500" },
    { "a 429", 429, "rate_limit", false, { error = { message = "Too fast" } }, "Too fast" },
    { "a 408", 408, "status", false, nil, "HTTP 408" },
  }
  for _, row in ipairs(answers) do
    it("that cannot start again is not sent again after " .. row[1] .. ", and the failure says why", function()
      service.answer_next { { call = "parts", status = row[2], body = row[5] } }
      local told = 0
      local client = check.client(service, { on_retry = function() told = told + 1 end })
      local calls, part, failure = call(client, service.make_uploads(1)[1])
      rows.check_failure({
        kind = row[3], status = row[2], may = row[4],
        says = row[6] .. ".*; not tried again: a data function without rewind cannot start over$",
      }, part, failure)
      assert.are.same({ 22, 0 }, { calls.data, told })
    end)
  end

  for name, steps in pairs {
    ["a reset half-way"] = { { "head" }, { "sip", 65536, 0, 1 }, { "reset" } },
    ["a close half-way"] = { { "head" }, { "sip", 65536, 0, 1 }, { "close" } },
  } do
    it("that cannot start again is not sent again after " .. name, function()
      local script = server.script { steps, good }
      local calls, part, failure = call(rows.client(script.base_url, { max_retries = 2 }), nil, large)
      rows.check_failure({ kind = "connection", may = false,
        says = "; not tried again: a data function without rewind" }, part, failure)
      assert.is_true(calls.data > 0 and calls.data < 126)
      assert.are.equal(1, script.seen().connections)
      script.close()
    end)
  end

  it("that cannot start again says nothing of that where no retry would have come", function()
    for _, row in ipairs { { 400, 2, "bad_request", false }, { 500, 0, "server", true } } do
      service.answer_next { { call = "parts", status = row[1] } }
      local _, part, failure = call(check.client(service, { max_retries = row[2] }), service.make_uploads(1)[1])
      rows.check_failure({ kind = row[3], status = row[1], may = row[4], says = "^the service answered HTTP %d+$" },
        part, failure)
    end
  end)

  it("that was not asked yet is sent once the service is there", function()
    local address = server.relay_to_come(service.base_url:match ":(%d+)")
    local client = rows.client(address.base_url, { max_retries = 1, on_retry = function(info)
      assert.are.same({ "connection", false }, { info.failure.kind, info.failure.may_have_applied })
      address.open()
    end })
    local calls, part, failure = call(client)
    address.close()
    rows.check_failure({ kind = "not_found", status = 404, attempts = 2, may = false, says = "No such" }, part, failure)
    assert.are.equal(22, calls.data)
  end)

  it("that was not asked yet is not begun anew either", function()
    local params, calls = with_rewind(100000)
    local client = rows.client((server.refused()), { max_retries = 2 })
    rows.check_failure({ kind = "connection", attempts = 3, may = false, says = "[Cc]onnect" },
      client.parts.create("upload_1", params))
    assert.are.same({ 0, 0 }, { calls.data, calls.rewind })
  end)

  for _, row in ipairs {
    { "text", "enough", "the rewind function raised an error: enough$" },
    { "table", {}, "the rewind function raised an error: table" },
  } do
    it("whose rewind raises a " .. row[1] .. " is aborted, and what came before is in doubt", function()
      local client = check.client(service, {})
      service.answer_next { { call = "parts", status = 500 } }
      local params = { data = part_data.chunks(bytes, 100000), rewind = function() error(row[2], 0) end }
      rows.check_failure({ kind = "aborted", status = 500, may = true, says = row[3] },
        client.parts.create(service.make_uploads(1)[1], params))
      rows.check_luck(check.client({ base_url = server.script({ rows.lucky }).base_url }))
    end)
  end
end)
