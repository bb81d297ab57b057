-- SPDX-License-Identifier: MIT
-- Runs the scenarios in forked processes. In each of them another call fails. Reports how each one ended.
-- SCARCITY_LIBRARY: failing_calls, which is preloaded as well. The arguments say which calls fail:
--
--   malloc [MOST]                 each allocation, or MOST of them, evenly spread, for each scenario
--   calls [MOST]                  system calls, each with errors that it can have
--   descriptors [MOST]            a limit of open descriptors: each from 3 to 18, or MOST of these
--
-- SCARCITY_ONLY: a pattern of scenarios' names. SCARCITY_VERBOSE: a line for each run.
local calls = package.loadlib(os.getenv "SCARCITY_LIBRARY", "luaopen_failing_calls")()
local emulator = require "spec.support.emulator"
local scenarios = require "spec.support.scarcity.scenarios"
local uploads = require "openai_uploads"

if jit then jit.off() end -- what is compiled holds on to the client that it was compiled for

local LONGEST_RUN = 60 -- seconds
local SECONDS = 0.5 -- of each timeout, for a call that can get no further
local PATIENT = { timeout = 10, connect_timeout = 10 } -- for the calls before and after, which must not fail
local EXCUSED = 77 -- exit status
local USUAL_DESCRIPTORS = 256

local what, most = arg[1], tonumber(arg[2]) or math.huge
local only, verbose = os.getenv "SCARCITY_ONLY", os.getenv "SCARCITY_VERBOSE"
local service = emulator.start()
local path, report = os.tmpname(), os.tmpname()
local totals = { tried = 0, expected = 0, failed = 0, raised = 0, excused = 0, broken = 0 }

local function write(name, text)
  local file = assert(io.open(name, "wb"))
  file:write(text)
  file:close()
end

local function read(name)
  local file = io.open(name, "rb")
  local text = file and file:read "*a" or ""
  if file then file:close() end
  return text
end

write(path, "abcdefghij")

local function new_context(scenario, base_url)
  local context = { path = path, patient = PATIENT }
  service.reset()
  context.ids = service.make_uploads(5)
  context.id = service.make_uploads(1)[1]
  if scenario.bytes then context.id = nil end
  function context.new_client()
    return uploads.new {
      base_url = base_url, api_key = "sk-scarce", ca_file = service.ca_file, proxy = "", timeout = SECONDS,
      connect_timeout = SECONDS, stall_timeout = SECONDS, max_retries = 0, retry_delay = 0.001,
    }
  end
  return context
end

local function describe(fine, result, failure)
  if not fine then return "raised " .. tostring(result) end
  if failure then
    return ("failed %s, %s"):format(tostring(failure), failure.may_have_applied and "may have applied" or "not applied")
  end
  return "returned " .. tostring(result)
end

local function must(result, failure)
  return result or error(tostring(failure), 2)
end

local function collect()
  for _ = 1, 4 do collectgarbage() end
end

