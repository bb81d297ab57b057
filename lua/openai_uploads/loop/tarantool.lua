-- SPDX-License-Identifier: MIT
-- Tarantool: each waiting fiber waits for the client's descriptor, which many fibers can do, and steps the client. So a
-- call can wait inside an api_key, log or on_retry function, too.
local fiber = require "fiber"
local listen = require "openai_uploads.listen"
local socket = require "socket"
local watch = require "openai_uploads.loop.watch"

local loop = {}

local waiting = setmetatable({}, { __mode = "k" }) -- client -> set of { fiber, transfer }

-- Wakes the fibers that wait for this transfer, or all of the client's.
local function wake(client, transfer)
  for one in pairs(waiting[client] or {}) do
    if one.transfer == transfer or not transfer then one.fiber:wakeup() end
  end
end

function loop.forget(client) wake(client) end

-- The step of another fiber may finish the transfer. Tarantool wakes only those whose descriptor is readable.
function loop.wait(client, transfer, seconds)
  local descriptor = watch.descriptor(client, "tarantool")
  local others, one = waiting[client] or {}, { fiber = fiber.self(), transfer = transfer }
  waiting[client] = others
  listen(transfer, function() wake(client, transfer) end)
  others[one] = true
  local waited, raised = pcall(socket.iowait, descriptor, "R", seconds)
  others[one] = nil
  if not waited then error(raised, 0) end -- the fiber was cancelled
  client.step()
end

function loop.spawn(action)
  fiber.new(action)
  return true
end

return loop
