-- SPDX-License-Identifier: MIT
-- What the specs of event loops share. A host describes an event loop:
--
--   name, loop         its name, and the `loop` setting of its clients
--   run(functions)     runs each in a coroutine of the loop, and returns when the loop has nothing left to do; raises
--                      what a coroutine raised, and when that takes too long or something is left in the loop
--   spawn(action)      runs it in one more coroutine and keeps no reference to that
--   pause()            lets the other coroutines of the loop run
--   yields_through_c   whether its coroutines can be suspended in a function that C calls
--
-- The modules suspended_calls, _transfers, _uploads and _streams have the rows that every loop must pass: a sentence,
-- and a function that proves it in a world.

local held_server = require "spec.support.held_server"
local rows = require "spec.support.rows"

local suspended = {}

suspended.PATIENCE = 10 -- seconds; only what is broken takes so long

-- Plain Lua 5.1 cannot yield inside a pcall, so rows that need it do not apply there.
suspended.yields_in_pcall = coroutine.wrap(function() return pcall(coroutine.yield, "yielded") end)() == "yielded"

-- Runs `action` and raises its errors, on every Lua.
local function guarded(action, problems)
  if not suspended.yields_in_pcall then return action end
  return function()
    local fine, problem = pcall(action)
    if not fine then problems[#problems + 1] = problem end
  end
end

-- A world has a host, a held server, and
--   client([settings])              a client of the server in the host's loop; no retries by default
--   run(functions [, meanwhile])    runs them in the host and calls `meanwhile` repeatedly until they have ended.
--                                   Without it each request is answered at once
--   steps()                         how often `meanwhile` has run
--   wait_for(condition)             for use in the functions: returns once it holds, or no longer can
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

-- The library of an event loop. It is required on these versions of Lua, for which Debian packages it; LuaJIT loads
-- that of 5.1. Returns nil and the reason where it is missing and not required, or is there without what it requires.
function suspended.library(name, versions)
  local found, library = pcall(require, name)
  if found then return library end
  local lacking = tostring(library):match "module '([^']+)' not found"
  if lacking and lacking ~= name then return nil, ("%s lacks the module '%s' here"):format(name, lacking) end
  for _, version in ipairs(versions) do
    if _VERSION == "Lua " .. version then error(library, 0) end
  end
  return nil, ("no %s is packaged for %s"):format(name, _VERSION)
end

-- The rows of every loop.
function suspended.rows()
  local all = {}
  for _, name in ipairs { "calls", "transfers", "uploads", "streams" } do
    for _, row in ipairs(require("spec.support.suspended_" .. name)) do all[#all + 1] = row end
  end
  return all
end

-- Runs a proof in a new world of that host.
function suspended.prove(host, proof)
  local world = new_world(host)
  local fine, problem = pcall(proof, world)
  world.server.stop()
  if not fine then error(problem, 0) end
end

return suspended
