-- SPDX-License-Identifier: MIT
-- Measures what has a goal and prints one table. Run from the project's root, as `make bench` does.
--   LUA              the interpreter that is measured, lua5.4 if unset
--   BENCH            the topics to run, as a list with commas; all of them if unset
--   RESTY_HTTP       a copy of lua-resty-http's repository, to hold nginx's figures against; none if unset
--   NODE_OPENAI      a folder where npm installed `openai`, to hold whole Uploads against; none if unset
--   BENCH_BEFORE     a checkout of an earlier version with its build, to hold calls and files against; none if unset
--   BENCH_PAIRS      how many pairs of blocks, 7 if unset
--   BENCH_PLACEMENT  scheduler (if unset), apart or together: which cores nginx and its client run on
local cjson = require "cjson"
local bench = require "bench.support.bench"
local machine = require "bench.support.machine"
local service = require "bench.support.service"
local setting = require "bench.support.setting"
local shell = require "bench.support.shell"
local statistics = require "bench.support.statistics"

-- Each is a file in bench/topics/ that returns function(bench).
local topics = {
  "one_at_a_time", "many_at_a_time", "in_flight", "tls_steps", "nginx", "memory_growth", "memory_in_flight",
  "upload_file", "upload_memory", "upload_in_nginx", "stream", "stream_in_nginx", "content", "far", "size",
}

-- What the plain programs shall send is what the module was seen to send.
local function take_down_request(port)
  bench.request_file = bench.directory .. "/request"
  local one_call = bench.command(bench.script("cancel"), 1)
  local request = service.request_of(one_call, port)
  shell.write_file(bench.request_file, table.concat(request))
  local url = bench.base_url .. "/uploads/upload_abc123/cancel"
  local rebuilt = bench.command(bench.program("easy_perform"), url, bench.request_file, 1)
  assert(table.concat(statistics.sorted(service.request_of(rebuilt, port)))
    == table.concat(statistics.sorted(request)), "easy_perform sends other headers")
end

local function run_topics(names)
  print(("%-66s | %-10s | %-29s | %s"):format("what", "goal", "measured (min .. max)", "met"))
  for _, name in ipairs(names) do
    bench.topic = name
    require("bench.topics." .. name)(bench)
  end
  bench.print_notes()
  print(("\n%d pairs of blocks; cores: %s"):format(setting.pair_count, setting.placement))
end

-- For `make bench-report`.
local function write_numbers(load_before)
  os.execute("mkdir -p " .. setting.build .. "/bench")
  shell.write_file(setting.build .. "/bench/numbers.json", cjson.encode {
    machine = machine.describe(load_before), pairs = setting.pair_count, placement = setting.placement,
    rows = bench.rows, notes = bench.notes(),
  } .. "\n")
end

local function run(names)
  local ports = { plain = service.free_port(), tls = service.free_port() }
  bench.base_url = ("http://127.0.0.1:%d/v1"):format(ports.plain)
  bench.tls_base_url = ("https://127.0.0.1:%d/v1"):format(ports.tls)
  bench.ca_file = bench.directory .. "/authority.pem"
  bench.port = ports.plain
  take_down_request(ports.plain)
  bench.service = service.start(bench.directory, ports, setting.pin.nginx)
  local load_before = machine.load()
  local done, problem = pcall(run_topics, names)
  bench.service.stop()
  if not done then error(problem, 0) end
  write_numbers(load_before)
end

local function main()
  assert(setting.pin, "BENCH_PLACEMENT is scheduler, apart or together")
  local names = setting.choose(topics)
  shell.read_file(setting.core) -- fails early when it is not built
  bench.directory = shell.output_of("mktemp -d"):match("[^\n]+")
  local done, problem = pcall(run, names)
  os.execute("rm -r " .. bench.directory)
  if not done then error(problem, 0) end
end

local done, problem = pcall(main)
if not done then
  io.stderr:write(tostring(problem), "\n")
  os.exit(1)
end
