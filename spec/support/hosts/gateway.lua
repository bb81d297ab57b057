-- SPDX-License-Identifier: MIT
-- The specs of examples that are servers: POST /uploads/ID/cancel cancels an Upload for callers who do not know the
-- key.

local assert = require "luassert"
local http = require "socket.http"
local ltn12 = require "ltn12"
local programs = require "spec.support.programs"
local socket = require "socket"
local with_service = require "spec.support.with_service"

local gateway = {}

local PORT = "8080" -- in the examples' configurations

-- Writes the configuration with another port, and `head` in front of it. Returns its path.
local function write_configuration(folder, source, port, head)
  local file = assert(io.open(source))
  local text = file:read "*a"
  file:close()
  local count
  text, count = text:gsub("([ :])" .. PORT .. "([ \n])", "%1" .. port .. "%2")
  assert.is_true(count > 0, "the port is not there")
  return programs.write_file(folder .. "/" .. source:match "[^/]*$", head .. text)
end

-- Calls body(ask, port, child) with the server. ask(path, method) returns the body of an answer and its status.
local function with_server(example, service, body)
  local host, source, arguments = example.host, example.source, example.arguments
  programs.with_folder(function(folder)
    local port = programs.free_port()
    local environment = programs.environment(host, service)
    environment.PWD, environment.HOME = programs.checkout, folder
    local function ask(path, method)
      local pieces = {}
      local fine, status = http.request { url = ("http://127.0.0.1:%d%s"):format(port, path), method = method or "POST",
        headers = { ["content-length"] = "0" }, sink = ltn12.sink.table(pieces) }
      return table.concat(pieces), fine and status
    end
    local configuration = write_configuration(folder, source, port, example.head or "")
    programs.with_running(environment, ("%s %s %s"):format(host.path, arguments, configuration), function(child)
      programs.wait_until(function() return select(2, ask("/", "GET")) end, source .. " answers")
      body(ask, port, child)
    end)
  end)
end

-- Asks for a cancel. Returns the connection, on which the answer comes.
local function begin(port, id)
  local caller = assert(socket.connect("127.0.0.1", port))
  caller:send(("POST /uploads/%s/cancel HTTP/1.0\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"):format(id))
  return caller
end

--- Defines specs inside of a `describe`. example: { host: of `programs`, source: the configuration, arguments: what
--- stands before that, head: its first lines in the spec }.
function gateway.prove(example)
  local host = example.host
  local service = with_service.emulator()

  programs.it(host, "cancels, and says what failed", function()
    with_server(example, service, function(ask)
      local id = service.make_uploads(1)[1]
      local body, status = ask(("/uploads/%s/cancel"):format(id))
      assert.are.equal(200, status, body)
      assert.matches('"status":"cancelled"', body)
      body, status = ask "/uploads/upload_none/cancel"
      assert.are.equal(404, status, body)
      assert.matches('"kind":"not_found"', body)
      assert.matches("^40%d$", tostring(select(2, ask "/uploads/a%2fb/cancel")))
      assert.are.equal(404, select(2, ask "/uploads/upload_1"))
    end)
  end)

  programs.it(host, "serves others while calls wait, which are at the service side by side", function()
    with_server(example, service, function(ask, port)
      local ids, callers = service.make_uploads(3), {}
      local gated = { call = "cancel", gate = true }
      service.answer_next { gated, gated, gated }
      for index, id in ipairs(ids) do callers[index] = begin(port, id) end
      service.wait_for_requests(3)
      assert.are.equal(404, select(2, ask("/nothing", "GET")))
      service.open_gate()
      for _, caller in ipairs(callers) do assert.matches('"cancelled"', (caller:receive "*a")) end
    end)
  end)

  programs.it(host, "ends on TERM while the service does not answer", function()
    with_server(example, service, function(_, port, child)
      service.answer_next { { call = "cancel", gate = true } }
      local caller = begin(port, "upload_1")
      service.wait_for_requests(1)
      child.terminate()
      assert.is_nil(((caller:receive "*a") or ""):match "cancelled")
    end)
  end)
end

return gateway
