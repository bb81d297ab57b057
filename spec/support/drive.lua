-- SPDX-License-Identifier: MIT
-- Steps clients until something has come about, with a bound on the time that takes.

local assert = require "luassert"

local drive = {}

local PATIENCE = 10 -- seconds; only what is broken takes so long

-- Steps the client, for so many seconds each time, until `condition()` holds.
function drive.till(client, condition, after_each_step, seconds)
  local last = os.time() + PATIENCE
  while not condition() do
    assert.is_true(os.time() <= last, "it never came about")
    client.step(seconds or 0.01)
    if after_each_step then after_each_step() end
  end
end

-- Steps the client until nothing of it runs any more.
function drive.all(client, after_each_step)
  local last = os.time() + PATIENCE
  while client.step(0.05) > 0 do
    assert.is_true(os.time() <= last, "something runs for ever")
    if after_each_step then after_each_step() end
  end
end

-- Steps the client until the fault server has so many of a field of `seen`.
function drive.till_seen(client, script, field, wanted)
  drive.till(client, function() return (script.wait_for(field, wanted, 0)) end)
end

-- The values of a transfer that has ended, without the `true`.
function drive.result(transfer)
  local done, upload, failure, response = transfer:poll()
  assert.is_true(done)
  return upload, failure, response
end

function drive.collect()
  collectgarbage()
  collectgarbage()
end

return drive
