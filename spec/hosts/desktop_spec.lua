-- SPDX-License-Identifier: MIT
-- The examples for programs with a picture: mpv and LÖVE.
-- Runs once: each program has a Lua of its own.

local programs = require "spec.support.programs"
local with_service = require "spec.support.with_service"

local service = with_service.emulator()

local FILE = "(file%-%x+)"

describe("mpv", function()
  local host = programs.find { program = "mpv" }

  -- A script of the same mpv: presses the key once the file plays, and quits when the other script has spoken.
  local driver = [[
    local turns = io.open(os.getenv "TURNS", "a")
    mp.add_periodic_timer(0.01, function()
      turns:write "."
      turns:flush()
    end)
    mp.register_event("file-loaded", function() mp.commandv("keypress", "Ctrl+u") end)
    mp.enable_messages "info"
    mp.register_event("log-message", function(event)
      if event.prefix == "upload" then
        print("heard: " .. event.text)
        mp.commandv "quit"
      end
    end)
    if os.getenv "QUIT" then
      mp.add_periodic_timer(0.01, function()
        local quit = io.open(os.getenv "QUIT")
        if quit then mp.commandv "quit" end
      end)
    end]]

  local function start(folder, quit)
    programs.write_file(folder .. "/driver.lua", driver)
    programs.write_file(folder .. "/silence.wav", programs.silence)
    local environment = programs.environment(host, service)
    environment.TURNS, environment.HOME, environment.QUIT = folder .. "/turns", folder, quit
    return programs.start(environment, ("mpv --no-config --vo=null --ao=null --loop-file=inf --script=%s/%s "
      .. "--script=%s/driver.lua %s/silence.wav"):format(programs.checkout, "examples/mpv/upload.lua", folder, folder))
  end

  programs.it(host, "sends the file that plays while its scripts go on", function()
    programs.with_folder(function(folder)
      service.answer_next(programs.gate)
      local child = start(folder)
      programs.answer_after_turns(service, folder .. "/turns")
      assert.matches("heard: [^\n]*silence.wav is " .. FILE, child.finish())
    end)
  end)

  programs.it(host, "quits while a call waits", function()
    programs.with_folder(function(folder)
      service.answer_next(programs.gate)
      local child = start(folder, folder .. "/quit")
      service.wait_for_requests(1)
      programs.write_file(folder .. "/quit", "")
      child.finish()
    end)
  end)
end)

describe("LÖVE", function()
  local host = programs.find { program = "love", lua = "luajit" }
  if not host.hindrance and not programs.find({ program = "xvfb-run", lua = "luajit" }).path then
    host.hindrance = "xvfb is not installed"
  end

  -- The game's folder as a player gets it, with everything in it. Adds to the file of turns in each frame.
  local function make_game(folder)
    programs.sh(("mkdir %s/game && cp -r examples/love/*.lua lua/openai_uploads %s/game && "
      .. "cp %s/openai_uploads/core.so %s/game/openai_uploads"):format(folder, folder, host.folder, folder))
  end

  local function run(folder, main)
    if main then programs.write_file(folder .. "/game/main.lua", main) end
    local environment = programs.environment(host, service)
    environment.LUA_PATH, environment.LUA_CPATH = nil, nil
    environment.HOME, environment.TURNS, environment.SDL_AUDIODRIVER = folder, folder .. "/turns", "dummy"
    return programs.start(environment, ("xvfb-run -a love %s/game"):format(folder))
  end

  local function append_turns(folder)
    local file = assert(io.open(folder .. "/game/conf.lua", "a"))
    file:write [[
      local turns = io.open(os.getenv "TURNS", "a")
      local present
      function love.load()
        present = love.graphics.present
        function love.graphics.present()
          turns:write "."
          turns:flush()
          present()
        end
      end]]
    file:close()
  end

  programs.it(host, "sends a replay out of the game's own folder, and draws on", function()
    programs.with_folder(function(folder)
      make_game(folder)
      append_turns(folder)
      service.answer_next(programs.gate)
      local child = run(folder)
      programs.answer_after_turns(service, folder .. "/turns")
      assert.matches("The replay is " .. FILE, child.finish())
    end)
  end)
end)
