-- SPDX-License-Identifier: MIT
-- The examples for conky, WeeChat, VLC and WirePlumber.
-- Runs once: each program has a Lua of its own.

local programs = require "spec.support.programs"
local with_service = require "spec.support.with_service"

local service = with_service.emulator()

local FILE = "(file%-%x+)"

describe("conky", function()
  local host = programs.find { program = "conky" }

  -- Runs body(child) with a conky that has called the service. It must end on TERM.
  local function with_conky(body)
    local environment = programs.environment(host, service)
    environment.FILE = programs.checkout .. "/README.md"
    service.answer_next(programs.gate)
    programs.with_running(environment,
      "sh -c " .. programs.quoted(("cd %s/examples/conky && exec conky -c conky.conf"):format(programs.checkout)), body)
  end

  programs.it(host, "shows a file that is sent, and updates meanwhile", function()
    with_conky(function(child)
      child.find "sending"
      service.wait_for_requests(1)
      for _ = 1, 3 do child.find "sending" end
      service.open_gate()
      child.find(FILE)
    end)
  end)

  programs.it(host, "ends on TERM while a call waits", function()
    with_conky(function() service.wait_for_requests(1) end)
  end)
end)

describe("WeeChat", function()
  local host = programs.find { program = "weechat-headless", plugin = "/usr/lib/*/weechat/plugins/lua.so" }

  -- Adds to the file of turns, and quits once the other script has printed.
  local driver = [[
    weechat.register("driver", "specs", "1", "MIT", "drives", "", "")
    local turns = io.open(os.getenv "TURNS", "a")
    function turn()
      turns:write "."
      turns:flush()
      return weechat.WEECHAT_RC_OK
    end
    function printed(_, _, _, _, _, _, _, text)
      local out = io.open(os.getenv "TURNS" .. ".text", "w")
      out:write(text)
      out:close()
      weechat.command("", "/quit")
      return weechat.WEECHAT_RC_OK
    end
    weechat.hook_timer(10, 0, 0, "turn", "")
    weechat.hook_print("", "", " is ", 1, "printed", "")]]

  programs.it(host, "sends a file while it goes on", function()
    programs.with_folder(function(folder)
      programs.write_file(folder .. "/driver.lua", driver)
      local environment = programs.environment(host, service)
      environment.TURNS, environment.HOME = folder .. "/turns", folder
      service.answer_next(programs.gate)
      local child = programs.start(environment, ("weechat-headless -a -d %s/home -r '/lua load %s/driver.lua;"
        .. "/lua load %s/examples/weechat/upload.lua;/upload %s/README.md'"):format(folder, folder,
          programs.checkout, programs.checkout))
      programs.answer_after_turns(service, environment.TURNS)
      child.finish()
      assert.matches("README.md is " .. FILE, programs.sh(("cat %s/turns.text"):format(folder)))
    end)
  end)
end)

describe("VLC", function()
  local host = programs.find { program = "cvlc", plugin = "/usr/lib/*/vlc/plugins/lua/liblua_plugin.so" }

  -- VLC does not run as root.
  local function as_user(command)
    if not programs.sh "id -u":match "^0" then return command end
    return "setpriv --reuid=65534 --regid=65534 --clear-groups " .. command
  end

  programs.it(host, "sends the file that plays", function()
    programs.with_folder(function(folder)
      local scripts = folder .. "/.local/share/vlc/lua/intf"
      programs.sh(("mkdir -p %s && cp examples/vlc/upload.lua %s"):format(scripts, scripts))
      programs.sh("chmod -R a+rwX " .. folder)
      programs.write_file(folder .. "/silence.wav", programs.silence)
      local environment = programs.environment(host, service)
      environment.HOME, environment.XDG_DATA_HOME = folder, folder .. "/.local/share"
      local child = programs.start(environment, as_user(("cvlc --no-dbus -v --loop --aout=dummy -I luaintf "
        .. "--lua-intf upload %s/silence.wav"):format(folder)))
      local fine, raised = pcall(child.find, "silence.wav is " .. FILE)
      child.stop()
      if not fine then error(raised, 0) end
    end)
  end)
end)

describe("WirePlumber", function()
  local host = programs.find { program = "wpexec", plugin = "/usr/lib/*/wireplumber-*/*lua-scripting.so" }
  if not host.hindrance and not programs.find({ program = "pipewire", lua = "lua5.3" }).path then
    host.hindrance = "pipewire is not installed"
  end

  programs.it(host, "sends a text while it goes on", function()
    programs.with_folder(function(folder)
      programs.sh("chmod 700 " .. folder)
      local environment = programs.environment(host, service)
      environment.XDG_RUNTIME_DIR, environment.HOME = folder, folder
      local pipewire = programs.start(environment, "pipewire")
      local fine, raised = pcall(function()
        programs.wait_until(function() return programs.sh("ls " .. folder):find "pipewire%-0\n" end, "PipeWire listens")
        local output, status = programs.run(environment, ("wpexec %s/examples/wireplumber/upload.lua"):format(
          programs.checkout))
        assert.are.equal(0, status, output)
        assert.matches(FILE, output)
      end)
      pipewire.stop()
      if not fine then error(raised, 0) end
    end)
  end)
end)
