-- SPDX-License-Identifier: MIT
-- loop = "cqueues".
-- Without a descriptor: too

local check = require "spec.support.check"
local drive = require "spec.support.drive"
local fault = require "spec.support.fault"
local rows = require "spec.support.rows"
local suspended = require "spec.support.suspended"
local with_service = require "spec.support.with_service"
local cqueues, missing = suspended.library("cqueues", { "5.1", "5.2", "5.3", "5.4" })
if not cqueues then return pending("in cqueues: " .. missing) end

local host = { name = "cqueues", loop = "cqueues" }

function host.run(functions)
  local controller = cqueues.new()
  for _, action in ipairs(functions) do controller:wrap(action) end
  local fine, problem = controller:loop(suspended.PATIENCE)
  if not fine then error(problem, 0) end
  assert(controller:empty(), "the loop has something to do still")
end

function host.pause() cqueues.sleep(0.001) end

function host.spawn(action) cqueues.running():wrap(action) end

describe("in cqueues", function()
  for _, row in ipairs(suspended.rows()) do
    it(row[1], function() suspended.prove(host, row[2]) end)
  end
end)

describe("cqueues", function()

  local server = with_service.fault_server()

  local function client_of(connections, settings)
    local played = server.script(connections)
    return rows.client(played.base_url, check.merged({ loop = "cqueues" }, settings or {})), played
  end

  it("lets calls be made outside its controllers, too, where they block", function()
    local busy = rows.answered(fault.answer(503, "", nil, { connection = "close" }))
    local client, played = client_of({ busy, rows.lasting }, { max_retries = 1 })
    assert.are.equal(rows.id, client.cancel(rows.id).id)
    assert.are.same({ true, rows.id }, { true, select(2, client.start.cancel(rows.id):wait()).id })
    assert.are.same({ "a", "b" }, check.sorted_names((client.cancel_all { "a", "b" })))
    coroutine.wrap(function() assert.are.equal(rows.id, client.cancel(rows.id).id) end)()
    client.close()
    assert.are.equal(rows.id, client.cancel(rows.id).id)
    played.close()
  end)

  it("lets an end of waiting come outside its controllers, too", function()
    local client, played = client_of { { { "request" }, { "stall" } } }
    local transfer = client.start.cancel(rows.id)
    assert.are.same({ false }, { transfer:wait(0.05) })
    assert.is_true(transfer:abort())
    check.failure("timeout", client.cancel(rows.id, { timeout = 0.1 }))
    played.close()
  end)

  it("tells of an error in a coroutine, and the others go on", function()
    local client, played = client_of { rows.lasting }
    local controller, ended = cqueues.new(), 0
    for index = 1, 5 do
      controller:wrap(function()
        assert(client.cancel(rows.id))
        if index % 2 == 0 then error("oops " .. index, 0) end
        ended = ended + 1
      end)
    end
    local told = {}
    for problem in controller:errors(suspended.PATIENCE) do told[#told + 1] = problem end
    table.sort(told)
    assert.are.same({ "oops 2", "oops 4" }, told)
    assert.are.same({ 3, true }, { ended, controller:empty() })
    played.close()
  end)

  it("may have several controllers, one in another, that share a client", function()
    local client, played = client_of { rows.lasting }
    local outer, inner, ended = cqueues.new(), cqueues.new(), 0
    local function call()
      for _ = 1, 5 do assert(client.cancel(rows.id)) end
      ended = ended + 1
    end
    for _ = 1, 3 do
      outer:wrap(call)
      inner:wrap(call)
    end
    outer:wrap(function() assert(inner:loop()) end)
    assert(outer:loop(suspended.PATIENCE))
    assert.are.same({ 6, true, true }, { ended, outer:empty(), inner:empty() })
    played.close()
  end)

  it("may drop a controller whose coroutines wait: their calls are aborted, and the client lives on", function()
    local client, played = client_of { { { "request" }, { "stall" } }, { { "request" }, { "stall" } }, rows.lasting }
    local controller = cqueues.new()
    for index = 1, 2 do
      controller:wrap(function() client.cancel("upload_" .. index) end)
    end
    local last = os.time() + suspended.PATIENCE
    while not played.wait_for("requests", 2, 0) and os.time() < last do controller:step(0.01) end
    drive.collect()
    assert.are.equal(2, client.step())
    controller = nil -- luacheck: ignore 311
    drive.collect()
    drive.collect()
    assert.are.equal(0, client.step())
    assert.is_true(played.wait_for("closed_by_peer", 2))
    host.run { function() assert.are.equal(rows.id, client.cancel(rows.id).id) end }
    client.close()
    host.run { function() assert.are.equal(rows.id, client.cancel(rows.id).id) end }
    played.close()
  end)
end)
