-- SPDX-License-Identifier: MIT
-- The module is itself a client, configured from the environment at its first call. `new` creates other clients.
local core = require "openai_uploads.load_core"
local cancel_all = require "openai_uploads.cancel_all"
local confirming = require "openai_uploads.files.confirming"
local each_file = require "openai_uploads.files.each"
local guard = require "openai_uploads.guard"
local loops = require "openai_uploads.loop"
local upload_file = require "openai_uploads.upload_file"
local upload_file_chunked = require "openai_uploads.upload_file_chunked"
local wait_until_processed = require "openai_uploads.files.wait_until_processed"
local waiting = require "openai_uploads.waiting"

--- Returns a deadline `seconds` from now, for the option `deadline` of several calls.
local function deadline(seconds)
  local is_number = type(seconds) == "number"
  local made = is_number and core.deadline(seconds)
  if made then return made end
  local problem = "a number of seconds from 0.001 on expected, got " .. (is_number and seconds or type(seconds))
  if core.is_client(seconds) then
    problem = "it is a client: write client.deadline(...), with a dot in place of the colon"
  end
  error(("bad argument #1 to 'deadline' (%s)"):format(problem), 2)
end

-- Creates a client with all its functions. Errors carry no position.
local function make(settings)
  local loop = loops.find(settings and settings.loop)
  local waits = waiting.new(loop)
  local made, client, await, begins = pcall(core.client, settings, loop and waits:method())
  if not made then error(client, 0) end
  waits.client, waits.begins = client, begins
  if loop then waits:suspend() end
  local kept = {} -- the settings that Lua code reads
  for _, name in ipairs { "max_connections", "max_retries", "patience" } do kept[name] = settings and settings[name] end
  client.cancel_all = cancel_all(waits, kept.max_connections or core.max_connections)
  upload_file_chunked(client, await, waits, kept)
  upload_file(client, await, waits, kept)
  each_file(client, waits)
  wait_until_processed(client, await, waits)
  confirming(client, waits)
  guard(client, waits)
  client.deadline = deadline
  return client
end

--- Creates a client with the given settings. Missing settings come from the environment, which is read now. Raises on a
--- setting that is unknown, of the wrong type or out of range. A configuration that cannot work (no key, a bad URL)
--- makes every call return a `configuration` failure instead.
local function new(settings)
  if settings == nil then settings = {} end
  if type(settings) ~= "table" then
    error(("bad argument #1 to 'new' (settings must be a table, got %s)"):format(type(settings)), 2)
  end
  local copy = {} -- Lua and C both read the settings and must see the same values
  for name, value in next, settings do copy[name] = value end
  local made, client = pcall(make, copy)
  if not made then error(client, 2) end
  client.new = new
  return client
end

local uploads = make()
uploads.new = new
uploads.loops = { sleeping = loops.sleeping, timers = loops.timers }
uploads._NAME = "openai_uploads"
uploads._VERSION = core._VERSION

return uploads
