-- SPDX-License-Identifier: MIT
-- Runs inside a program that embeds Lua: proves the rows of suspended.lua, and those of more_rows.lua, in its loop.
-- Each result is a line in the file `report` of HOST_FOLDER: `ok NAME`, or `failed NAME: | REASON`. The last line is
-- `end`.

local suspended = require "spec.support.suspended"

local function one_line(text) return (tostring(text):gsub("%s*\n%s*", " | ")) end

--- host: as suspended.lua describes it.
return function(host)
  local report = assert(io.open(os.getenv "HOST_FOLDER" .. "/report", "w"))
  report:setvbuf "line"
  local function prove(list)
    for _, row in ipairs(list) do
      local fine, problem = pcall(suspended.prove, host, row[2])
      report:write(fine and "ok " or "failed ", row[1], fine and "" or ": | " .. one_line(problem), "\n")
    end
  end
  prove(suspended.rows())
  prove(require "spec.support.hosts.more_rows")
  report:write "end\n"
  report:close()
end
