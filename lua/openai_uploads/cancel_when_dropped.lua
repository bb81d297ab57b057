-- SPDX-License-Identifier: MIT
-- What happens to an Upload that nobody holds any more: its cancel is begun by the collector. It goes out while the
-- client is stepped, for whatever else. In a process forked since, the Upload is the parent's.
local core = require "openai_uploads.core"

local newproxy = rawget(_G, "newproxy")

local last -- the youngest object of all that are watched; it is collected only when the whole state is closed
local is_closing = false

-- An object whose collection calls `action(object)`.
local function watch(action)
  if newproxy then -- Lua 5.1 and LuaJIT know finalizers of userdata only
    local proxy = newproxy(true)
    getmetatable(proxy).__gc = action
    return proxy
  end
  return setmetatable({}, { __gc = action })
end

-- The client, if anybody still has it, holds the cancel.
local function cancel(client, upload_id) core.hold(client.start.cancel(upload_id)) end

--- To be held by what stands for the Upload, and by nothing else. As long as its field `is_armed` is set, the Upload is
--- cancelled when the object is collected.
return function(client, upload_id, is_armed)
  local self, process_id = { is_armed = false, watched = false }, core.process_id()
  self.watched = watch(function()
    if self.is_armed and not is_closing and core.process_id() == process_id then pcall(cancel, client, upload_id) end
  end)
  -- A state that is closed finalizes the youngest first, and no more what is made meanwhile: nothing may be begun then.
  last = watch(function(object) if object == last then is_closing = true end end)
  self.is_armed = is_armed
  return self
end
