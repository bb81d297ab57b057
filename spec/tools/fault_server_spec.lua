-- SPDX-License-Identifier: MIT
-- Runs once: the fault server runs on a Lua of its own choice.
-- Without a sanitizer: the module is not called.

local socket = require "socket"
local fault = require "spec.support.fault"
local process = require "spec.support.process"
local with_service = require "spec.support.with_service"

local every_byte = {}
for byte = 0, 255 do every_byte[#every_byte + 1] = string.char(byte) end
every_byte = table.concat(every_byte)

local function connect(script)
  local client = assert(socket.tcp4())
  client:settimeout(10)
  assert(client:connect("127.0.0.1", script.port))
  return client
end

-- To the end, and how it ended: "closed", "reset" or "timeout". LuaSocket tells a reset from an orderly close only
-- where something came before it; without that it is "closed" as well.
local function read_all(client)
  local whole, why, part = client:receive("*a")
  if whole then return whole, "closed" end
  return part, why == "closed" and part ~= "" and "reset" or why
end

-- All that comes within a moment in which nothing more may come.
local function read_briefly(client)
  client:settimeout(0.05)
  local bytes, how = read_all(client)
  client:settimeout(10)
  return bytes, how
end

local get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

describe("the fault server", function()

  local server = with_service.fault_server()

  -- Plays the script for one client that sends `request`, and returns what that client reads to the end.
  local function exchange(connections, request)
    local script = server.script(connections)
    local client = connect(script)
    client:send(request or get)
    local bytes, how = read_all(client)
    client:close()
    return bytes, how, script
  end

  describe("when reading", function()
    it("records a request without a body", function()
      local _, _, script = exchange { { { "request" } } }
      assert.are.same({ get }, script.seen().requests)
    end)

    it("records every byte of a body of the length announced", function()
      local request = "POST / HTTP/1.1\r\ncontent-length: 512\r\n\r\n" .. every_byte .. every_byte
      local _, _, script = exchange({ { { "request" } } }, request)
      assert.is_true(request == script.seen().requests[1])
      assert.are.equal(#request, script.seen().bytes_received)
    end)

    it("records a body in chunks up to its end", function()
      local chunks = "3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n"
      local request = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" .. chunks
      local _, _, script = exchange({ { { "request" }, { "request" } } }, request .. get)
      assert.are.same({ request, get }, script.seen().requests)
    end)

    it("waits for a request that comes in pieces", function()
      local script = server.script { { { "request" }, { "send", "thanks" } } }
      local client = connect(script)
      local pieces = { "POST / HTTP/1.1\r", "\nContent-Length: 4\r\n\r\na", "bc", "d" }
      local sent = 0
      for _, piece in ipairs(pieces) do
        client:send(piece)
        sent = sent + #piece
        assert.is_true(script.wait_for("bytes_received", sent))
      end
      assert.are.equal("thanks", (read_all(client)))
      assert.are.same({ table.concat(pieces) }, script.seen().requests)
    end)

    it("leaves the body unread after a head", function()
      local head = "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n"
      local _, _, script = exchange({ { { "head" }, { "head" } } }, head .. "body\n" .. get)
      assert.are.same({ head, "body\n" .. get }, script.seen().requests)
    end)

    it("tells requests that were cut short from whole ones", function()
      local script = server.script { { { "request" }, { "request" }, { "send", "never" } } }
      local client = connect(script)
      local half = "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nha"
      client:send(get .. half)
      assert.is_true(script.wait_for("bytes_received", #get + #half))
      client:send("lf")
      client:close()
      assert.is_true(script.wait_for("cut_requests", 1))
      local seen = script.seen()
      assert.are.same({ get }, seen.requests)
      assert.are.same({ half .. "lf" }, seen.cut_requests)
      assert.are.equal(0, seen.finished)
      assert.are.equal(0, seen.bytes_sent)
    end)

    it("sips no faster than told, and goes on behind what it sipped", function()
      local script = server.script {
        { { "sip", 3, 0.01, 2 }, { "request" }, { "sip", 1, 600, 1 }, { "send", "never" } },
      }
      local client = connect(script)
      client:send("123456" .. get .. "7")
      assert.is_true(script.wait_for("requests", 1))
      assert.are.same({ get }, script.seen().requests)
      assert.are.equal("", (read_briefly(client)))
      script.close()
    end)

    it("refuses others from when it is told to, and goes on with those it has", function()
      local script = server.script { { { "request" }, { "refuse_others" }, { "send", "alone" }, { "await_close" } } }
      local client = connect(script)
      client:send(get)
      assert.are.equal("alone", (client:receive(5)))
      local other, why = require "socket".connect("127.0.0.1", script.port)
      assert.are.same({ nil, "connection refused" }, { other, why })
      client:close()
      script.close()
    end)

    it("takes megabytes", function()
      local body = ("x"):rep(8 * 1024 * 1024)
      local request = "POST / HTTP/1.1\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body
      local bytes, _, script = exchange({ { { "request" }, { "send", "done" } } }, request)
      assert.are.equal("done", bytes)
      assert.is_true(request == script.seen().requests[1])
    end)
  end)

  describe("when sending", function()
    it("sends every byte as it was given", function()
      local bytes = exchange { { { "request" }, { "send", every_byte }, { "send", "" }, { "send", "\r\n\0" } } }
      assert.is_true(every_byte .. "\r\n\0" == bytes)
    end)

    it("drips to the last byte", function()
      for _, drop_size in ipairs { 1, 2, 7, 100 } do
        local bytes, how = exchange { { { "request" }, { "drip", "a\0cdefghi", 0.001, drop_size } } }
        assert.are.equal("a\0cdefghi", bytes)
        assert.are.equal("closed", how)
      end
    end)

    for _, row in ipairs { { nil, "a" }, { 1, "a" }, { 3, "abc" } } do
      it(("drips '%s', holds back the rest, and notices a close meanwhile"):format(row[2]), function()
        local script = server.script { { { "request" }, { "drip", "abcd", 600, row[1] } } }
        local client = connect(script)
        client:send(get)
        assert.are.equal(row[2], client:receive(#row[2]))
        assert.are.equal("", (read_briefly(client)))
        client:close()
        assert.is_true(script.wait_for("closed_by_peer", 1))
        assert.are.equal(#row[2], script.seen().bytes_sent)
      end)
    end

    it("repeats as often as asked", function()
      for _, row in ipairs { { "ab", 0 }, { "ab", 1 }, { "x-filler: 0123456789\r\n", 14000 }, { "", 9 } } do
        local bytes = exchange { { { "request" }, { "repeat", row[1], row[2] } } }
        assert.is_true(row[1]:rep(row[2]) == bytes)
      end
    end)

    it("repeats without end until the peer closes", function()
      local script = server.script { { { "request" }, { "repeat", "abc", math.huge } } }
      local client = connect(script)
      client:send(get)
      assert.are.equal(300000, #client:receive(300000))
      client:close()
      assert.is_true(script.wait_for("closed_by_peer", 1))
      assert.are.equal(0, script.seen().finished)
    end)
  end)

  describe("when keeping silent", function()
    it("reads nothing while it waits", function()
      local script = server.script { { { "wait", 600 }, { "send", "never" } } }
      local client = connect(script)
      client:send(get)
      assert.are.equal("", (read_briefly(client)))
      assert.are.equal(0, script.seen().bytes_received)
      script.close()
      assert.are.equal("", (read_all(client)))
    end)

    it("goes on after its hold when it is told to, on this connection and all further ones", function()
      local script = server.script { { { "hold" }, { "send", "late" } } }
      local client = connect(script)
      client:send(get)
      assert.are.equal("", (read_briefly(client)))
      assert.are.equal(0, script.seen().bytes_received)
      script.go_on()
      for _, each in ipairs { client, connect(script) } do assert.are.equal("late", (read_all(each))) end
      script.close()
    end)

    it("goes on after its wait", function()
      assert.are.equal("late", (exchange { { { "wait", 0.01 }, { "send", "late" } } }))
    end)

    it("stalls until the peer closes, whatever comes", function()
      local script = server.script { { { "stall" } } }
      local client = connect(script)
      client:send(every_byte)
      assert.is_true(script.wait_for("bytes_received", 256))
      assert.are.equal("timeout", select(2, read_briefly(client)))
      assert.are.equal(0, script.seen().closed_by_peer)
      client:close()
      assert.is_true(script.wait_for("closed_by_peer", 1))
      assert.are.equal(1, script.seen().finished)
    end)

    it("counts the peer's close once", function()
      local script = server.script { { { "request" }, { "send", "all" }, { "await_close" }, { "await_close" } } }
      local client = connect(script)
      client:send(get)
      assert.are.equal("all", client:receive(3))
      client:close()
      assert.is_true(script.wait_for("finished", 1))
      assert.are.equal(1, script.seen().closed_by_peer)
    end)
  end)

  describe("when ending a connection", function()
    local endings = {
      { "the end of the list", "closed" },
      { "a close", "closed", { "close" } },
      { "a reset", "reset", { "reset" } },
    }
    for _, row in ipairs(endings) do
      it(("shows the peer %s as %s after what was sent"):format(row[1], row[2]), function()
        local bytes, how, script = exchange { { { "request" }, { "send", "abc" }, row[3] } }
        assert.are.equal("abc", bytes)
        assert.are.equal(row[2], how)
        local seen = script.seen()
        assert.are.same({ 1, 0, 1, 0 }, { seen.connections, seen.open, seen.finished, seen.closed_by_peer })
      end)
    end

    it("closes in order although nothing was read", function()
      local bytes, how = exchange { { { "wait", 0.05 }, { "send", "abc" } } }
      assert.are.equal("abc", bytes)
      assert.are.equal("closed", how)
    end)

    it("still reads after a half close", function()
      local script = server.script { { { "send", "hello" }, { "half_close" }, { "request" } } }
      local client = connect(script)
      assert.are.equal("hello", (read_all(client)))
      client:send(get)
      assert.is_true(script.wait_for("requests", 1))
    end)
  end)

  describe("when a script is closed", function()
    it("ends its connections and frees its port", function()
      local script = server.script { { { "stall" } } }
      local client = connect(script)
      assert.is_true(script.wait_for("connections", 1))
      script.close()
      assert.are.equal("closed", select(2, read_all(client)))
      assert.are.same({ nil, "connection refused" }, { socket.tcp4():connect("127.0.0.1", script.port) })
    end)
  end)

  describe("with many connections", function()
    it("plays a list for each, and the last list for all further ones", function()
      local script = server.script { { { "send", "first" } }, {}, { { "send", "last" } } }
      for _, expected in ipairs { "first", "", "last", "last" } do
        assert.are.equal(expected, (read_all(connect(script))))
      end
      assert.are.equal(4, script.seen().connections)
    end)

    it("serves a hundred at once, and keeps scripts apart", function()
      local slow = server.script { { { "request" }, { "stall" } } }
      local other = server.script { { { "request" }, { "send", "other" } } }
      local endless = server.script { { { "repeat", "abc", math.huge } } }
      local clients = { connect(endless) }
      for _ = 1, 100 do
        clients[#clients + 1] = connect(slow)
        clients[#clients]:send(get)
      end
      assert.is_true(slow.wait_for("requests", 100))
      local client = connect(other)
      client:send(get)
      assert.are.equal("other", (read_all(client)))
      assert.are.same({ 100, 100 }, { slow.seen().open, slow.seen().most_open })
      assert.are.same({ get }, other.seen().requests)
      for _, each in ipairs(clients) do each:close() end
      assert.is_true(slow.wait_for("closed_by_peer", 100))
      assert.are.equal(0, slow.seen().open)
    end)

    it("keeps the order of requests", function()
      local script = server.script { { { "request" }, { "send", "." }, { "request" }, { "send", "." } } }
      local client = connect(script)
      for _, path in ipairs { "/1", "/2" } do
        client:send("GET " .. path .. " HTTP/1.1\r\n\r\n")
        client:receive(1)
      end
      assert.are.same({ "GET /1 HTTP/1.1\r\n\r\n", "GET /2 HTTP/1.1\r\n\r\n" }, script.seen().requests)
    end)
  end)

  describe("when asked to wait for something", function()
    it("says what was missed", function()
      local script = server.script { { { "request" } } }
      local reached, amount = script.wait_for("connections", 1, 0.01)
      assert.are.same({ false, 0 }, { reached, amount })
    end)

    it("says at once what is there already", function()
      local _, _, script = exchange { { { "request" } } }
      assert.are.same({ true, 1 }, { script.wait_for("requests", 1, 600) })
    end)
  end)

  describe("with an address that does not serve", function()
    local function try(script)
      local client = assert(socket.tcp4())
      client:settimeout(0.2)
      local connected, why = client:connect("127.0.0.1", script.port)
      client:close()
      return connected, why
    end

    it("refuses a connection", function()
      local base_url, script = server.refused()
      assert.are.equal("http://127.0.0.1:" .. script.port .. "/v1", base_url)
      assert.are.same({ nil, "connection refused" }, { try(script) })
    end)

    it("lets a connect hang", function()
      local base_url, script = server.full()
      assert.are.equal(script.base_url, base_url)
      assert.are.same({ nil, "timeout" }, { try(script) })
      assert.are.same({ nil, "timeout" }, { try(script) })
      script.close()
      assert.are.same({ nil, "connection refused" }, { try(script) })
    end)

    it("accepts and never answers", function()
      local base_url, script = server.silent()
      assert.are.equal(script.base_url, base_url)
      local client = connect(script)
      client:send(get)
      assert.are.same({ "", "timeout" }, { read_briefly(client) })
    end)
  end)
end)

describe("the fault server's process", function()
  local found = {}
  for _, name in ipairs { "lua5.1", "lua5.2", "lua5.3", "lua5.4", "luajit" } do
    if fault.runs_on(name) then found[#found + 1] = name end
  end

  local function start(arguments)
    return assert(process.start(("%s spec/support/fault_server.lua %s"):format(found[#found], arguments)))
  end

  it("prints its address first", function()
    local child = start("")
    assert.is_truthy(child.first_line:match("^127%.0%.0%.1:%d+$"))
    child.stop()
  end)

  it("ends when nobody has been there for long enough", function()
    local child = start("0.01")
    assert.is_nil(child.read_line())
    child.stop()
  end)

  it("ends of old age", function()
    local child = start("600 0.01")
    assert.is_nil(child.read_line())
    child.stop()
  end)

  for _, interpreter in ipairs(found) do
    it("runs on " .. interpreter, function()
      local server = fault.start(interpreter)
      local script = server.script {
        { { "request" }, { "drip", every_byte, 0, 100 }, { "repeat", "\0", 3 }, { "reset" } },
      }
      local client = connect(script)
      client:send("POST / HTTP/1.1\r\nContent-Length: 256\r\n\r\n" .. every_byte)
      local bytes, how = read_all(client)
      assert.is_true(every_byte .. "\0\0\0" == bytes)
      assert.are.equal("reset", how)
      assert.is_truthy(script.seen().requests[1]:find(every_byte, 1, true))
      assert.are.equal(259, script.seen().bytes_sent)
      server.stop()
    end)
  end
end)
