-- SPDX-License-Identifier: MIT
-- Runs once: the fault server runs on a Lua of its own choice.
-- Without a sanitizer: the module is not called.

local fault = require "spec.support.fault"
local with_service = require "spec.support.with_service"

describe("a script of the fault server", function()

  local server = with_service.fault_server()

  it("names its address in three ways", function()
    local script = server.script { {} }
    assert.are.equal("127.0.0.1:" .. script.port, script.address)
    assert.are.equal("http://127.0.0.1:" .. script.port .. "/v1", script.base_url)
  end)

  local mistakes = {
    { "a script needs at least one connection", {} },
    { "a connection is a list of steps", { "request" } },
    { "a step is a table", { { "request" } } },
    { "no such step: reqest", { { { "reqest" } } } },
    { "argument 1 of step 'send': string expected, got nil", { { { "send" } } } },
    { "argument 2 of step 'drip': number expected, got nil", { { { "drip", "a" } } } },
    { "argument 3 of step 'drip': number expected, got string", { { { "drip", "a", 1, "b" } } } },
    { "argument 1 of step 'close': nil expected, got number", { { { "close", 1 } } } },
    { "no step can follow 'reset'", { { { "reset" }, { "send", "a" } } } },
  }
  for _, row in ipairs(mistakes) do
    it("raises: " .. row[1], function()
      assert.has_error(function()
        local script = server.script(row[2])
        script.close()
      end, row[1])
    end)
  end

  it("is of no use any more once it is closed", function()
    local script = server.script { {} }
    script.close()
    script.close()
    assert.has_error(script.seen, "the script is closed")
  end)

  it("raises when there are too many sockets, and works again when some are closed", function()
    local scripts = {}
    local function open_one_more() scripts[#scripts + 1] = select(2, server.refused()) end
    for _ = 1, 1000 do
      if not pcall(open_one_more) then break end
    end
    assert.has_error(open_one_more, "the fault server: too many scripts and connections are open")
    for _, script in ipairs(scripts) do script.close() end
    assert.has_no.errors(open_one_more)
  end)

  it("raises when asked for a field that is never seen", function()
    local script = server.script { {} }
    assert.has_error(function() script.wait_for("conections", 1) end)
  end)
end)

describe("a stopped fault server", function()
  it("is gone, and may be stopped again", function()
    local server = fault.start()
    local script = server.script { { { "stall" } } }
    server.stop()
    server.stop()
    assert.has_error(script.seen, "the fault server does not answer: closed")
    assert.has_error(server.refused, "the fault server is stopped")
  end)
end)

describe("an answer of the fault server", function()
  local rows = {
    { "announces its length", { 200, "{}" }, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}" },
    { "may be empty", { 404 }, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n" },
    { "takes any status", { 299, "" }, "HTTP/1.1 299 Unknown\r\nContent-Length: 0\r\n\r\n" },
    {
      "sorts its headers, a line for each value",
      { 200, "", { ["x-b"] = { "2", "1" }, ["x-a"] = "0" } },
      "HTTP/1.1 200 OK\r\nx-a: 0\r\nx-b: 2\r\nx-b: 1\r\nContent-Length: 0\r\n\r\n",
    },
    {
      "may lie about its length",
      { 200, "{}", nil, { length = 9 } },
      "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}",
    },
    { "may keep its length to itself", { 200, "{}", nil, { length = false } }, "HTTP/1.1 200 OK\r\n\r\n{}" },
    {
      "comes in chunks",
      { 200, "0123456789\0", nil, { chunked = true } },
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n0123456789\0\r\n0\r\n\r\n",
    },
    {
      "comes in no chunks when it is empty",
      { 200, "", nil, { chunked = true } },
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    },
    {
      "announces the close",
      { 200, "", nil, { connection = "close" } },
      "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    },
  }
  for _, row in ipairs(rows) do
    it(row[1], function()
      local given = row[2]
      assert.are.equal(row[3], fault.answer(given[1], given[2], given[3], given[4]))
    end)
  end
end)
