-- SPDX-License-Identifier: MIT
-- loop = "luv".

local check = require "spec.support.check"
local drive = require "spec.support.drive"
local rows = require "spec.support.rows"
local script = require "spec.support.script"
local suspended = require "spec.support.suspended"
local uploads = require "openai_uploads"
local with_service = require "spec.support.with_service"
local uv, missing = suspended.library("luv", { "5.1", "5.2", "5.3", "5.4" })
if not uv then return pending("in luv: " .. missing) end

local host = { name = "luv", loop = "luv" }

-- Those that keep a loop from ending, of one kind or all.
local function active_handles(kind)
  local list = {}
  uv.walk(function(handle)
    local name = tostring(handle)
    if handle:is_active() and name:find(kind or "") then list[#list + 1] = name end
  end)
  return list
end

function host.run(functions)
  local is_late = false
  local watchdog = uv.new_timer()
  watchdog:start(suspended.PATIENCE * 1000, 0, function()
    is_late = true
    uv.stop()
  end)
  watchdog:unref()
  for _, action in ipairs(functions) do host.spawn(action) end
  uv.run()
  watchdog:close()
  uv.run("nowait")
  assert(not is_late, "the loop has something to do still")
  local left = active_handles()
  assert(#left == 0, left[1])
end

function host.pause()
  local paused, timer = coroutine.running(), uv.new_timer()
  timer:start(1, 0, function()
    if host.look then host.look() end
    timer:close()
    assert(coroutine.resume(paused))
  end)
  coroutine.yield()
end

function host.spawn(action) coroutine.wrap(action)() end

describe("in luv", function()
  for _, row in ipairs(suspended.rows()) do
    it(row[1], function() suspended.prove(host, row[2]) end)
  end
end)

describe("luv", function()

  local server = with_service.fault_server()

  local function client_of(connections, settings)
    local played = server.script(connections)
    return rows.client(played.base_url, check.merged({ loop = "luv" }, settings or {})), played
  end

  local stalled = { { "request" }, { "stall" } }

  it("raises at a call outside a coroutine, and aborts what was begun", function()
    local client, played = client_of { stalled }
    local ways = {
      function() client.cancel(rows.id) end,
      function() client.start.cancel(rows.id):wait() end,
      function() client.start.cancel(rows.id):wait(1) end,
      function() client.cancel_all { rows.id } end,
    }
    for _, way in ipairs(ways) do
      local fine, message = pcall(way)
      assert.is_false(fine)
      check.holds("a call that suspends was made outside a coroutine", message)
      check.holds("use coroutine.wrap, or loop = \"blocking\"", message)
      assert.are.same({}, active_handles())
      drive.collect()
      assert.are.equal(0, client.step())
    end
    played.close()
  end)

  it("has one handle for all that wait for a client, and none when they have gone", function()
    suspended.prove(host, function(world)
      local client, calls, most = world.client(), {}, 0
      -- In a callback of the loop: luv 1.50 and 1.51 look for walk's function on the stack of the main coroutine.
      function host.look() most = math.max(most, #active_handles "poll") end
      finally(function() host.look = nil end)
      for index = 1, 20 do
        calls[index] = function() client.cancel("upload_" .. index) end
      end
      world.run(calls, function()
        if world.server.look() == 20 then world.server.serve() end
      end)
      assert.are.same({ 1, 20, {} }, { most, #world.server.requests, active_handles() })
    end)
  end)

  for _, raised in ipairs { "'oops'", "failure", "setmetatable({}, { __tostring = function() return 'oops' end })" } do
    it(("ends the program at an error in a coroutine, and tells where: %s"):format(raised), function()
      local played = server.script { rows.unhurried(1) }
      local result = script.run(([[
        local client = require("openai_uploads").new { loop = "luv", max_retries = 0 }
        local _, failure = require("openai_uploads").new({ base_url = "http://127.0.0.1:1/v1", max_retries = 0 })
          .cancel("upload_1")
        coroutine.wrap(function()
          assert(client.cancel "upload_1")
          error(%s) -- on line 6
        end)()
        require("luv").run()
      ]]):format(raised), { OPENAI_API_KEY = "sk-1", OPENAI_BASE_URL = played.base_url, no_proxy = "*" })
      assert.are_not.equal(0, result.status)
      check.holds(raised == "failure" and "connection: " or "oops", result.stderr)
      check.holds(":6: in function", result.stderr)
      played.close()
    end)
  end

  -- As in an editor that tells of errors and lives on. All of them go on in one turn, for they wait for one thing.
  it("that survives an error in one coroutine lets the others go on", function()
    local new_timer, told, ended = uv.new_timer, 0, 0
    local function careful_timer()
      local timer = new_timer()
      return { close = function() timer:close() end, start = function(_, first, again, action)
        timer:start(first, again, function()
          if not pcall(action) then told = told + 1 end
        end)
      end }
    end
    local function choose(timer)
      uv.new_timer = timer
      package.loaded["openai_uploads.loop.luv"] = nil
    end
    finally(function() choose(new_timer) end)
    choose(careful_timer)
    suspended.prove(host, function(world)
      local transfer = world.client().start.cancel(rows.id)
      local answering = new_timer()
      for index = 1, 5 do
        host.spawn(function()
          transfer:wait()
          if index % 2 == 0 then error "oops" end
          ended = ended + 1
        end)
      end
      answering:start(1, 1, function()
        if world.server.look() == 0 then return end
        world.server.answer()
        answering:close()
      end)
      uv.run()
    end)
    assert.are.same({ 3, 2 }, { ended, told })
  end)

  -- What else could end a waiting coroutine from without; only Lua 5.4 can.
  if rawget(coroutine, "close") then
    it("forgets a coroutine that was closed while it waited, when its call has ended", function()
      local client, played = client_of { { { "request" }, { "wait", 0.05 }, { "send", rows.good_answer } } }
      local waiting = coroutine.create(function() client.cancel(rows.id) end)
      assert(coroutine.resume(waiting))
      assert(coroutine.close(waiting)) -- luacheck: ignore 143
      drive.collect()
      uv.run()
      assert.are.same({ {}, 0 }, { active_handles(), client.step() })
      played.close()
    end)
  end

  it("is no loop of a client that says nothing of it", function()
    local played = server.script { rows.lucky }
    local client = uploads.new { base_url = played.base_url, api_key = "sk-1", proxy = "" }
    assert.are.equal(rows.id, client.cancel(rows.id).id)
    played.close()
  end)
end)
