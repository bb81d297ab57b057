-- SPDX-License-Identifier: MIT
-- luv: a poll handle for each client that coroutines wait for. Its callback steps the client. Coroutines are resumed in
-- a separate turn of the loop, never inside the step that finished their transfer.
local listen = require "openai_uploads.listen"
local uv = require "luv"

local LONGEST_TIMER = 1e9 -- seconds

local loop = {}

-- client -> { handle, descriptor, waiting: wake function -> transfer }. This may be the only reference to a transfer.
local watched = {}
local ready = {} -- coroutines to resume
local next_turn

local wake_in_next_turn

-- An error in a coroutine is raised for luv to report, which ends most programs. If the program survives, the other
-- coroutines are resumed in the next turn.
local function resume_ready()
  local list = ready
  ready = {}
  for index, waiting in ipairs(list) do
    local is_alive = coroutine.status(waiting) == "suspended"
    local succeeded, raised = coroutine.resume(waiting)
    if is_alive and not succeeded then
      for later = index + 1, #list do wake_in_next_turn(list[later]) end
      error(debug.traceback(waiting, tostring(raised)), 0)
    end
  end
end

function wake_in_next_turn(waiting)
  next_turn = next_turn or uv.new_timer()
  ready[#ready + 1] = waiting
  if #ready == 1 then next_turn:start(0, 0, resume_ready) end
end

-- A descriptor can have only one handle. The last waiter closes the handle, so that the loop can end and the client can
-- be collected. A client that was closed meanwhile has a new descriptor, perhaps with the same number.
local function watch(client, transfer, wake)
  local descriptor = assert(client.fd(), "loop 'luv' needs a system on which client.fd() gives a descriptor")
  local found = watched[client]
  if not found or found.descriptor ~= descriptor then
    found = { handle = assert(uv.new_poll(descriptor)), descriptor = descriptor, waiting = {} }
    watched[client] = found
  end
  found.waiting[wake] = transfer
  found.handle:start("r", function() client.step() end)
  return found
end

local function unwatch(client, found, wake)
  found.waiting[wake] = nil
  if next(found.waiting) then return end
  found.handle:close()
  if watched[client] == found then watched[client] = nil end
end

-- Several coroutines may wait for one transfer, but the transfer calls only the last listener.
local function wake_all(found, transfer)
  local list = {}
  for wake, waited in pairs(found.waiting) do
    if waited == transfer then list[#list + 1] = wake end
  end
  for _, wake in ipairs(list) do wake() end
end

--- Wakes every waiter before the client closes its descriptor, because a handle must not outlive its descriptor. A
--- coroutine whose wait is not over, as for a file whose Upload is being cancelled, then waits on the next handle.
function loop.forget(client)
  local found, list = watched[client], {}
  for wake in pairs(found and found.waiting or list) do list[#list + 1] = wake end
  for _, wake in ipairs(list) do wake() end
end

local isyieldable = rawget(coroutine, "isyieldable") -- absent in Lua 5.1 and 5.2

local function yieldable()
  local running, is_main = coroutine.running()
  if not running or is_main or isyieldable and not isyieldable() then
    error("a call that suspends was made outside a coroutine, or in an api_key, log or on_retry function: "
      .. "use coroutine.wrap, or loop = \"blocking\"", 0)
  end
  return running
end

function loop.wait(client, transfer, seconds)
  local waiting, is_woken = yieldable(), false
  local found, timer
  local function wake()
    if is_woken then return end
    is_woken = true
    unwatch(client, found, wake)
    if timer then timer:close() end
    wake_in_next_turn(waiting)
  end
  found = watch(client, transfer, wake)
  if seconds and seconds < LONGEST_TIMER then
    timer = uv.new_timer()
    timer:start(math.ceil(seconds * 1000), 0, wake)
  end
  listen(transfer, function() wake_all(found, transfer) end)
  coroutine.yield()
end

return loop
