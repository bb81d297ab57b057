-- SPDX-License-Identifier: MIT
-- cqueues: each waiting coroutine polls the client's descriptor, and a condition that is signalled when another
-- coroutine's step finishes the transfer.
local cqueues = require "cqueues"
local condition = require "cqueues.condition"
local listen = require "openai_uploads.listen"

local SECONDS_WITHOUT_DESCRIPTOR = 0.005

local loop = {}

local weak_keys = { __mode = "k" } -- a controller may be collected together with its waiting coroutines
local polling = setmetatable({}, weak_keys)    -- client -> tokens of the coroutines that poll its descriptor
local conditions = setmetatable({}, weak_keys) -- transfer -> the condition of the coroutines that wait for it

--- cqueues caches descriptors. It must forget the client's descriptor while the client still has it open.
function loop.forget(client)
  if polling[client] then cqueues.cancel(client.fd()) end
  polling[client] = nil
end

local function enter(client, token)
  polling[client] = polling[client] or setmetatable({}, weak_keys)
  polling[client][token] = true
end

local function leave(client, token)
  local others = polling[client]
  if not others then return end
  others[token] = nil
  if not next(others) then loop.forget(client) end
end

function loop.wait(client, transfer, seconds)
  local descriptor, done, token = client.fd(), conditions[transfer] or condition.new(), {}
  local longest = seconds or math.huge
  if not descriptor then longest = math.min(longest, SECONDS_WITHOUT_DESCRIPTOR) end
  conditions[transfer] = done
  listen(transfer, function() done:signal() end)
  if descriptor then enter(client, token) end
  cqueues.poll({ pollfd = descriptor, events = "r" }, done, longest < math.huge and longest or nil)
  leave(client, token)
  client.step()
end

--- Outside of a controller nothing can be run.
function loop.spawn(action)
  local controller = cqueues.running()
  if not controller then return nil end
  controller:wrap(action)
  return true
end

return loop
