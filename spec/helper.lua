-- SPDX-License-Identifier: MIT
-- What busted loads before the specs.
local busted = require "busted"

local jit = rawget(_G, "jit")

-- spec/run sets LUA_CPATH. `busted` called by hand finds the module that `make build` made for its interpreter.
local function find_build()
  local name = jit and "luajit" or "lua" .. _VERSION:match "%d%.%d"
  local folder = "build/" .. name
  local module = io.open(folder .. "/openai_uploads/core.so")
  if not module then error(("this busted runs on %s: run 'make build LUA=%s' first"):format(name, name), 0) end
  module:close()
  package.cpath = folder .. "/?.so;" .. package.cpath
end
if not os.getenv "TEST_BUILD" then find_build() end

if os.getenv "TEST_LINES" then require "line_hook" end

-- For spec/job, which names the spec during which the process died or hung.
local running = os.getenv "TEST_RUNNING"

local function full_name(element)
  local parent = busted.parent(element)
  local is_within = parent and parent.name and parent.descriptor ~= "file"
  return (is_within and full_name(parent) .. " " or "") .. element.name
end

local function note(element)
  local file = assert(io.open(running, "w"))
  file:write(full_name(element))
  file:close()
  return nil, true
end
if running then busted.subscribe({ "test", "start" }, note) end

-- Each file leaves clients behind that only the collector closes, and that looks at memory alone: left to itself, it
-- comes when there are more descriptors than select takes. LuaJIT's compiled traces hold some of them.
busted.subscribe({ "file", "end" }, function()
  if jit then jit.flush() end
  collectgarbage()
  collectgarbage()
  return nil, true
end)
