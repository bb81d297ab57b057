-- SPDX-License-Identifier: MIT
-- loop = "copas".

local suspended = require "spec.support.suspended"
local copas, missing = suspended.library("copas", { "5.1" }) -- and on 5.2, but for Debian 13, where it lacks coxpcall
if not copas then return pending("in Copas: " .. missing) end

-- After Copas, which refuses to be loaded after socket.http.
local with_service = require "spec.support.with_service"
local check = require "spec.support.check"
local drive = require "spec.support.drive"
local fault = require "spec.support.fault"
local rows = require "spec.support.rows"
local socket = require "socket"

local host = { name = "copas", loop = "copas" }

function host.run(functions)
  local left, problem = #functions, nil
  for _, action in ipairs(functions) do
    copas.addthread(function()
      copas.setErrorHandler(function(raised) problem = problem or raised end)
      action()
      left = left - 1
    end)
  end
  local last = os.time() + suspended.PATIENCE
  while left > 0 and not problem and os.time() <= last do copas.step(0.01) end
  if problem then error(problem, 0) end
  assert(left == 0 and not copas.step(0), "the loop has something to do still")
end

-- Copas 1 has nothing for that, but it reads what is readable at once, when its turn comes again.
local descriptor = socket.udp4() -- which has a descriptor at once
function host.pause()
  local turns = 0
  copas.receive {
    getfd = function() return descriptor:getfd() end,
    dirty = function() return true end,
    receive = function()
      turns = turns + 1
      return turns > 1, "timeout"
    end,
    close = function() end,
  }
end

function host.spawn(action) copas.addthread(action) end

describe("in Copas", function()
  for _, row in ipairs(suspended.rows()) do
    it(row[1], function() suspended.prove(host, row[2]) end)
  end
end)

describe("Copas", function()

  local server = with_service.fault_server()

  local function client_of(connections)
    local played = server.script(connections)
    return rows.client(played.base_url, { loop = "copas" }), played
  end

  local function turn_until(condition)
    local last = os.time() + suspended.PATIENCE
    while not condition() do
      assert.is_true(os.time() <= last, "it never came about")
      copas.step(0.01)
    end
  end

  it("raises at a call outside a coroutine, and keeps nothing of it", function()
    local client, played = client_of { { { "request" }, { "stall" } } }
    local ways = {
      function() client.cancel(rows.id) end,
      function() client.start.cancel(rows.id):wait() end,
      function() client.start.cancel(rows.id):wait(1) end,
      function() client.cancel_all { rows.id } end,
    }
    for _, way in ipairs(ways) do
      local fine, message = pcall(way)
      assert.is_false(fine)
      check.holds("a call that suspends was made outside a coroutine", message)
      check.holds("use copas.addthread, or loop = \"blocking\"", message)
      drive.collect()
      assert.are.same({ 0, false }, { client.step(), copas.step(0) })
    end
    played.close()
  end)

  it("tells of an error in a coroutine, and the others go on", function()
    local client, played = client_of { rows.lasting }
    local told, ended = {}, 0
    for index = 1, 5 do
      copas.addthread(function()
        copas.setErrorHandler(function(problem) told[#told + 1] = problem end)
        assert(client.cancel(rows.id))
        if index % 2 == 0 then error("oops " .. index, 0) end
        ended = ended + 1
      end)
    end
    turn_until(function() return ended == 3 and #told == 2 end)
    table.sort(told)
    assert.are.same({ "oops 2", "oops 4" }, told)
    assert.is_false(copas.step(0))
    played.close()
  end)

  it("goes on with its own servers and sockets while calls wait", function()
    local listener = assert(socket.bind("127.0.0.1", 0))
    local _, port = listener:getsockname()
    local served, upload = 0, nil
    copas.addserver(listener, function(connection)
      local peer = copas.wrap(connection)
      local line
      repeat line = peer:receive() until line == "" or not line
      served = served + 1
      peer:send(fault.answer(200, '{"id":"upload_1","object":"upload"}'))
    end)
    local client = rows.client(("http://127.0.0.1:%d/v1"):format(port), { loop = "copas" })
    copas.addthread(function() upload = client.cancel(rows.id) end)
    turn_until(function() return upload end)
    assert.are.same({ rows.id, 1 }, { upload.id, served })
  end)
end)
