-- SPDX-License-Identifier: MIT
-- Measures what has a goal and prints one table. Run from the project's root, as `make bench` does.
-- usage: run.lua [PAIRS]
--   LUA              the interpreter that is measured, lua5.4 if unset
--   BENCH_PAIRS      how many pairs, if PAIRS is not given
--   BENCH_PLACEMENT  scheduler (if unset), apart or together: which cores nginx and its client run on
local socket = require "socket"

local pair_count = tonumber(arg[1] or os.getenv("BENCH_PAIRS") or 7)
local interpreter = os.getenv("LUA") or "lua5.4"
local core = ("build/%s/openai_uploads/core.so"):format(interpreter:match("[^/]+$"))
local placement = os.getenv("BENCH_PLACEMENT") or "scheduler"
local pin = assert(({
  scheduler = { nginx = "", client = "" },
  apart = { nginx = "taskset -c 0 ", client = "taskset -c 1 " },
  together = { nginx = "taskset -c 0 ", client = "taskset -c 0 " },
})[placement], "BENCH_PLACEMENT is scheduler, apart or together")

local block_seconds = 0.75
local patience_seconds = 10

local function output_of(command)
  local process = assert(io.popen(command))
  local output = process:read("*a")
  process:close()
  return output
end

-- Runs a program that prints one number.
local function measure(command)
  return tonumber(output_of(command)) or error("no figure from: " .. command, 0)
end

local function read_file(path)
  local file = assert(io.open(path, "rb"))
  local content = file:read("*a")
  file:close()
  return content
end

local function write_file(path, content)
  local file = assert(io.open(path, "wb"))
  assert(file:write(content))
  assert(file:close())
end

local function sorted(values)
  local copy = {}
  for index, value in ipairs(values) do copy[index] = value end
  table.sort(copy)
  return copy
end

local function free_port()
  local server = assert(socket.bind("127.0.0.1", 0))
  local _, port = server:getsockname()
  server:close()
  return port
end

-- Answers a program on its one connection until it hangs up. Returns the lines of its first request.
local function request_of(command, port)
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

local function wait_until_listening(port)
  local give_up = socket.gettime() + patience_seconds
  repeat
    local connection = socket.connect("127.0.0.1", port)
    if connection then return connection:close() end
  until socket.gettime() > give_up
  error("nginx does not listen", 0)
end

local function start_nginx(directory, port)
  local configuration = read_file("bench/nginx.conf.in"):gsub("@PORT@", port)
  write_file(directory .. "/nginx.conf", configuration)
  local command = "echo $$; PATH=$PATH:/usr/sbin; exec %snginx -p %s -c nginx.conf"
  local process = assert(io.popen(command:format(pin.nginx, directory)))
  local pid = process:read("*l")
  wait_until_listening(port)
  return { pid = pid, process = process }
end

local function stop_nginx(nginx)
  os.execute("kill -QUIT " .. nginx.pid)
  nginx.process:close() -- waits for its end
end

-- Returns the lowest and the highest as well.
local function median(values)
  local ordered = sorted(values)
  local count = #ordered
  local middle = (ordered[math.ceil(count / 2)] + ordered[math.floor(count / 2) + 1]) / 2
  return middle, ordered[1], ordered[count]
end

local function print_row(what, goal, measured, met)
  print(("%-50s | %-9s | %-22s | %s"):format(what, goal, measured, met))
end

local function yes_or_no(met) return met and "yes" or "NO" end

-- Blocks of both programs take turns, so that what slows the machine down slows both.
local function compare(row, calls)
  local ratios, our_times, their_times = {}, {}, {}
  for pair = 1, pair_count do
    our_times[pair] = measure(row.ours(calls))
    their_times[pair] = measure(row.theirs(calls))
    ratios[pair] = our_times[pair] / their_times[pair]
  end
  local ratio, lowest, highest = median(ratios)
  print_row(row.what, row.goal and ("<= %.2f"):format(row.goal) or "none",
    ("%.3f (%.3f .. %.3f)"):format(ratio, lowest, highest), row.goal and yes_or_no(ratio <= row.goal) or "-")
  return ("%-50s | %.1f / %.1f"):format(row.what, median(our_times) * 1e6, median(their_times) * 1e6)
end

local function report_memory(command)
  local growth = measure(command)
  local met = yes_or_no(growth < 1024)
  print_row("resident memory gained, call 10 000 to 200 000", "< 1 MiB", growth .. " KiB", met)
end

local function report_size(directory)
  local stripped = directory .. "/core.so"
  os.execute(("strip -o %s %s"):format(stripped, core))
  local kib = #read_file(stripped) / 1024
  print_row("core.so, stripped", "< 100 KiB", ("%.1f KiB"):format(kib), yes_or_no(kib < 100))
end

local function run(directory)
  local port = free_port()
  local base_url = ("http://127.0.0.1:%d/v1"):format(port)
  local request_file = directory .. "/request"

  -- No proxy and no setting of the user's may change what is measured.
  local environment = 'env -i PATH="$PATH" LUA_PATH="$LUA_PATH" LUA_CPATH="$LUA_CPATH" '
    .. ("OPENAI_API_KEY=sk-bench OPENAI_BASE_URL=%s %s"):format(base_url, pin.client)
  local function cancel(calls)
    return environment .. ("%s bench/cancel.lua %d"):format(interpreter, calls)
  end
  local function easy_perform(calls)
    local url = base_url .. "/uploads/upload_abc123/cancel"
    return environment .. ("build/bench/easy_perform %s %s %d"):format(url, request_file, calls)
  end
  local function easy_perform_nosignal(calls) return easy_perform(calls) .. " nosignal" end
  local function bare_socket(calls)
    return environment .. ("build/bench/bare_socket %d %s %d"):format(port, request_file, calls)
  end

  local request = request_of(cancel(1), port)
  write_file(request_file, table.concat(request))
  local rebuilt = request_of(easy_perform(1), port)
  assert(table.concat(sorted(rebuilt)) == table.concat(sorted(request)), "easy_perform sends other headers")

  local nginx = start_nginx(directory, port)
  local done, problem = pcall(function()
    local calls = math.floor(block_seconds / measure(easy_perform(2000)))
    print_row("what", "goal", "measured (min .. max)", "met")
    local times = {}
    for index, row in ipairs {
      { what = "cancel / curl_easy_perform", ours = cancel, theirs = easy_perform, goal = 1.00 },
      { what = "cancel / curl_easy_perform with NOSIGNAL", ours = cancel, theirs = easy_perform_nosignal },
      { what = "cancel / bare blocking socket", ours = cancel, theirs = bare_socket, goal = 1.20 },
    } do
      times[index] = compare(row, calls)
    end
    report_memory(environment .. interpreter .. " bench/memory.lua 10000 200000")
    report_size(directory)
    local heading = "\nMicroseconds a call, medians of %d blocks of %d calls; cores: %s"
    print(heading:format(pair_count, calls, placement))
    print(table.concat(times, "\n"))
  end)
  stop_nginx(nginx)
  assert(done, problem)
end

read_file(core) -- fails early when it is not built
local directory = output_of("mktemp -d"):match("[^\n]+")
local done, problem = pcall(run, directory)
os.execute("rm -r " .. directory)
if not done then
  io.stderr:write(tostring(problem), "\n")
  os.exit(1)
end
