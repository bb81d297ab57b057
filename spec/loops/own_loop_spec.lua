-- SPDX-License-Identifier: MIT
-- The setting `loop`, and event loops of the program's own.
-- Without a descriptor: too

local check = require "spec.support.check"
local drive = require "spec.support.drive"
local own_loops = require "spec.support.own_loops"
local rows = require "spec.support.rows"
local script = require "spec.support.script"
local suspended = require "spec.support.suspended"
local uploads = require "openai_uploads"
local with_service = require "spec.support.with_service"

for _, host in ipairs(own_loops) do
  describe("in a loop of the program's own " .. host.name, function()
    for _, row in ipairs(suspended.rows()) do
      it(row[1], function() suspended.prove(host, row[2]) end)
    end
  end)
end

describe("a loop of the program's own", function()
  local played

  local server = with_service.fault_server()

  before_each(function() played = server.script { rows.unhurried(20) } end)

  after_each(function() played.close() end)

  local function client_in(loop, settings)
    return rows.client(played.base_url, check.merged({ loop = loop }, settings or {}))
  end

  it("is told the client, what is waited for, and how long it may take", function()
    local told = {}
    local loop = {}
    function loop.wait(...)
      told[#told + 1] = { select("#", ...), ... }
      told[#told][2].step(0.01)
    end
    local client = client_in(loop)
    client.cancel(rows.id)
    assert.are.equal(client, told[1][2])
    assert.is_true(told[1][3]:done())
    assert.is_nil(told[1][4])
    told = {}
    local transfer = client.start.cancel(rows.id)
    if not transfer:done() then
      transfer:wait(5)
      assert.are.equal(transfer, told[1][3])
      assert.is_true(told[1][4] > 0 and told[1][4] <= 5)
    end
  end)

  it("whose wait returns too early is asked again until the call is done", function()
    local turns = 0
    local client = client_in { wait = function(client)
      turns = turns + 1
      if turns % 10 == 0 then client.step(0.01) end
    end }
    assert.are.equal(rows.id, client.cancel(rows.id).id)
    assert.are.equal(rows.id, select(2, client.start.cancel(rows.id):wait()).id)
    assert.are.same({ "upload_1", "upload_2" }, check.sorted_names((client.cancel_all { "upload_1", "upload_2" })))
    assert.is_true(turns >= 10)
  end)

  it("may be another one later: its wait is looked up when it is needed", function()
    local loop = { wait = function() error "the first" end }
    local client, turns = client_in(loop), 0
    function loop.wait(of)
      turns = turns + 1
      of.step(0.01)
    end
    assert.are.equal(rows.id, client.cancel(rows.id).id)
    assert.is_true(turns > 0)
  end)

  it("is asked for nothing by what needs no wait", function()
    local client = client_in({ wait = function() error "asked" end }, { api_key = "" })
    check.failure("configuration", client.cancel(rows.id))
    assert.are.equal("configuration", select(2, client.cancel_all { "a" }).a.kind)
    assert.is_true((client.start.cancel(rows.id):wait()))
    assert.are.same({}, (client.cancel_all {}))
    assert.are.equal(0, client.step())
  end)

  it("whose wait raises ends the call with just that, and the collector aborts what was begun", function()
    local stalled = server.script { { { "request" }, { "stall" } } }
    local problem = {}
    local client = client_in({ wait = function(client)
      drive.till_seen(client, stalled, "requests", 1)
      error(problem)
    end }, { base_url = stalled.base_url })
    local ways = {
      function() client.cancel(rows.id) end,
      function() client.start.cancel(rows.id):wait() end,
      function() client.cancel_all { "upload_1", "upload_2" } end,
    }
    for index, way in ipairs(ways) do
      local fine, raised = pcall(way)
      assert.are.same({ false, true }, { fine, raised == problem })
      drive.collect()
      assert.are.equal(0, client.step())
      assert.is_true(stalled.wait_for("closed_by_peer", index))
    end
    stalled.close()
  end)

  it("that drops the coroutine which waits aborts its call", function()
    local stalled = server.script { { { "request" }, { "stall" } } }
    local client = client_in({ wait = coroutine.yield }, { base_url = stalled.base_url })
    local waiting = coroutine.create(function() client.cancel(rows.id) end)
    coroutine.resume(waiting)
    drive.till_seen(client, stalled, "requests", 1)
    drive.collect()
    assert.are.equal(1, client.step())
    waiting = nil -- luacheck: ignore 311
    drive.collect()
    assert.are.equal(0, client.step())
    assert.is_true(stalled.wait_for("closed_by_peer", 1))
    stalled.close()
  end)

  it("that refuses a call for now makes it a configuration failure, and nothing is sent", function()
    local refusal = "not in this phase"
    local asked = 0
    local client = client_in { wait = function(client) client.step(0.01) end, refusal = function()
      asked = asked + 1
      return refusal
    end }
    local failure = check.failure("configuration", client.cancel(rows.id))
    assert.are.equal("configuration: not in this phase", tostring(failure))
    assert.are.same({ 0, false }, { failure.attempts, failure.may_have_applied })
    local told = {}
    local cancelled, failures = client.cancel_all({ "a", "b", "a" }, { on_result = function(id, upload, why)
      told[#told + 1] = id
      check.failure("configuration", upload, why)
    end })
    assert.are.same({}, cancelled)
    assert.are.same({ "a", "b" }, check.sorted_names(failures))
    assert.are.same({ "a", "b" }, told)
    assert.are.equal("not in this phase", failures.b.message)
    check.holds("upload id is empty", select(2, pcall(client.cancel_all, { "" })))
    assert.are.equal(0, client.step())
    assert.are.equal(0, #played.seen().requests)
    refusal = nil
    assert.are.equal(rows.id, client.cancel(rows.id).id)
    assert.are.equal(3, asked)
  end)
end)

describe("the setting loop", function()

  local server = with_service.fault_server()

  local wrong = {
    { "an unknown name", "libev", "bad option 'loop' ('libev' is none of: blocking, nginx, cqueues, " },
    { "a name in other letters", "Luv", "bad option 'loop' ('Luv' is none of: " },
    { "a name of nothing", "", "bad option 'loop' ('' is none of: " },
    { "the name of another module", "openai_uploads", "is none of: " },
    { "a number", 5, "bad option 'loop' (string or table expected, got number)" },
    { "false", false, "bad option 'loop' (string or table expected, got boolean)" },
    { "a function", print, "bad option 'loop' (string or table expected, got function)" },
    { "a table without wait", {}, "bad option 'loop' (its field 'wait' must be a function, got nil)" },
    { "a wait that is none", { wait = 1 }, "bad option 'loop' (its field 'wait' must be a function, got number)" },
  }
  for _, row in ipairs(wrong) do
    it("refuses " .. row[1], function()
      local line = debug.getinfo(1, "l").currentline + 1
      local fine, message = pcall(function() uploads.new { loop = row[2] } end)
      assert.is_false(fine)
      check.holds(("loop_spec.lua:%d: "):format(line), message)
      check.holds(row[3], message)
    end)
  end

  -- A library that is not there, or is broken.
  for name, library in pairs {
    cqueues = "cqueues", luv = "luv", copas = "copas", tarantool = "fiber", glib = "lgi",
    prosody = "util.async",
  } do
    it(("is an error where '%s' cannot be loaded, and never another loop"):format(name), function()
      local result = script.run(([[
        package.preload["%s"] = function() error "it is not here" end
        local uploads = require "openai_uploads"
        print(pcall(function() uploads.new { loop = "%s" } end))
      ]]):format(library, name))
      assert.are.same({ "", 0 }, { result.stderr, result.status })
      check.holds("false\t", result.stdout)
      check.holds((":3: bad option 'loop' ('%s' cannot be loaded: "):format(name), result.stdout)
      check.holds("it is not here", result.stdout)
    end)
  end

  for name, program in pairs { neovim = "Neovim", haproxy = "HAProxy", nginx = "nginx" } do
    it(("is an error where '%s' is asked for in another program"):format(name), function()
      local fine, message = pcall(uploads.new, { loop = name })
      assert.is_false(fine)
      check.holds(("bad option 'loop' ('%s' cannot be loaded: this program is not %s)"):format(name, program), message)
    end)
  end

  it("is refused in a few words where its library is not installed", function()
    local result = script.run [[
      package.preload["openai_uploads.loop.luv"] = function() require "no_such_library" end
      print(select(2, pcall(require("openai_uploads").new, { loop = "luv" })))
    ]]
    assert.matches("module 'no_such_library' not found%)\n$", result.stdout)
  end)

  it("is nginx's where nginx is, whether that can be loaded or not", function()
    local result = script.run [[
      ngx = { get_phase = function() return "content" end, sleep = function() end }
      package.preload["ngx.semaphore"] = function() error "it is not here" end
      print(pcall(require, "openai_uploads"))
    ]]
    check.holds("false\t", result.stdout)
    check.holds("'nginx' cannot be loaded", result.stdout)
  end)

  it("is blocking where there is but a part of nginx, as in its thread pools", function()
    local result = script.run([[
      ngx = { get_phase = function() return "content" end }
      io.write(assert(require("openai_uploads").cancel "upload_1").id)
    ]], { OPENAI_API_KEY = "sk-1", OPENAI_BASE_URL = server.script({ rows.lucky }).base_url })
    assert.are.same({ "upload_1", "" }, { result.stdout, result.stderr })
  end)

  it("may say blocking, which then suspends nobody", function()
    local client = rows.client(server.script({ rows.lucky }).base_url, { loop = "blocking" })
    local finished
    coroutine.wrap(function()
      assert(client.cancel(rows.id))
      assert(client.start.cancel(rows.id):wait())
      finished = true
    end)()
    assert.is_true(finished)
  end)

  it("is no option of a call", function()
    local loops = { "blocking", own_loops[1].loop }
    for _, loop in ipairs(loops) do
      local client = rows.client(check.dead_url, { loop = loop })
      for _, call in ipairs { client.cancel, client.start.cancel } do
        local line = debug.getinfo(1, "l").currentline + 1
        local fine, message = pcall(function() call(rows.id, { loop = "blocking" }) end)
        assert.is_false(fine)
        check.holds(("loop_spec.lua:%d: option 'loop' is a setting of a whole client"):format(line), message)
      end
    end
  end)

  it("is one client's own", function()
    local base_url, turns = server.script({ rows.unhurried(8) }).base_url, 0
    local suspending = rows.client(base_url, { loop = { wait = function(client)
      turns = turns + 1
      client.step(0.01)
    end } })
    local blocking = rows.client(base_url)
    assert(blocking.cancel(rows.id))
    assert.are.equal(0, turns)
    assert(suspending.cancel(rows.id))
    assert.is_true(turns > 0)
    local seen = turns
    assert(blocking.start.cancel(rows.id):wait())
    local other = suspending.new { base_url = base_url, api_key = "sk-1", proxy = "" }
    assert(other.cancel(rows.id))
    assert.are.equal(seen, turns)
  end)
end)
