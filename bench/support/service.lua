-- SPDX-License-Identifier: MIT
-- The service's side: an nginx of our own, on free ports of the loopback address.
local socket = require "socket"
local shell = require "bench.support.shell"

local service = {}

local patience_seconds = 10
local ticks_a_second = 100 -- of /proc/PID/stat, on every Linux

function service.free_port()
  local server = assert(socket.bind("127.0.0.1", 0))
  local _, port = server:getsockname()
  server:close()
  return port
end

--- A port whose connections are made, as many as `backlog`, and never hear a word. `close` it.
function service.listen_in_silence(backlog)
  local server = assert(socket.bind("127.0.0.1", 0, backlog)) -- the kernel accepts for us
  local _, port = server:getsockname()
  return { port = port, close = function() server:close() end }
end

--- Answers a program on its one connection until it hangs up. Returns the lines of its first request.
function service.request_of(command, port)
  local server = assert(socket.bind("127.0.0.1", port))
  server:settimeout(patience_seconds)
  local process = assert(io.popen(command))
  local connection = assert(server:accept())
  connection:settimeout(patience_seconds)

  local upload = '{"id": "upload_abc123", "object": "upload", "status": "cancelled"}'
  local answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
  local first
  local lines = {}
  for line in function() return connection:receive("*l") end do
    lines[#lines + 1] = line .. "\r\n"
    if line == "" then
      first = first or lines
      lines = {}
      assert(connection:send(answer:format(#upload, upload)))
    end
  end
  connection:close()
  server:close()
  process:close()
  return assert(first, "no request came")
end

-- Returns whether a program listens on a port of this machine.
local function is_listening(port)
  local connection = socket.connect("127.0.0.1", port)
  if connection then connection:close() end
  return connection ~= nil
end

--- Waits until condition(...) is true, and raises `problem` when that takes too long.
function service.wait_until(problem, condition, ...)
  local give_up = socket.gettime() + patience_seconds
  repeat
    if condition(...) then return end
  until socket.gettime() > give_up
  error(problem, 0)
end

-- Seconds of CPU that its one worker has used; nil where the system does not tell.
local function cpu_seconds(master)
  local children = ("cat /proc/%s/task/%s/children 2>/dev/null"):format(master, master)
  local worker = shell.output_of(children):match("%d+")
  if not worker then return nil end
  local fields = shell.read_file(("/proc/%s/stat"):format(worker)):match("%) (.*)") -- a name may hold blanks
  local place, ticks = 0, 0
  for field in fields:gmatch("%S+") do
    place = place + 1
    if place == 12 or place == 13 then ticks = ticks + tonumber(field) end -- user's and system's
  end
  return ticks / ticks_a_second
end

--- Starts an nginx in `directory`, with @NAME@ in the text of its configuration replaced by values[NAME]; it must say
--- `daemon off` and listen on `port`. `prefix` goes before its command. `answers` tells whether it can be used, for one
--- that does not listen on the loopback address of this machine. `stop` it.
function service.start_nginx(directory, configuration, values, port, prefix, answers)
  local filled = configuration:gsub("@([A-Z_]+)@", values)
  shell.write_file(directory .. "/nginx.conf", filled)
  local command = "echo $$; PATH=$PATH:/usr/sbin; %sexec %snginx -p %s -c nginx.conf"
  local process = assert(io.popen(command:format(shell.more_descriptors, prefix, directory)))
  local pid = process:read("*l")
  service.wait_until("nginx does not listen", answers or is_listening, port)
  return {
    cpu_seconds = function() return cpu_seconds(pid) end,
    stop = function()
      os.execute("kill -QUIT " .. pid)
      process:close() -- waits for its end
    end,
  }
end

--- Starts what stands for OpenAI in all topics, with a certificate by DIRECTORY/authority.pem.
function service.start(directory, ports, prefix)
  local complaint = shell.output_of("emulator/certificates " .. directory .. " 2>&1")
  if complaint ~= "" then error(complaint, 0) end
  return service.start_nginx(directory, shell.read_file("bench/service.conf.in"),
    { PORT = ports.plain, TLS_PORT = ports.tls, DIRECTORY = directory }, ports.plain, prefix)
end

return service
