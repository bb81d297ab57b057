-- SPDX-License-Identifier: MIT

-- Coroutines around one select. A task yields what it waits for, its wish, and is resumed once that has happened.

local socket = require "socket"

local event_loop = {}

local tasks = {}
local running = false

local function resume(task, ...)
  local fine, wish = coroutine.resume(task.coroutine, ...)
  -- An error in a task ends the server at once, so that no spec waits for it.
  if not fine then error(debug.traceback(task.coroutine, tostring(wish)), 0) end
  task.wish = wish
end

local function reason_to_resume(wish, readable, writable, now)
  if wish.condition and wish.condition() then return "condition" end
  if wish.reads and readable[wish.reads] then return "reads" end
  if wish.writes and writable[wish.writes] then return "writes" end
  if wish.due and wish.due <= now then return "due" end
end

-- The sockets that select watches for all tasks, and for how long; nil means for ever.
local function everything_wished(now)
  local reads, writes, patience = {}, {}, nil
  for _, task in ipairs(tasks) do
    local wish = task.wish
    reads[#reads + 1] = wish.reads
    writes[#writes + 1] = wish.writes
    if wish.condition and wish.condition() then patience = 0 end
    if wish.due then patience = math.max(0, math.min(patience or math.huge, wish.due - now)) end
  end
  return reads, writes, patience
end

local function forget_ended_tasks()
  local living = {}
  for _, task in ipairs(tasks) do
    if task.wish then living[#living + 1] = task end
  end
  tasks = living
end

local function turn()
  forget_ended_tasks()
  local readable, writable = socket.select(everything_wished(socket.gettime()))
  local now = socket.gettime()
  for _, task in ipairs(tasks) do
    -- An earlier task of this turn may have cancelled this one.
    local reason = task.wish and reason_to_resume(task.wish, readable, writable, now)
    if reason then resume(task, reason) end
  end
end

-- Starts `body(...)` as a task and runs it to its first wait. Returns the task, for `cancel`.
function event_loop.spawn(body, ...)
  local task = { coroutine = coroutine.create(body) }
  resume(task, ...)
  tasks[#tasks + 1] = task
  return task
end

-- Ends a task where it waits. A task must not cancel itself.
function event_loop.cancel(task) task.wish = nil end

-- Suspends the calling task until one of the given fields comes true, and returns the name of that one:
-- `condition` (a function), `reads` or `writes` (a socket), or `due` (a time).
function event_loop.wait(wish) return coroutine.yield(wish) end

function event_loop.after(seconds) return socket.gettime() + seconds end

function event_loop.run()
  running = true
  while running do turn() end
end

function event_loop.stop() running = false end

return event_loop
