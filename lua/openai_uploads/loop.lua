-- SPDX-License-Identifier: MIT
-- The event loop that a client lives in: how a call waits without stopping anything but its own coroutine.
--
-- A loop is a table with wait(client, transfer [, seconds]), which suspends the calling coroutine until something
-- may have come about, and is called again until transfer:done(). `seconds`: it need not wait longer. It may have
-- refusal() too: why no call can wait just now, or nil.

local loop = {}

local names = { "nginx", "cqueues", "luv", "copas" }

-- nginx's thread pools run Lua that has an `ngx` but cannot yield to nginx: there, blocking is right.
local function is_inside_nginx()
  local ngx = rawget(_G, "ngx")
  return type(ngx) == "table" and type(ngx.get_phase) == "function" and type(ngx.sleep) == "function"
end

local function by_name(name)
  for _, known in ipairs(names) do
    if name == known then
      local loaded, found = pcall(require, "openai_uploads.loop." .. name)
      if loaded then return found end
      error(("bad option 'loop' ('%s' cannot be loaded: %s)"):format(name, tostring(found)), 0)
    end
  end
  error(("bad option 'loop' ('%s' is none of: blocking, %s)"):format(name, table.concat(names, ", ")), 0)
end

--- The loop for a setting; nil when calls shall block. Raises, without a position, on one that is none or cannot be
--- loaded.
function loop.find(setting)
  if setting == nil then setting = is_inside_nginx() and "nginx" or "blocking" end
  if setting == "blocking" then return nil end
  if type(setting) == "string" then return by_name(setting) end
  if type(setting) ~= "table" then
    error(("bad option 'loop' (string or table expected, got %s)"):format(type(setting)), 0)
  end
  if type(setting.wait) ~= "function" then
    error(("bad option 'loop' (its field 'wait' must be a function, got %s)"):format(type(setting.wait)), 0)
  end
  return setting
end

return loop
