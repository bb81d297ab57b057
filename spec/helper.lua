-- SPDX-License-Identifier: MIT
-- What busted loads before the specs.
local busted = require "busted"

local jit = rawget(_G, "jit")

-- Each file leaves clients behind that only the collector closes, and that looks at memory alone: left to itself, it
-- comes when there are more descriptors than select takes. LuaJIT's compiled traces hold some of them.
busted.subscribe({ "file", "end" }, function()
  if jit then jit.flush() end
  collectgarbage()
  collectgarbage()
  return nil, true
end)
