-- SPDX-License-Identifier: MIT
-- The pauses between the steps of a loop that cannot watch a descriptor.
local core = require "openai_uploads.core"
local new_pace = require "openai_uploads.loop.pace"

describe("a pause", function()
  local real_now, now = core.now, 0

  setup(function() core.now = function() return now end end)

  teardown(function() core.now = real_now end)

  before_each(function() now = 1000 end)

  it("is 2 ms while things happen", function()
    local pace = new_pace()
    assert.equal(0.002, pace(true))
    now = now + 5
    assert.equal(0.002, pace(true))
  end)

  it("grows to a sixteenth of the time in which nothing happens, and 20 ms at most", function()
    local pace = new_pace()
    for _, row in ipairs { { 0.016, 0.002 }, { 0.16, 0.01 }, { 0.24, 0.015 }, { 0.4, 0.02 }, { 60, 0.02 } } do
      now = 1000 + row[1]
      assert.is_true(math.abs(row[2] - pace(false)) < 1e-9, ("after %g s"):format(row[1]))
    end
  end)

  it("is short again after something has happened", function()
    local pace = new_pace()
    now = now + 60
    assert.equal(0.02, pace(false))
    assert.equal(0.002, pace(true))
    now = now + 0.16
    assert.is_true(math.abs(0.01 - pace(false)) < 1e-9)
  end)
end)
