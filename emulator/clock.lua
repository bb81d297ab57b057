-- SPDX-License-Identifier: MIT
-- The service's clock, which tests may move.

local clock = {}

local offset = 0

function clock.now() return ngx.time() + offset end
function clock.advance(seconds) offset = offset + seconds end
function clock.set(time) offset = time - ngx.time() end
function clock.reset() offset = 0 end

return clock