-- Runs in the child. Writes how the scenario ended to the report.
local function try(scenario, context, kind, allowed, keeps_failing, code)
  local lines = {}
  local function complain(...) lines[#lines + 1] = "! " .. table.concat({ ... }, " ") end
  collect()
  local blocks, handles = calls.held()
  local descriptors = calls.descriptors()
  local refused, left = 0, 0
  local function work()
    if not scenario.makes_client then context.client = context.new_client() end
    if scenario.bytes then
      context.id = must(context.client.create({ filename = "a.jsonl", purpose = "batch", bytes = scenario.bytes,
        mime_type = "text/jsonl" }, PATIENT)).id
    end
    local action = scenario.prepare(context)
    collect()
    calls.alarm(LONGEST_RUN)
    calls.excuse()
    if kind == "descriptors" then
      calls.limit(kind, allowed)
    elseif kind then
      calls.arm(kind, allowed, keeps_failing, code)
    end
    local fine, result, failure = pcall(action)
    refused, left = calls.disarm()
    if kind == "descriptors" then calls.limit(kind, USUAL_DESCRIPTORS) end
    lines[#lines + 1] = describe(fine, result, failure)
    if not kind and not (fine and result == scenario.expected) then complain "does not work at all" end
    calls.alarm(LONGEST_RUN)
    action, result, failure = nil, nil, nil -- luacheck: ignore 311
    context.client = context.client or context.new_client()
    local function create_next()
      return pcall(context.client.create,
        { filename = "next.jsonl", purpose = "batch", bytes = 3, mime_type = "text/jsonl" },
        { max_retries = 1, timeout = PATIENT.timeout, connect_timeout = PATIENT.connect_timeout })
    end
    local works, upload, problem = create_next()
    -- libcurl keeps the authorities that it has read for a client, also where OpenSSL lacked memory for one of them
    if works and problem and problem.kind == "tls" then
      context.client.close()
      context.client = context.new_client()
      works, upload, problem = create_next()
    end
    if not works or not upload then complain("the next call fails:", tostring(works and problem or upload)) end
    context.client.close()
    context.client = nil
  end
  work()
  collect()
  local blocks_now, handles_now = calls.held()
  if blocks_now ~= blocks then complain(("%d blocks are lost"):format(blocks_now - blocks)) end
  if handles_now ~= handles then complain(("%d handles are lost"):format(handles_now - handles)) end
  local more = calls.descriptors() - descriptors
  if more ~= 0 then complain(("%d descriptors are lost"):format(more)) end
  lines[#lines + 1] = ("refused %d left %d"):format(refused, left)
  write(report, table.concat(lines, "\n") .. "\n")
end

-- Returns what contradicts the state of the service, or nil.
local function contradiction(scenario, context, told)
  local is_done = told == "returned " .. tostring(scenario.expected)
  local surely_not = told:find("^failed") and told:find("not applied", 1, true)
  local function is(id, wanted)
    local upload = service.upload(id)
    return upload and upload.status == wanted
  end
  if scenario.call == "cancel" then
    if is_done and not is(context.id, "cancelled") then return "said to be cancelled, and is not" end
    if surely_not and is(context.id, "cancelled") then return "said not to be cancelled, and is" end
  elseif scenario.call == "cancel_all" and is_done then
    for _, id in ipairs(context.ids) do
      if not is(id, "cancelled") then return "said to be all cancelled, and are not" end
    end
  elseif scenario.call == "parts" then
    local count = #(service.upload(context.id) or { parts = {} }).parts
    if is_done and count ~= 1 then return "said to be sent, and is not" end
    if surely_not and count > 0 then return "said not to be sent, and is" end
  elseif scenario.call == "file" or scenario.call == "complete" then
    local completed = 0
    for _, upload in ipairs(service.uploads()) do
      if upload.status == "completed" then completed = completed + 1 end
    end
    if scenario.expected == "completed" and is_done and completed ~= 1 then
      return "said to be completed, and is not"
    end
    if surely_not and completed > 0 then return "said not to be completed, and is" end
  end
end

local function run(scenario, base_url, kind, allowed, keeps_failing, code)
  local context = new_context(scenario, base_url)
  write(report, "")
  io.stdout:flush()
  local pid = calls.fork()
  if pid == 0 then
    local fine, raised = pcall(try, scenario, context, kind, allowed, keeps_failing, code)
    if not fine then write(report, "! " .. tostring(raised) .. "\n") end
    calls.leave(0)
  end
  local status, signal = calls.wait(pid)
  local text = read(report)
  local told = text:match "^[^\n]*"
  local complaints = {}
  if status == EXCUSED then
    totals.excused = totals.excused + 1
  elseif status ~= 0 then
    complaints[1] = signal == 14 and "does not end"
      or ("ended by signal %s, status %s"):format(tostring(signal), tostring(status))
  end
  for complaint in text:gmatch "! ([^\n]*)" do complaints[#complaints + 1] = complaint end
  local contradicted = contradiction(scenario, context, told)
  if contradicted then complaints[#complaints + 1] = contradicted end
  local refused, left = text:match "refused (%-?%d+) left (%-?%d+)"
  totals.tried = totals.tried + 1
  if told:find "^raised" then totals.raised = totals.raised + 1
  elseif told:find "^failed" then totals.failed = totals.failed + 1
  else totals.expected = totals.expected + 1 end
  local label = ("%s, %s, %s%s after %s%s"):format(scenario.name, base_url:match "^%a+", kind,
    code and " " .. code or "", allowed, keeps_failing and " and on" or "")
  if verbose then print(label .. ": " .. told) end
  if told:find "^raised" and not told:find "not enough memory" and not told:find "no memory or no descriptors left" then
    complaints[#complaints + 1] = "raises something else"
  end
  if #complaints > 0 then
    totals.broken = totals.broken + 1
    print(("BROKEN %s: %s (%s)"):format(label, table.concat(complaints, "; "), told))
  end
  return tonumber(refused) or 1, tonumber(left) or 0
end

-- OpenSSL prepares some tables once for a process and does not try again where memory ran out then.
local function prepare_tls(base_url)
  local context = new_context({}, base_url)
  local client = context.new_client()
  must(client.cancel(context.id, PATIENT))
  client.close()
end

local function each_scenario(body)
  for _, base_url in ipairs { service.base_url, service.tls.good, service.tls.http1 } do
    for index, scenario in ipairs(scenarios) do
      if not only or scenario.name:find(only) then body(scenario, base_url, index) end
    end
  end
end

local ENOUGH = 10000000
local MAX_DESCRIPTORS = 18 -- 16 suffice for every scenario

-- How many calls of that kind the scenario has where none fails.
local function count_calls(scenario, base_url, kind)
  local _, left = run(scenario, base_url, kind, ENOUGH)
  return ENOUGH - left
end

-- Lets a call of that kind fail at some of the `count` places where it can.
local function run_some(scenario, base_url, index, kind, count, modes, code)
  local stride = math.max(1, count / most)
  for _, keeps_failing in ipairs(modes) do
    local at = keeps_failing and stride / 2 or (index % 7) / 7 * stride
    while at < count do
      run(scenario, base_url, kind, math.floor(at), keeps_failing, code)
      at = at + stride
    end
  end
end

local errors = {
  EINTR = 4, EIO = 5, EAGAIN = 11, ENOMEM = 12, ENFILE = 23, EMFILE = 24, ENOSPC = 28, EPIPE = 32, ECONNRESET = 104,
  ENOBUFS = 105,
  EACCES = 13, EBADF = 9, ECONNREFUSED = 111,
}
local failing = {
  read = { "EINTR", "EIO" }, pread = { "EINTR", "EIO" }, write = { "EINTR", "EIO", "ENOSPC" },
  -- no ENOBUFS: it would go on working, and OpenSSL sends what it could not when the connection is closed
  send = { "EINTR", "EAGAIN", "EPIPE" }, recv = { "EINTR", "EAGAIN", "ENOMEM", "ECONNRESET" },
  connect = { "EINTR", "ENOMEM", "EAGAIN", "ECONNREFUSED" }, socket = { "EMFILE", "ENFILE", "ENOBUFS" },
  epoll_ctl = { "ENOMEM", "ENOSPC" }, epoll_wait = { "EINTR" }, epoll_create1 = { "EMFILE", "ENOMEM" },
  timerfd_create = { "EMFILE" }, timerfd_settime = { "ENOMEM" }, open = { "EINTR", "EMFILE", "EIO", "EACCES" },
  fstat = { "EIO", "ENOMEM" }, pthread_create = { "EAGAIN" },
  getsockopt = { "ENOBUFS" }, setsockopt = { "ENOBUFS" }, getsockname = { "ENOBUFS" }, getpeername = { "ENOBUFS" },
  pipe = { "EMFILE" }, socketpair = { "EMFILE" }, eventfd = { "EMFILE" },
}

local begun_at = os.time()
prepare_tls(service.tls.good)
collect()
if what == "malloc" then
  each_scenario(function(scenario, base_url, index)
    local count = count_calls(scenario, base_url, "malloc")
    run_some(scenario, base_url, index, "malloc", count, { false, true })
    if verbose then print(scenario.name, count) end
  end)
elseif what == "calls" then
  local kinds = {}
  for kind in pairs(failing) do kinds[#kinds + 1] = kind end
  table.sort(kinds)
  each_scenario(function(scenario, base_url, index)
    run(scenario, base_url, "multi", 0, true) -- libcurl looks at no request any more
    for _, kind in ipairs(kinds) do
      local count = count_calls(scenario, base_url, kind)
      for _, name in ipairs(failing[kind]) do
        run_some(scenario, base_url, index, kind, count, name == "EINTR" and { false } or { false, true }, errors[name])
      end
    end
  end)
elseif what == "descriptors" then
  local stride = math.max(1, math.floor(MAX_DESCRIPTORS / most))
  each_scenario(function(scenario, base_url)
    for allowed = 3, MAX_DESCRIPTORS, stride do run(scenario, base_url, "descriptors", allowed) end
  end)
end
os.remove(path)
os.remove(path .. ".state")
os.remove(path .. ".content")
os.remove(report)
service.stop()
print(("%d tried: %d as ever, %d failed, %d raised, %d ended in another library; %d broken; %d s"):format(totals.tried,
  totals.expected - totals.excused, totals.failed, totals.raised, totals.excused, totals.broken,
  os.time() - begun_at))
os.exit(totals.broken == 0 and 0 or 1)
