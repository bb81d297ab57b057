-- SPDX-License-Identifier: MIT
-- The rows of every event loop, proven inside a real program, see spec/support/hosts/run_rows.lua.

local busted = require "busted"
local programs = require "spec.support.programs"
local suspended = require "spec.support.suspended"
local with_service = require "spec.support.with_service"

local host_rows = {}

local function read_report(path)
  local results, is_whole = {}, false
  for line in io.lines(path) do
    local verdict, name, reason = line:match "^(%l+) (.-): | (.*)$"
    if not verdict then verdict, name = line:match "^(%l+) (.*)$" end
    if verdict then results[name] = verdict == "ok" and "ok" or reason end
    is_whole = line == "end"
  end
  return results, is_whole
end

--- Defines a spec for each row, inside of a `describe`. host: of `programs`. command: what follows its path in a shell.
function host_rows.prove(host, command)
  local service = with_service.emulator()
  local results = {}

  busted.setup(function()
    if host.hindrance then return end
    programs.with_folder(function(folder)
      local environment = programs.environment(host, service)
      environment.HOST_FOLDER = folder
      environment.LUA_PATH = ("%s/?.lua;%s"):format(programs.checkout, environment.LUA_PATH)
      local output = programs.run(environment, host.path .. " " .. command)
      local is_whole
      results, is_whole = read_report(folder .. "/report")
      assert(is_whole, output)
    end)
  end)

  for _, list in ipairs { suspended.rows(), require "spec.support.hosts.more_rows" } do
    for _, row in ipairs(list) do
      programs.it(host, row[1], function()
        assert(results[row[1]] == "ok", results[row[1]] or "nothing is known of it")
      end)
    end
  end
end

return host_rows
