-- SPDX-License-Identifier: MIT
-- Defines the rows of a spec that runs scenarios in which something is scarce.

local assert = require "luassert"
local built = require "spec.support.built"
local busted = require "busted"

local supported = os.getenv "TEST_BUILD" and not (os.getenv "LD_PRELOAD" or ""):find "asan"

-- Runs the scenarios. Returns what is said of those in which something is wrong, and how many ran.
local function run(library, arguments, only)
  local command = ("SCARCITY_ONLY='%s' SCARCITY_LIBRARY=%s LD_PRELOAD='%s' " ..
    "%s spec/support/scarcity/run.lua %s 2>&1"):format(only or "",
    library, library, os.getenv "TEST_LUA" or "lua5.4", arguments)
  local pipe = assert(io.popen(command))
  local output = pipe:read "*a"
  pipe:close()
  return output, tonumber(output:match "(%d+) tried" or 0)
end

-- rows: each { who, what is scarce, how much of it is tried, a pattern of the scenarios if not all }
return function(rows)
  local library

  busted.setup(function()
    if supported then library = built.library("scarcity/failing_calls", true) end
  end)

  for _, row in ipairs(rows) do
    busted.it(row[1] .. " ends each call, tells what is true, loses nothing and goes on", function()
      if not library then busted.pending "needs glibc, a compiler and Lua's headers, and no sanitizer" return end
      local output, tried = run(library, ("%s %s"):format(row[2], os.getenv "SCARCITY_MOST" or row[3]), row[4])
      assert.is_nil(output:find "BROKEN", output)
      assert.is_true(tried > 50, output)
    end)
  end
end
