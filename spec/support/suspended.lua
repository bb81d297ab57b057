-- SPDX-License-Identifier: MIT
-- What the specs of event loops share. A host is an event loop as such a spec sees it:
--
--   name, loop         what it is called, and the setting of its clients
--   run(functions)     runs each in a coroutine of the loop, and returns when the loop has nothing left to do; raises
--                      what a coroutine raised, and when that takes too long or something is left in the loop
--   spawn(action)      runs it in one more coroutine, of which it keeps nothing
--   pause()            lets the loop's other coroutines have their turn
--
-- What must hold in every loop stands in suspended_calls, _transfers and _uploads, as rows: what holds, and a function
-- that proves it in a world.

local held_server = require "spec.support.held_server"
local rows = require "spec.support.rows"

local suspended = {}

suspended.PATIENCE = 10 -- seconds; only what is broken takes so long

-- Plain Lua 5.1 cannot yield inside a pcall: what needs that is no matter there.
suspended.yields_in_pcall = coroutine.wrap(function() return pcall(coroutine.yield, "yielded") end)() == "yielded"

-- Runs `action` for its errors, in whatever Lua.
local function guarded(action, problems)
  if not suspended.yields_in_pcall then return action end
  return function()
    local fine, problem = pcall(action)
    if not fine then problems[#problems + 1] = problem end
  end
end

-- A world has a host, a held server, and
--   client([settings])              in the host's loop, of the server; no retries, unless told
--   run(functions [, meanwhile])    runs them in the host, and beside them `meanwhile` again and again, until they have
--                                   ended. Without it all requests are answered as they come
--   steps()                         how often `meanwhile` has run
--   wait_for(condition)             in one of the functions; till it holds, or nobody can make it hold any more
local function new_world(host)
  local server = held_server.start()
  local world, steps = { host = host, server = server }, 0

  function world.client(settings)
    local all = { loop = host.loop }
    for name, value in pairs(settings or {}) do all[name] = value end
    return rows.client(server.base_url, all)
  end

  function world.run(functions, meanwhile)
    local left, problems, list = #functions, {}, {}
    for index, action in ipairs(functions) do
      local careful = guarded(action, problems)
      list[index] = function()
        careful()
        left = left - 1
      end
    end
    list[#list + 1] = guarded(function()
      while left > 0 do
        if meanwhile then meanwhile() else server.serve() end
        steps = steps + 1
        host.pause()
      end
    end, problems)
    host.run(list)
    if problems[1] then error(problems[1], 0) end
  end

  function world.steps() return steps end

  function world.wait_for(condition)
    local last = os.time() + suspended.PATIENCE
    while not condition() do
      if os.time() > last then error("it never came about", 2) end
      host.pause()
    end
  end

  return world
end

-- The library of an event loop, which must be there on these versions of Lua, for Debian packages it for them; LuaJIT
-- loads what is built for 5.1. nil and the reason where it is missing and may be.
function suspended.library(name, versions)
  local found, library = pcall(require, name)
  if found then return library end
  for _, version in ipairs(versions) do
    if _VERSION == "Lua " .. version then error(library, 0) end
  end
  return nil, ("no %s is packaged for %s"):format(name, _VERSION)
end

-- The rows of every loop.
function suspended.rows()
  local all = {}
  for _, name in ipairs { "calls", "transfers", "uploads" } do
    for _, row in ipairs(require("spec.support.suspended_" .. name)) do all[#all + 1] = row end
  end
  return all
end

-- Proves something in a world of that host.
function suspended.prove(host, proof)
  local world = new_world(host)
  local fine, problem = pcall(proof, world)
  world.server.stop()
  if not fine then error(problem, 0) end
end

return suspended
