-- SPDX-License-Identifier: MIT
-- What busted loads before the specs.
local busted = require "busted"

-- Each file leaves clients behind that only the collector closes, and that looks at memory alone: left to itself, it
-- comes when there are more descriptors than select takes.
busted.subscribe({ "file", "end" }, function()
  collectgarbage()
  collectgarbage()
  return nil, true
end)
