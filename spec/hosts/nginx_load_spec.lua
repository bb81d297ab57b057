-- SPDX-License-Identifier: MIT
-- Several workers of nginx that call the service under load: reloads lose no request, and nothing is gained meanwhile.
-- Prints its numbers.
-- Runs once: nginx has a Lua of its own.

local programs = require "spec.support.programs"
local nginx = require "spec.support.nginx"
local process = require "spec.support.process"
local socket = require "socket"
local with_service = require "spec.support.with_service"

local WORKERS, CONNECTIONS = 4, 32
local SECONDS = tonumber(os.getenv "LOAD_SECONDS" or 10) -- of each load
local MAX_KIB_GAINED = 1024 -- of a process
local MAX_CONNECTIONS = 2   -- to the service, of a worker. Any of them may be idle, or closed, at rest.

local service = with_service.emulator()

local host = programs.find { program = "wrk", lua = "luajit" }

-- Each request makes a call, which the service refuses at once.
local content = [[
  location = /call {
    content_by_lua_block {
      local _, failure = probe.clients.good.cancel "upload_none"
      if failure and failure.kind == "not_found" then return ngx.print "not_found" end
      ngx.log(ngx.ERR, "the call failed: ", tostring(failure))
      ngx.exit(500)
    }
  }]]

local function with_server(body)
  nginx.with({
    workers = WORKERS, server = content, listen = " backlog=1024",
    init = "probe.clients.good = " .. nginx.client { base_url = service.base_url, max_connections = MAX_CONNECTIONS },
  }, body)
end

local function start_load(server)
  return assert(process.start(("wrk -t1 -c%d -d%ds -H 'Connection: close' http://127.0.0.1:%d/call"):format(CONNECTIONS,
    SECONDS, server.port)))
end

-- Waits for the end of the load. Returns how many requests were answered. Checks that no other was made.
local function finish(load)
  local lines = {}
  for line in load.read_line do lines[#lines + 1] = line end
  load.stop()
  local told = table.concat(lines, "\n")
  assert.is_nil(told:find "Socket errors", told)
  assert.is_nil(told:find "Non%-2xx", told)
  return assert(tonumber(told:match "(%d+) requests in"), told)
end

-- KiB of memory that the process has for itself, and its descriptors.
local function means_of(pid)
  local rollup = nginx.read_file(("/proc/%d/smaps_rollup"):format(pid))
  local kib = 0
  for amount in rollup:gmatch "Private_%a+:%s+(%d+) kB" do kib = kib + tonumber(amount) end
  return { kib = kib, descriptors = nginx.descriptors(pid) }
end

local function wait_until_resting(server)
  nginx.wait_until(function()
    local pids = server.workers()
    if #pids ~= WORKERS then return false end
    for _, pid in ipairs(pids) do
      if nginx.threads(pid) ~= 1 then return false end
    end
    return true
  end, "the workers rest")
end

local function means_of_workers(server)
  wait_until_resting(server)
  local all = { kib = 0, descriptors = 0 }
  for _, pid in ipairs(server.workers()) do
    local means = means_of(pid)
    all.kib, all.descriptors = all.kib + means.kib, all.descriptors + means.descriptors
  end
  return all
end

describe("four workers under load", function()
  programs.it(host, "lose no request while nginx reloads again and again, and the master gains nothing", function()
    with_server(function(server)
      server.reload() -- the first one fills the allocator
      wait_until_resting(server)
      local before, load, reloads = means_of(server.pid), start_load(server), 0
      local last = socket.gettime() + SECONDS - 2
      repeat
        local old = server.workers()
        server.reload()
        reloads = reloads + 1
        for _, pid in ipairs(old) do nginx.wait_for_end_of(pid) end
      until socket.gettime() >= last
      local answered = finish(load)
      wait_until_resting(server)
      local after = means_of(server.pid)
      print(("%d requests answered during %d reloads; the master: %d KiB and %d descriptors before, %d and %d after")
        :format(answered, reloads, before.kib, before.descriptors, after.kib, after.descriptors))
      assert.is_true(after.descriptors <= before.descriptors)
      assert.is_true(after.kib - before.kib <= MAX_KIB_GAINED)
    end)
  end)

  programs.it(host, "gain neither memory nor descriptors", function()
    with_server(function(server)
      finish(start_load(server))
      local before = means_of_workers(server)
      local answered = finish(start_load(server))
      local after = means_of_workers(server)
      print(("%d requests answered; the workers: %d KiB and %d descriptors before, %d and %d after"):format(answered,
        before.kib, before.descriptors, after.kib, after.descriptors))
      assert.is_true(after.descriptors <= before.descriptors + WORKERS * MAX_CONNECTIONS)
      assert.is_true(after.kib - before.kib <= WORKERS * MAX_KIB_GAINED)
    end)
  end)
end)
