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

local rows = {
  { "Knot Resolver", program = "kresd", example = "knot-resolver",
    command = "kresd -n -c recursor.conf .", configuration = [[
      modules.load("stats")
      log_level("info")
      dofile("%s/statistics.lua")
      net.listen("127.0.0.1", %d)
    ]] },
  { "dnsdist", program = "dnsdist", example = "dnsdist",
    command = "dnsdist --supervised --disable-syslog -C recursor.conf", configuration = [[
      dofile("%s/statistics.lua")
      setLocal("127.0.0.1:%d")
      addAction(AllRule(), RCodeAction(DNSRCode.REFUSED))
    ]] },
  -- It shall ask nobody.
  { "PowerDNS Recursor", program = "pdns_recursor", example = "pdns-recursor",
    command = "pdns_recursor --config-dir=. --socket-dir=.", configuration =
      "lua-dns-script=%s/names.lua\nlocal-port=%d\nlocal-address=127.0.0.1\nthreads=1\ndaemon=no\n"
      .. "export-etc-hosts=yes\ndisable-syslog=yes\nhint-file=no\nsecurity-poll-suffix=\n"
      .. "query-local-address=127.0.0.1\n" },
}

for _, row in ipairs(rows) do
  describe(row[1], function()
    local host = programs.find { program = row.program, lua = "luajit" }

    -- Runs body(child, port) with a server whose first call waits for the service. The server must end on TERM.
    local function with_call_waiting(body)
      programs.with_folder(function(folder)
        local port = programs.free_port()
        programs.write_file(folder .. "/recursor.conf",
          row.configuration:format(programs.checkout .. "/examples/" .. row.example, port))
        service.answer_next(programs.gate)
        local command = "sh -c "
          .. programs.quoted(("PATH=$PATH:/usr/sbin; cd %s && exec %s"):format(folder, row.command))
        programs.with_running(programs.environment(host, service), command, function(child)
          programs.wait_until(function()
            return is_answered(port) and select(2, service.requests()) > 0
          end, "it answers queries, and calls the service")
          body(child, port)
        end)
      end)
    end

    programs.it(host, "answers queries while a call waits", function()
      with_call_waiting(function(child, port)
        programs.wait_until(function() return is_answered(port) end, "it answers queries meanwhile")
        service.open_gate()
        assert.is_truthy(child.find(FILE))
      end)
    end)

    programs.it(host, "ends on TERM while a call waits", function() with_call_waiting(function() end) end)
  end)
end
