-- SPDX-License-Identifier: MIT
-- uploads.loops: loops of hosts that can sleep or have timers, in a host in plain Lua.
-- Without a descriptor: too

local check = require "spec.support.check"
local drive = require "spec.support.drive"
local rows = require "spec.support.rows"
local suspended = require "spec.support.suspended"
local timer_host = require "spec.support.timer_host"
local uploads = require "openai_uploads"
local upload_file = require "spec.support.upload_file"
local with_service = require "spec.support.with_service"

local hosts = {
  { name = "loops.sleeping", loop = uploads.loops.sleeping(timer_host.sleep) },
  { name = "loops.timers", loop = uploads.loops.timers(timer_host.after) },
}
hosts[1].loop.spawn = function(action) -- a host that sleeps may add it
  timer_host.spawn(action)
  return true
end
for _, host in ipairs(hosts) do
  host.run, host.spawn, host.pause = timer_host.run, timer_host.spawn, timer_host.pause
end

for _, host in ipairs(hosts) do
  describe("in " .. host.name, function()
    local service = with_service.emulator()

    after_each(upload_file.remove_all)

    for _, row in ipairs(suspended.rows()) do
      it(row[1], function() suspended.prove(host, row[2]) end)
    end

    it("a file of several MiB goes through, and reports its progress", function()
      local client = check.client(service, { loop = host.loop })
      local path, reports, upload = upload_file.write(("0123456789abcdef"):rep(5 * 64 * 1024)), 0, nil
      host.run { function()
        upload = assert(client.upload_file_chunked {
          file = path, purpose = "batch", on_progress = function() reports = reports + 1 end,
        })
      end }
      assert.are.same({ 5 * 1024 * 1024, true }, { upload.file.bytes, reports > 0 })
    end)

    it("an error in a coroutine does not keep the others from going on", function()
      local ended, problems = 0, nil
      suspended.prove(host, function(world)
        local transfer = world.client().start.cancel(rows.id)
        local calls = {}
        for index = 1, 5 do
          calls[index] = function()
            transfer:wait()
            if index % 2 == 0 then error("oops", 0) end
            ended = ended + 1
          end
        end
        calls[6] = function()
          world.wait_for(function() return world.server.look() == 1 end)
          world.server.answer()
        end
        problems = timer_host.run_all(calls)
      end)
      assert.are.same({ 3, 2 }, { ended, #problems })
      check.holds("oops", problems[1])
    end)
  end)
end

describe("loops.sleeping", function()
  it("sleeps shortly at first, then longer, and shortly again once bytes have moved", function()
    local pauses = {}
    local function sleep(seconds)
      pauses[#pauses + 1] = seconds
      timer_host.sleep(seconds)
    end
    suspended.prove({ run = timer_host.run, pause = timer_host.pause, loop = uploads.loops.sleeping(sleep) },
      function(world)
        local client = world.client()
        world.run({ function() client.cancel(rows.id) end }, function()
          if world.server.look() == 1 and pauses[#pauses] > 0.004 then world.server.answer() end
        end)
        local longest = pauses[#pauses]
        world.run { function() client.cancel(rows.id) end }
        assert.are.same({ 0.002, true, 0.002 }, { pauses[1], longest <= 0.02, pauses[#pauses] })
      end)
  end)
end)

describe("loops.timers", function()
  it("has one timer for all that wait for a client, and none when they have gone", function()
    suspended.prove(hosts[2], function(world)
      local client, calls, ended, most = world.client(), {}, 0, 0
      for index = 1, 20 do
        calls[index] = function()
          client.cancel("upload_" .. index)
          ended = ended + 1
        end
      end
      calls[21] = function()
        world.wait_for(function() return world.server.look() == 20 end)
        timer_host.pause()
        most = timer_host.timers()
        world.server.serve()
      end
      timer_host.run(calls)
      assert.are.same({ 20, true, 0 }, { ended, most <= 1, timer_host.timers() })
    end)
  end)

  it("raises at a call outside a coroutine, and aborts what was begun", function()
    suspended.prove(hosts[2], function(world)
      local client = world.client()
      local fine, message = pcall(client.cancel, rows.id)
      assert.is_false(fine)
      check.holds("a call that suspends was made outside a coroutine", message)
      check.holds("use coroutine.wrap, or loop = \"blocking\"", message)
      drive.collect()
      assert.are.equal(0, client.step())
    end)
  end)
end)

describe("the table loops", function()
  it("belongs to the module alone", function()
    assert.are.same({ "sleeping", "timers" }, check.sorted_names(uploads.loops))
    assert.is_nil(uploads.new({ api_key = "sk-1" }).loops)
  end)

  for _, name in ipairs { "sleeping", "timers" } do
    it(("refuses what is not a function, at the caller's line: %s"):format(name), function()
      local line = debug.getinfo(1, "l").currentline + 1
      local fine, message = pcall(function() uploads.loops[name](5) end)
      assert.is_false(fine)
      check.holds(("generic_spec.lua:%d: bad argument #1 to '%s' (function expected, got number)"):format(line, name),
        message)
    end)
  end
end)
