-- SPDX-License-Identifier: MIT
-- The module is a client of its own, made from the environment at its first call; `new` gives others.
local core = require "openai_uploads.core"
local cancel_all = require "openai_uploads.cancel_all"

-- Gives a client of the core what is written in Lua.
local function extend(client, most)
  function client.cancel_all(ids, options)
    local cancelled, failures = cancel_all(client, most, ids, options) -- no tail call: its errors count frames
    return cancelled, failures
  end
  return client
end

--- A client with settings of its own; what they leave out comes from the environment, which is read now.
--- Raises on an unknown setting, or one of the wrong type or out of range. What the world got wrong (no key,
--- a bad URL) is the `configuration` failure of every call instead.
local function new(settings)
  if settings == nil then settings = {} end
  local made, client = pcall(core.client, settings)
  if not made then error(client, 2) end
  client.new = new
  return extend(client, settings.max_connections or core.max_connections)
end

local uploads = extend(core.client(), core.max_connections)
uploads.new = new
uploads._NAME = "openai_uploads"
uploads._VERSION = core._VERSION

return uploads
