-- SPDX-License-Identifier: MIT
-- How a loop learns that the transfer its coroutine waits for is done. Unlike on_done, this does not let the client
-- hold the transfer. A loop holds its coroutines, and a coroutine holds the transfer it waits for. A coroutine that is
-- dropped therefore takes its calls with it.
local core = require "openai_uploads.core"

--- Calls listener(awaited) when `awaited` is done. It is a transfer, or an object that is waited for like one.
return function(awaited, listener)
  if type(awaited) == "userdata" then core.listen(awaited, listener) else awaited:listen(listener) end
end
