-- SPDX-License-Identifier: MIT
-- Memory that runs out at some allocation of the process, be it Lua's, ours or of a library, over all calls, without
-- and with TLS and HTTP/2; few descriptors; system calls that fail. Each call ends with what is true or raises "not
-- enough memory", nothing of ours is lost, and the next call works. SCARCITY_MOST: at how many allocations of each
-- scenario; a large number means at each.

local built = require "spec.support.built"

local supported = os.getenv "TEST_BUILD" and not (os.getenv "LD_PRELOAD" or ""):find "asan"

describe("a process", function()
  local library

  setup(function()
    if not supported then return end
    library = built.library("scarcity/failing_calls", true)
  end)

  -- Runs the scenarios. Returns what is said of those in which something is wrong, and how many ran.
  local function run(arguments, only)
    local command = ("SCARCITY_ONLY='%s' SCARCITY_LIBRARY=%s LD_PRELOAD='%s' " ..
      "%s spec/support/scarcity/run.lua %s 2>&1"):format(only or "",
      library, library, os.getenv "TEST_LUA" or "lua5.4", arguments)
    local pipe = assert(io.popen(command))
    local output = pipe:read "*a"
    pipe:close()
    return output, tonumber(output:match "(%d+) tried" or 0)
  end

  local rows = {
    { "whose memory runs out", "malloc", 2 },
    { "that may have few descriptors", "descriptors", 4 },
    { "whose system calls fail", "calls", 1, "a later cancel" },
  }
  for _, row in ipairs(rows) do
    it(row[1] .. " ends each call, tells what is true, loses nothing and goes on", function()
      if not library then pending "needs glibc, a compiler and Lua's headers, and no sanitizer" return end
      local output, tried = run(("%s %s"):format(row[2], os.getenv "SCARCITY_MOST" or row[3]), row[4])
      assert.is_nil(output:find "BROKEN", output)
      assert.is_true(tried > 50, output)
    end)
  end
end)
