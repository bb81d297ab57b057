-- SPDX-License-Identifier: MIT
-- cqueues: each waiting coroutine polls the client's descriptor, and a condition for what another's step brought.
local cqueues = require "cqueues"
local condition = require "cqueues.condition"
local listen = require "openai_uploads.listen"

local SECONDS_WITHOUT_DESCRIPTOR = 0.005

local loop = {}

local weak_keys = { __mode = "k" } -- a controller may go, and those who wait in it
local polling = setmetatable({}, weak_keys)    -- client -> tokens of those who poll its descriptor
local conditions = setmetatable({}, weak_keys) -- transfer -> what those wait on who wait for it

--- cqueues remembers descriptors, so it has to forget the client's while that still is the client's.
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

return loop
