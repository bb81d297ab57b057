-- SPDX-License-Identifier: MIT
-- Cancels an Upload that the program no longer references. The garbage collector starts the cancel. It is sent while
-- the client is stepped for any reason. A forked child cancels nothing, because the Upload belongs to its parent.
local core = require "openai_uploads.core"

local newproxy = rawget(_G, "newproxy")

local last -- the newest watched object, which is collected only when the state is closed
local is_closing = false

-- Returns an object whose finalizer calls `action(object)`.
local function watch(action)
  if newproxy then -- Lua 5.1 and LuaJIT call finalizers of userdata only
    local proxy = newproxy(true)
    getmetatable(proxy).__gc = action
    return proxy
  end
  return setmetatable({}, { __gc = action })
end

-- The client holds the cancel, as long as the program still holds the client.
local function cancel(client, upload_id) core.hold(client.start.cancel(upload_id)) end

--- Returns an object that only the representative of the Upload may hold. If its field `is_armed` is set when the
--- object is collected, the Upload is cancelled.
return function(client, upload_id, is_armed)
  local self, process_id = { is_armed = false, watched = false }, core.process_id()
  self.watched = watch(function()
    if self.is_armed and not is_closing and core.process_id() == process_id then pcall(cancel, client, upload_id) end
  end)
  -- Closing a state finalizes the newest object first, and does not finalize objects created meanwhile. No cancel may
  -- be started then, so the finalizer of `last` sets is_closing.
  last = watch(function(object) if object == last then is_closing = true end end)
  self.is_armed = is_armed
  return self
end
