-- SPDX-License-Identifier: MIT
-- How a loop learns that what its coroutine waits for is done: as on_done, but the client does not hold the transfer
-- for it. Loops hold their coroutines, and those hold what they wait for: a coroutine that is dropped takes its calls
-- along.
local core = require "openai_uploads.core"

--- Calls listener(awaited) when a transfer, or an object that is waited for like one, is done.
return function(awaited, listener)
  if type(awaited) == "userdata" then core.listen(awaited, listener) else awaited:listen(listener) end
end
