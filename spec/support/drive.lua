-- SPDX-License-Identifier: MIT
-- Steps clients until a condition holds, for a limited time.

local assert = require "luassert"

local drive = {}

local jit = rawget(_G, "jit")

local PATIENCE = 10 -- seconds; only what is broken takes so long

-- Steps the client until `condition()` holds. seconds: how long each step may wait.
function drive.till(client, condition, after_each_step, seconds)
  local last = os.time() + PATIENCE
  while not condition() do
    assert.is_true(os.time() <= last, "it never came about")
    client.step(seconds or 0.01)
    if after_each_step then after_each_step() end
  end
end

-- Steps the client until no transfer is in flight.
function drive.all(client, after_each_step)
  local last = os.time() + PATIENCE
  while client.step(0.05) > 0 do
    assert.is_true(os.time() <= last, "something runs for ever")
    if after_each_step then after_each_step() end
  end
end

-- Steps the client until a field of `seen` of the script has `wanted` entries.
function drive.till_seen(client, script, field, wanted)
  drive.till(client, function() return (script.wait_for(field, wanted, 0)) end)
end

-- The result of a transfer that has ended: what `poll` returns after its `true`.
function drive.result(transfer)
  local done, upload, failure, response = transfer:poll()
  assert.is_true(done)
  return upload, failure, response
end

-- Collects all garbage. In LuaJIT, a compiled trace of a loop keeps alive the client that was stepped in it.
function drive.collect()
  if jit then jit.flush() end
  collectgarbage()
  collectgarbage()
end

return drive
