-- SPDX-License-Identifier: MIT
-- Bad luck below HTTP's meaning: connections that are not made, stall, break, or talk rubbish.

local drive = require "spec.support.drive"
local fault = require "spec.support.fault"
local rows = require "spec.support.rows"
local with_service = require "spec.support.with_service"

describe("a connection", function()

  local server = with_service.fault_server()

  describe("that is never made", function()
    local never_made = {
      { "refused", "refused", kind = "connection", says = "[Cc]onnect" },
      { "not taken up", "full", settings = { connect_timeout = 0.1 }, kind = "timeout", says = "[Tt]ime" },
      { "not taken up within the timeout", "full", settings = { timeout = 0.1 }, kind = "timeout", says = "[Tt]ime" },
    }
    for _, row in ipairs(never_made) do
      it("because it is " .. row[1] .. " has sent nothing, however often it is tried", function()
        local client = rows.client(server[row[2]](), row.settings)
        row.may = false
        rows.check_failure(row, client.cancel(rows.id))
        rows.check_failure(row, client.cancel(rows.id))
      end)
    end

    -- A name server that does not answer makes a timeout of it.
    it("because nobody knows the host has sent nothing", function()
      local client = rows.client("https://nowhere.invalid/v1", { timeout = 2 })
      local upload, failure = client.cancel(rows.id)
      assert.is_nil(upload)
      assert.is_truthy(failure.kind == "connection" or failure.kind == "timeout")
      assert.is_truthy(failure.message:find "[Rr]esolv")
      assert.are.same({ 1, false }, { failure.attempts, failure.may_have_applied })
      assert.is_nil(failure.status)
    end)

    -- Where HTTP/2 may be had, calls wait for the first connection, to share it.
    for name, longer in pairs { connect_timeout = "timeout", timeout = "connect_timeout" } do
      it("calls in line for one that is not made within `" .. name .. "` try on their own", function()
        local played = server.script { { { "stall" } } }
        local client = rows.client((played.base_url:gsub("^http:", "https:")), { [name] = 0.4, [longer] = 20 })
        local transfers = {}
        for index = 1, 4 do transfers[index] = client.start.cancel("upload_" .. index) end
        local function ended()
          local count = 0
          for _, transfer in ipairs(transfers) do count = count + (transfer:done() and 1 or 0) end
          return count
        end
        drive.till(client, function() return ended() == 1 end)
        drive.till_seen(client, played, "connections", 4)
        assert.are.equal(1, ended())
        drive.all(client)
        for _, transfer in ipairs(transfers) do
          assert.are.equal("timeout", select(2, drive.result(transfer)).kind)
        end
        played.close()
      end)
    end
  end)

  local request, stall, close, reset = { "request" }, { "stall" }, { "close" }, { "reset" }
  local soon = { timeout = 0.1 }

  local function chunked(bytes) return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" .. bytes end
  local half = fault.answer(200, '{"id":"uplo', nil, { length = 56 })
  local early_hints = "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"

  local function check_all(list, kind)
    for _, row in ipairs(list) do
      row.kind = row.kind or kind
      if row.may == nil then row.may = true end
      it(row[1], function() rows.check(server, row) end)
    end
  end

  describe("that stalls", function()
    check_all({
      { "before the headers", steps = { request, stall }, options = soon, says = "timed out" },
      { "in the status line", answer = "HTTP/1.1 2", ending = stall, options = soon, says = "timed out" },
      { "in the headers", answer = "HTTP/1.1 200 OK\r\nContent-Ty", ending = stall, options = soon, status = 200,
        says = "timed out" },
      { "in the body", answer = half, ending = stall, options = soon, status = 200, says = "timed out" },
      { "after 103 early hints", answer = early_hints, ending = stall, options = soon, says = "timed out" },
      { "in a slow drip", steps = { request, { "drip", rows.good_answer, 0.04 } }, options = soon, says = "timed out" },
    }, "timeout")

    it("in a drip that ends in time is a good one", function()
      local script = server.script { rows.then_luck { request, { "drip", rows.good_answer, 0.001, 8 } } }
      local client = rows.client(script.base_url)
      rows.check_luck(client)
      rows.check_luck(client)
      script.close()
    end)
  end)

  describe("that breaks", function()
    check_all({
      { "by a reset before it is read", steps = { reset }, may = "either", says = "." },
      { "by a close before it is read", steps = { close }, may = "either", says = "." },
      { "by a reset after it is read", steps = { request, reset }, says = "reset" },
      { "by a close without an answer", steps = { request, close }, says = "[Ee]mpty reply" },
      { "by a reset in the status line", answer = "HTTP/1.1 2", ending = reset, says = "reset" },
      { "by a reset in the headers", answer = "HTTP/1.1 200 OK\r\nContent-Ty", ending = reset, status = 200,
        says = "reset" },
      { "by a reset after the headers", answer = fault.answer(200, "", nil, { length = 56 }), ending = reset,
        status = 200, says = "reset" },
      { "by a close in the body", answer = half, ending = close, status = 200, says = "cut off" },
      { "by a reset in the body", answer = half, ending = reset, status = 200, says = "reset" },
      { "by a close in a chunk", answer = chunked "38\r\n{\"id\"", ending = close, status = 200, says = "cut off" },
      { "by a close before the last chunk", answer = chunked "3\r\nabc\r\n", ending = close, status = 200,
        says = "cut off" },
      { "by a reset after 100 Continue", answer = "HTTP/1.1 100 Continue\r\n\r\n", ending = reset, says = "reset" },
      { "by a close after 103 early hints", answer = early_hints, ending = close, says = "." },
    }, "connection")
  end)

  describe("that brings no HTTP", function()
    local function head(text) return "HTTP/1.1 200 OK\r\n" .. text .. "\r\n\r\n{}" end

    check_all({
      { "but another protocol", answer = "SSH-2.0-OpenSSH_9.2\r\n", ending = close, says = "HTTP/0.9" },
      { "but rubbish without end", steps = { request, { "repeat", "\0\1\2rubbish", math.huge } }, says = "HTTP/0.9" },
      { "but a switch to another", answer = "HTTP/1.1 101 Switching Protocols\r\n\r\n" .. rows.good_answer,
        ending = close, says = "%w" },
      { "but HTTP/0.9", answer = '{"id":"upload_1","object":"upload"}', ending = close, says = "HTTP/0.9" },
      { "but a line feed", answer = "\n", ending = close, says = "HTTP/0.9" },
      { "but a version of the future", answer = "HTTP/9.9 200 OK\r\n\r\n{}", ending = close, says = "HTTP" },
      { "but a status of letters", answer = "HTTP/1.1 abc OK\r\n\r\n{}", ending = close, says = "HTTP" },
      { "but a status of two digits", answer = "HTTP/1.1 20\r\n\r\n{}", ending = close, says = "HTTP" },
      { "but a negative length", answer = head "Content-Length: -2", ending = close, status = 200, says = "Length" },
      { "but a length of letters", answer = head "Content-Length: two", ending = close, status = 200, says = "Length" },
      { "but a header with a NUL", answer = head "x-a: a\0b", ending = close, status = 200, says = "[Hh]eader" },
      { "but an unknown coding", answer = head "Transfer-Encoding: rot13", ending = close, status = 200,
        kind = "decode", says = "[Ee]ncoding" },
      { "but a chunk size of letters", answer = chunked "zz\r\nabc\r\n0\r\n\r\n", ending = close, status = 200,
        says = "chunk" },
      { "but a chunk size beyond all numbers", answer = chunked(("f"):rep(40) .. "\r\nabc\r\n0\r\n\r\n"),
        ending = close, status = 200, says = "chunk" },
    }, "connection")
  end)

  it("with a second answer behind the first gives only the first to the call, and none to the next", function()
    local forged = fault.answer(200, '{"id":"upload_of_another"}')
    local script = server.script { rows.then_luck { request, { "send", rows.good_answer .. forged } }, rows.lucky }
    local client = rows.client(script.base_url)
    rows.check_luck(client)
    rows.check_luck(client)
    script.close()
  end)
end)

