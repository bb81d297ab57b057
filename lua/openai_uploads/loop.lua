-- SPDX-License-Identifier: MIT
-- The event loop of a client: a call that waits suspends only its own coroutine.
--
-- A loop is a table with wait(client, transfer [, seconds]). It suspends the calling coroutine until the transfer may
-- have progressed, and is called again until transfer:done(). It need not wait longer than `seconds`. A loop may also
-- have
--
--   refusal()         returns the reason why no call can wait now, or nil
--   forget(client)    is called before the client closes its descriptor
--   spawn(action)     runs the action in a coroutine of its own that can wait in the loop. Returns true, or a function
--                     that ends that coroutine, or nil if none can be run here and now

local loop = {
  -- Make loops of hosts without a name below.
  sleeping = require "openai_uploads.loop.sleeping",
  timers = require "openai_uploads.loop.timers",
}

local names = { "nginx", "cqueues", "luv", "copas", "neovim", "haproxy", "tarantool", "glib", "prosody" }

-- Lua in nginx's thread pools has an `ngx` table but cannot yield to nginx. Calls must block there.
local function is_inside_nginx()
  local ngx = rawget(_G, "ngx")
  return type(ngx) == "table" and type(ngx.get_phase) == "function" and type(ngx.sleep) == "function"
end

local function by_name(name)
  for _, known in ipairs(names) do
    if name == known then
      local loaded, found = pcall(require, "openai_uploads.loop." .. name)
      if loaded then return found end
      local reason = tostring(found):gsub(":?\n\tno field package%.preload.*", "") -- every place where Lua looked
      error(("bad option 'loop' ('%s' cannot be loaded: %s)"):format(name, reason), 0)
    end
  end
  error(("bad option 'loop' ('%s' is none of: blocking, %s)"):format(name, table.concat(names, ", ")), 0)
end

--- Returns the loop for a setting, or nil if calls block. Raises, without a position, if the setting is not a loop or
--- the loop cannot be loaded.
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
  if setting.spawn ~= nil and type(setting.spawn) ~= "function" then
    error(("bad option 'loop' (its field 'spawn' must be a function, got %s)"):format(type(setting.spawn)), 0)
  end
  return setting
end

return loop
