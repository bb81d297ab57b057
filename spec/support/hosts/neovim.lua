-- SPDX-License-Identifier: MIT
-- Runs the rows inside Neovim.
-- luacheck: read globals vim

local running = require "spec.support.hosts.running"
local suspended = require "spec.support.suspended"

local host = { loop = "luv" }

function host.spawn(action) coroutine.wrap(action)() end

function host.pause()
  local paused = coroutine.running()
  vim.defer_fn(function() assert(coroutine.resume(paused)) end, 1)
  coroutine.yield()
end

host.run = running.run(host.spawn, function(condition) vim.wait(suspended.PATIENCE * 1000, condition, 1) end)

assert(require "openai_uploads.loop.luv" == require "openai_uploads.loop.neovim")
require "spec.support.hosts.run_rows"(host)
vim.cmd "quitall!"
