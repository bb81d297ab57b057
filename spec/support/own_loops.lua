-- SPDX-License-Identifier: MIT
-- Event loops that a program might write itself around coroutines, as hosts for suspended.lua.

local socket = require "socket"
local suspended = require "spec.support.suspended"

-- Resumes in turn each thread that need not wait, or waits no longer.
local threads = {} -- in their order: { thread, object for select, last }

local function may_go_on(waiting, readable)
  local object = waiting.object
  return not object or object.is_forgotten or readable[object] or socket.gettime() >= waiting.last
end

local function turn()
  local list, objects, is_idle = threads, {}, true
  threads = {}
  for _, waiting in ipairs(list) do
    local object = waiting.object
    local is_watched = object and not object.is_forgotten
    if is_watched then objects[#objects + 1] = object end
    is_idle = is_idle and is_watched
  end
  local readable = socket.select(objects, nil, is_idle and 0.005 or 0)
  for _, waiting in ipairs(list) do
    if not may_go_on(waiting, readable) then
      threads[#threads + 1] = waiting
    elseif coroutine.status(waiting.thread) == "suspended" then -- one that could not yield may have ended
      local fine, problem = coroutine.resume(waiting.thread)
      if not fine then error(problem, 0) end
    end
  end
end

local function yield(object, seconds)
  local last = socket.gettime() + (seconds or 3600)
  threads[#threads + 1] = { thread = coroutine.running(), object = object, last = last }
  coroutine.yield()
end

local function spawn(action) threads[#threads + 1] = { thread = coroutine.create(action) } end

local function run(functions)
  local last = os.time() + suspended.PATIENCE
  threads = {}
  for _, action in ipairs(functions) do spawn(action) end
  while #threads > 0 do
    assert(os.time() <= last, "the loop has something to do still")
    turn()
  end
end

-- One loop waits on the descriptor of the client, the other steps the client whenever its turn comes.
local on_select, on_steps = {}, {}

local watched = setmetatable({}, { __mode = "k" }) -- the objects for select

function on_select.wait(client, transfer, seconds)
  local descriptor = client.fd()
  local object = { client = client, is_forgotten = false, getfd = function() return descriptor end,
    dirty = function() return transfer:done() end }
  watched[object] = true
  yield(object, seconds)
  client.step()
end

-- The descriptor is closed next, and select must not be given it any more.
function on_select.forget(client)
  for object in pairs(watched) do
    if object.client == client then object.is_forgotten = true end
  end
end

function on_steps.wait(client)
  client.step()
  yield()
end

local own_loops = {
  { name = "that waits on the descriptor", loop = on_select },
  { name = "that only steps", loop = on_steps },
}
if not require("openai_uploads").new({ api_key = "sk-1" }).fd() then table.remove(own_loops, 1) end
for _, host in ipairs(own_loops) do
  function host.loop.spawn(action)
    spawn(action)
    return true
  end
end
for _, host in ipairs(own_loops) do host.run, host.spawn, host.pause = run, spawn, yield end

return own_loops
