-- SPDX-License-Identifier: MIT
-- cqueues: each waiting coroutine polls the client's descriptor, and a condition for what another's step brought.
local cqueues = require "cqueues"
local condition = require "cqueues.condition"

local SECONDS_WITHOUT_DESCRIPTOR = 0.005

local loop = {}

function loop.wait(client, transfer, seconds)
  local descriptor, done = client.fd(), condition.new()
  local longest = seconds or math.huge
  if not descriptor then longest = math.min(longest, SECONDS_WITHOUT_DESCRIPTOR) end
  transfer:on_done(function() done:signal() end)
  cqueues.poll({ pollfd = descriptor, events = "r" }, done, longest < math.huge and longest or nil)
  client.step()
end

return loop
