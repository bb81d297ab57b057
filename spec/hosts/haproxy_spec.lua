-- SPDX-License-Identifier: MIT
-- HAProxy: loop = "haproxy", and the example.
-- Runs once: HAProxy has a Lua of its own.

local gateway = require "spec.support.hosts.gateway"
local host_rows = require "spec.support.host_rows"
local programs = require "spec.support.programs"
local with_service = require "spec.support.with_service"

local haproxy = programs.find { program = "haproxy" }

describe("HAProxy", function()
  host_rows.prove(haproxy, "-db -f spec/support/hosts/haproxy.cfg")
end)

describe("the example for HAProxy", function()
  gateway.prove { host = haproxy, source = "examples/haproxy/haproxy.cfg", arguments = "-db -f" }
end)

describe("a call while HAProxy loads its scripts", function()
  local service = with_service.emulator()

  -- The lines of the two scripts are printed in this order.
  programs.it(haproxy, "blocks, since nothing else runs then, and later ones do not", function()
    programs.with_folder(function(folder)
      programs.write_file(folder .. "/script.lua", [[
        local core, uploads = core, require("openai_uploads").new { loop = "haproxy" }
        local steps, step = 0, uploads.step
        function uploads.step(...)
          steps = steps + 1
          return step(...)
        end
        print("body", select(2, uploads.cancel "upload_none").kind, steps < 100)
        core.register_init(function() print("init", select(2, uploads.cancel "upload_none").kind) end)
        core.register_task(function()
          print("task", select(2, uploads.cancel "upload_none").kind)
          os.exit(0)
        end)]])
      programs.write_file(folder .. "/haproxy.cfg", ("global\n lua-load %s/script.lua\ndefaults\n timeout client 5s\n"
        .. " timeout server 5s\n timeout connect 5s\nlisten unused\n bind unix@%s/unused\n"):format(folder, folder))
      service.answer_next { { call = "cancel", delay = 0.1 } }
      local output = programs.run(programs.environment(haproxy, service),
        ("%s -db -f %s/haproxy.cfg"):format(haproxy.path, folder))
      assert.matches("body\tnot_found\ttrue\n.*init\tnot_found\n.*task\tnot_found\n", output)
    end)
  end)
end)