describe("a kept-alive connection", function()
  local waits

  local server = with_service.fault_server()

  before_each(function() waits = {} end)

  local function client_of(script, max_retries)
    return rows.client(script.base_url, {
      max_retries = max_retries,
      on_retry = function(info) waits[#waits + 1] = info.wait end,
    })
  end

  local function one_good_call_then(...)
    local steps = { { "request" }, { "send", rows.good_answer } }
    for _, step in ipairs { ... } do steps[#steps + 1] = step end
    return steps
  end

  for _, ending in ipairs { "close", "reset" } do
    describe(("that the server ends by a %s"):format(ending), function()
      it("while idle is replaced without anybody noticing", function()
        local script = server.script { one_good_call_then { ending }, rows.lucky }
        local client = client_of(script, 0)
        rows.check_luck(client)
        assert.is_true(script.wait_for("finished", 1))
        local _, _, response = client.cancel(rows.id, { with_response = true })
        assert.are.same({ 200, 1, false }, { response.status, response.attempts, response.connection_reused })
        assert.are.same({}, waits)
        assert.are.equal(2, #script.seen().requests)
        script.close()
      end)

      it("under a request is a failed attempt, and the next one begins at once", function()
        local script = server.script { one_good_call_then({ "request" }, { ending }), rows.lucky }
        local client = client_of(script, 2)
        rows.check_luck(client)
        local upload, _, response = client.cancel(rows.id, { with_response = true, retry_delay = 4 })
        assert.are.equal(rows.id, upload.id)
        assert.are.equal(2, response.attempts)
        assert.are.same({ 0 }, waits)
        assert.are.equal(3, #script.seen().requests)
        script.close()
      end)

      -- libcurl counts such ends, and has had enough of them at the sixth that a handle of its sees.
      it("under each of many requests has the next one begin at once every time", function()
        local script = server.script { one_good_call_then({ "request" }, { ending }) }
        local client = client_of(script, 1)
        for _ = 1, 9 do rows.check_luck(client) end
        assert.are.same({ 0, 0, 0, 0, 0, 0, 0, 0 }, waits)
        script.close()
      end)

      it("under a request leaves a doubt that a later refusal does not clear", function()
        local refusal = rows.then_luck(rows.answered(fault.answer(400)))
        local script = server.script { one_good_call_then({ "request" }, { ending }), refusal }
        local client = client_of(script, 2)
        rows.check_luck(client)
        local row = { kind = "bad_request", status = 400, attempts = 2, may = true, says = "400" }
        rows.check_failure(row, client.cancel(rows.id))
        assert.are.same({ 0 }, waits)
        rows.check_luck(client)
        script.close()
      end)

      it("under a request that may not be retried is a failure, and nothing is sent twice", function()
        local script = server.script { one_good_call_then({ "request" }, { ending }), rows.lucky }
        local client = client_of(script, 0)
        rows.check_luck(client)
        rows.check_failure({ kind = "connection", may = true, says = "%w" }, client.cancel(rows.id))
        assert.are.same({}, waits)
        local seen = script.seen()
        assert.are.same({ 2, 0 }, { #seen.requests, #seen.cut_requests })
        rows.check_luck(client)
        assert.are.equal(3, #script.seen().requests)
        script.close()
      end)
    end)
  end
end)
