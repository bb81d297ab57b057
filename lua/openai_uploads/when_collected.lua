-- SPDX-License-Identifier: MIT
-- What happens when the program no longer references an object.

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

--- Returns an object. When it is collected, `action` is called, but not when the state is closed: nothing may be begun
--- then.
return function(action)
  local object = watch(function() if not is_closing then action() end end)
  -- Closing a state finalizes the newest object first, and does not finalize objects created meanwhile. So the
  -- finalizer of `last` sets is_closing.
  last = watch(function(of) if of == last then is_closing = true end end)
  return object
end
