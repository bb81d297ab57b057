-- SPDX-License-Identifier: MIT
-- A child process that prints a first line and runs until it is stopped. It never outlives its parent: see `guard`.

local process = {}

-- The suite may run under a preloaded sanitizer, which must not check the shell, nginx or openssl.
local clean = "unset LD_PRELOAD ASAN_OPTIONS LSAN_OPTIONS; "

-- Runs beside the child and terminates it once the parent is gone, for any reason, or after an hour.
local guard = [[
parent=$PPID
(
  left=3600
  while [ $left -gt 0 ] && kill -0 $$ && kill -0 $parent; do sleep 1; left=$((left - 1)); done
  kill -TERM $$
) >/dev/null 2>&1 </dev/null &
]]

local function when_collected(action)
  if newproxy then -- Lua 5.1 and LuaJIT know finalizers of userdata only
    local proxy = newproxy(true)
    getmetatable(proxy).__gc = action
    return proxy
  end
  return setmetatable({}, { __gc = action })
end

local function send_term(pid)
  os.execute(clean .. ("exec sh -c 'kill -TERM %d 2>/dev/null'"):format(pid))
end

-- Whether the process exists and is not a zombie.
function process.lives(pid)
  local file = io.open(("/proc/%d/stat"):format(pid))
  if not file then return false end
  local state = (file:read "*a" or ""):match "%) (%a)" -- it may have ended meanwhile
  file:close()
  return state ~= nil and state ~= "Z"
end

-- command: one simple shell command, because `exec` runs it.
-- Returns { pid, first_line, read_line(), stop() }, or nil and the reason where the child printed no line.
function process.start(command)
  local pipe = assert(io.popen(clean .. guard .. "echo $$; exec " .. command, "r"))
  local pid = tonumber(pipe:read("*l"))
  local first_line = pipe:read("*l")
  if not first_line then
    pipe:close()
    return nil, ("'%s' ended before its first line"):format(command)
  end

  local child = { pid = pid, first_line = first_line }

  function child.read_line()
    return pipe and pipe:read("*l")
  end

  function child.stop()
    if not pipe then return end
    local closing = pipe
    pipe = nil
    send_term(pid)
    closing:close() -- waits for the child's end
  end

  -- Collecting the pipe of a running child would wait for the child for ever.
  child.collected = when_collected(child.stop)
  return child
end

return process
