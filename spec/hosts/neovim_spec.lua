-- SPDX-License-Identifier: MIT
-- Neovim: loop = "luv", which picks "neovim" by itself; and the example.
-- Runs once: Neovim has a Lua of its own.

local host_rows = require "spec.support.host_rows"
local programs = require "spec.support.programs"
local with_service = require "spec.support.with_service"

local nvim = programs.find { program = "nvim" }
local BARE = "--headless -u NONE -i NONE -n "

describe("Neovim", function()
  host_rows.prove(nvim, BARE .. "-S spec/support/hosts/neovim.lua")
end)

describe("the example for Neovim", function()
  local service = with_service.emulator()

  -- Adds to the file of turns as long as Neovim works. Quits once the id of the File is there, or after so many turns.
  local driver = [[
    local turns, count, longest = io.open(os.getenv "TURNS", "a"), 0, tonumber(os.getenv "LONGEST") or math.huge
    vim.fn.timer_start(5, function()
      count = count + 1
      turns:write "."
      turns:flush()
      local id = vim.fn.getreg('"'):match "^file%-"
      if id then print("the register has " .. vim.fn.getreg('"')) end
      if id or count == longest then vim.cmd "quitall!" end
    end, { ["repeat"] = -1 })]]

  -- Returns the variables and the command. longest: turns.
  local function prepare(folder, longest)
    programs.write_file(folder .. "/driver.lua", driver)
    local environment = programs.environment(nvim, service)
    environment.TURNS, environment.LONGEST = folder .. "/turns", longest
    service.answer_next(programs.gate)
    return environment, ("%s %s -S examples/neovim/upload.lua -S %s/driver.lua -c 'Upload README.md'"):format(nvim.path,
      BARE, folder)
  end

  programs.it(nvim, "sends a file while Neovim goes on, and uses Neovim's functions after that", function()
    programs.with_folder(function(folder)
      local environment, command = prepare(folder)
      local child = programs.start(environment, command)
      programs.answer_after_turns(service, environment.TURNS)
      local output = child.finish()
      assert.matches("README.md: %d+ of %d+ bytes", output)
      assert.matches("README.md is file%-%x+", output)
      assert.matches("the register has file%-%x+", output)
    end)
  end)

  programs.it(nvim, "says that a buffer without a name has no file", function()
    local output, status = programs.run(programs.environment(nvim, service),
      ("%s %s -S examples/neovim/upload.lua -c Upload -c 'quitall!'"):format(nvim.path, BARE))
    assert.are.same({ "this buffer has no file", 0 }, { output:match "[^\n]*$", status })
  end)

  programs.it(nvim, "lets Neovim quit while the service does not answer", function()
    programs.with_folder(function(folder)
      local output, status = programs.run(prepare(folder, 100))
      service.wait_for_requests(1)
      assert.are.same({ 0, nil }, { status, output:match "file%-" })
    end)
  end)
end)
