-- SPDX-License-Identifier: MIT
-- luv: a poll handle for each client that coroutines wait for. Inside Neovim, steps and coroutines run in functions
-- that Neovim schedules, because its API refuses to be called in a callback of luv.
local coroutines = require "openai_uploads.loop.coroutines"
local uv = require "luv"
local watch = require "openai_uploads.loop.watch"

local vim = rawget(_G, "vim")
local schedule = type(vim) == "table" and vim.schedule

local next_turn

local function soon(action)
  next_turn = next_turn or uv.new_timer()
  next_turn:start(0, 0, action)
end

local host = { spawn = coroutines.spawn, suspension = coroutines.suspension(schedule or soon, "coroutine.wrap") }

function host.begin(client)
  local handle = assert(uv.new_poll(watch.descriptor(client, "luv")))
  local is_over, readable = false, nil

  local function step()
    if is_over then return end
    if schedule then handle:start("r", readable) end
    client.step()
  end

  -- Inside Neovim the handle rests until the step, because it would report the same again and again.
  function readable()
    if not schedule then return step() end
    handle:stop()
    schedule(step)
  end

  handle:start("r", readable)
  return function()
    is_over = true
    handle:close()
  end
end

function host.after(seconds, action)
  local timer = uv.new_timer()
  timer:start(math.ceil(seconds * 1000), 0, action)
  return function() timer:close() end
end

return watch.loop(host)
