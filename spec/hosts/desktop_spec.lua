-- SPDX-License-Identifier: MIT
-- The examples for programs with a picture: mpv, LÖVE and darktable.
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
      programs.wait_until(child.has_ended, "it quits")
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

  local function run(folder)
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

  -- A game whose threads send, each of which has a call waiting.
  local with_threads = [[
    local sent = 0
    for number = 1, 2 do
      love.thread.newThread("sender.lua"):start()
      love.thread.getChannel("replays"):push("replay " .. number)
    end
    function love.update()
      local message = love.thread.getChannel("sent"):pop()
      if message then
        print("sent: " .. message)
        sent = sent + 1
      end
      local quit = io.open(os.getenv "TURNS" .. ".quit")
      if sent == 2 or quit then love.event.quit() end
    end
    function love.threaderror(_, message) error(message) end]]

  local function with_game_of_threads(body)
    programs.with_folder(function(folder)
      make_game(folder)
      append_turns(folder)
      programs.write_file(folder .. "/game/main.lua", with_threads)
      service.answer_next { { call = "create", gate = true }, { call = "create", gate = true } }
      local child = run(folder)
      service.wait_for_requests(2)
      body(child, folder)
    end)
  end

  programs.it(host, "draws on while the calls of two threads wait", function()
    with_game_of_threads(function(child, folder)
      programs.check_goes_on(folder .. "/turns")
      service.open_gate()
      assert.matches("sent: " .. FILE .. "\nsent: " .. FILE, child.finish())
    end)
  end)

  programs.it(host, "quits while calls of its threads wait", function()
    with_game_of_threads(function(child, folder)
      programs.write_file(folder .. "/turns.quit", "")
      programs.wait_until(child.has_ended, "it quits")
      child.finish()
    end)
  end)

  programs.it(host, "quits while a call waits", function()
    programs.with_folder(function(folder)
      make_game(folder)
      service.answer_next(programs.gate)
      local file = assert(io.open(folder .. "/game/main.lua", "a"))
      file:write [[
        local update = love.update
        function love.update(dt)
          update(dt)
          local quit = io.open(os.getenv "TURNS" .. ".quit")
          if quit then love.event.quit() end
        end]]
      file:close()
      local child = run(folder)
      service.wait_for_requests(1)
      programs.write_file(folder .. "/turns.quit", "")
      programs.wait_until(child.has_ended, "it quits")
      child.finish()
    end)
  end)
end)

describe("darktable", function()
  local host = programs.find { program = "darktable-cli", lua = "lua5.4" }

  programs.it(host, "sends a picture that it exports", function()
    programs.with_folder(function(folder)
      programs.write_file(folder .. "/in.ppm", "P6\n16 16\n255\n" .. ("\1\100\200"):rep(256))
      local environment = programs.environment(host, service)
      environment.HOME = folder
      local output, status = programs.run(environment, ("sh -c 'cd %s && darktable-cli in.ppm out.jpg --core "
        .. "--configdir . --cachedir . --library :memory: --luacmd \"dofile [[%s/examples/darktable/upload.lua]]\"'")
        :format(folder, programs.checkout))
      assert.are.equal(0, status, output)
      assert.matches("out.jpg is " .. FILE, output)
    end)
  end)
end)
