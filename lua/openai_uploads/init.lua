-- SPDX-License-Identifier: MIT
-- The module is a client of its own, made from the environment at its first call; `new` gives others.
local core = require "openai_uploads.core"

--- A client with settings of its own; what they leave out comes from the environment, which is read now.
--- Raises on an unknown setting, or one of the wrong type or out of range. What the world got wrong (no key,
--- a bad URL) is the `configuration` failure of every call instead.
local function new(settings)
  if settings == nil then settings = {} end
  local made, client = pcall(core.client, settings)
  if not made then error(client, 2) end
  client.new = new
  return client
end

local uploads = core.client()
uploads.new = new
uploads._NAME = "openai_uploads"
uploads._VERSION = core._VERSION

return uploads
