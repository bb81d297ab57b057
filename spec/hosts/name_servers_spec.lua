-- SPDX-License-Identifier: MIT
-- The examples for name servers: Knot Resolver, dnsdist and PowerDNS Recursor.
-- Runs once: each program has a Lua of its own.

local assert = require "luassert"
local programs = require "spec.support.programs"
local socket = require "socket"
local with_service = require "spec.support.with_service"

local service = with_service.emulator()

local FILE = "(file%-%x+)"

-- Whether a server on that port answers a query for the address of localhost.
local function is_answered(port)
  local client = assert(socket.udp())
  client:settimeout(0.2)
  client:setpeername("127.0.0.1", port)
  client:send "\18\52\1\0\0\1\0\0\0\0\0\0\9localhost\0\0\1\0\1"
  local answer = client:receive()
  client:close()
  return answer ~= nil and answer:sub(1, 2) == "\18\52"
end

-- Starts the server in a folder with this configuration, which has a %s for the example's folder and a %d for a port,
-- under the name that PowerDNS takes alone. It must answer queries while the service holds its answer back, and log the
-- File afterwards.
local function check(host, name, configuration, command)
  programs.with_folder(function(folder)
    local port = programs.free_port()
    programs.write_file(folder .. "/recursor.conf",
      configuration:format(programs.checkout .. "/examples/" .. name, port))
    service.answer_next(programs.gate)
    local child = programs.start(programs.environment(host, service),
      "sh -c " .. programs.quoted(("cd %s && exec %s"):format(folder, command:format(folder))))
    local fine, raised = pcall(function()
      programs.wait_until(function()
        return is_answered(port) and select(2, service.requests()) > 0
      end, name .. " answers, and sends")
      programs.wait_until(function() return is_answered(port) end, name .. " answers while it sends")
      service.open_gate()
      assert.is_truthy(child.find(FILE))
    end)
    local output = child.dump()
    if not fine then error(raised .. "\n" .. output, 0) end
  end)
end

describe("while a call waits, queries are answered by", function()
  local kresd = programs.find { program = "kresd", lua = "luajit" }
  programs.it(kresd, "Knot Resolver", function()
    check(kresd, "knot-resolver", [[
      modules.load("stats")
      log_level("info")
      dofile("%s/statistics.lua")
      net.listen("127.0.0.1", %d)
    ]], kresd.path .. " -n -c recursor.conf %s")
  end)

  local dnsdist = programs.find { program = "dnsdist", lua = "luajit" }
  programs.it(dnsdist, "dnsdist", function()
    check(dnsdist, "dnsdist", [[
      dofile("%s/statistics.lua")
      setLocal("127.0.0.1:%d")
      addAction(AllRule(), RCodeAction(DNSRCode.REFUSED))
    ]], "dnsdist --supervised --disable-syslog -C recursor.conf")
  end)

  local recursor = programs.find { program = "pdns_recursor", lua = "luajit" }
  programs.it(recursor, "PowerDNS Recursor", function()
    check(recursor, "pdns-recursor", "lua-dns-script=%s/names.lua\nlocal-port=%d\nlocal-address=127.0.0.1\nthreads=1\n"
      .. "daemon=no\nexport-etc-hosts=yes\ndisable-syslog=yes\nhint-file=no\nsecurity-poll-suffix=\n"
      .. "query-local-address=127.0.0.1\n", -- it shall ask nobody
      tostring(recursor.path) .. " --config-dir=. --socket-dir=%s")
  end)
end)
