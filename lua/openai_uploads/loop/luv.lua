-- SPDX-License-Identifier: MIT
-- luv: a poll handle for each client with somebody waiting. Its callback steps the client; coroutines go on in a turn
-- of the loop of their own, never inside the step that ended their transfer.
local uv = require "luv"

local loop = {}

local watched = setmetatable({}, { __mode = "k" }) -- client -> { handle, descriptor, waiting }
local ready = {}                                   -- coroutines to go on
local next_turn

local function resume_ready()
  local list = ready
  ready = {}
  for _, waiting in ipairs(list) do assert(coroutine.resume(waiting)) end
end

local function wake_in_next_turn(waiting)
  next_turn = next_turn or uv.new_timer()
  ready[#ready + 1] = waiting
  if #ready == 1 then next_turn:start(0, 0, resume_ready) end
end

-- There may be but one handle on a descriptor. It goes with its last waiter, so that a loop can end and a client can
-- be collected. A client that was closed meanwhile has another descriptor, perhaps of the same number.
local function watch(client)
  local descriptor = assert(client.fd(), "loop 'luv' needs a system on which client.fd() gives a descriptor")
  local found = watched[client]
  if not found or found.descriptor ~= descriptor then
    found = { descriptor = descriptor, handle = uv.new_poll(descriptor), waiting = 0 }
    watched[client] = found
  end
  found.waiting = found.waiting + 1
  found.handle:start("r", function() client.step() end)
  return found
end

local function unwatch(client, found)
  found.waiting = found.waiting - 1
  if found.waiting > 0 then return end
  found.handle:close()
  if watched[client] == found then watched[client] = nil end
end

local function yieldable()
  local running, is_main = coroutine.running()
  if not running or is_main then
    error("a call that suspends was made outside a coroutine: use coroutine.wrap, or loop = \"blocking\"", 0)
  end
  return running
end

function loop.wait(client, transfer, seconds)
  local waiting, found = yieldable(), watch(client)
  local timer, woken = nil, false
  local function wake()
    if not woken then wake_in_next_turn(waiting) end
    woken = true
  end
  if seconds and seconds < math.huge then
    timer = uv.new_timer()
    timer:start(math.ceil(seconds * 1000), 0, wake)
  end
  transfer:on_done(wake)
  coroutine.yield()
  if timer then timer:close() end
  unwatch(client, found)
end

return loop
