-- SPDX-License-Identifier: MIT
-- Functions that give a part's bytes: what they may do wrong, and what they may do meanwhile.

local check = require "spec.support.check"
local drive = require "spec.support.drive"
local fault = require "spec.support.fault"
local own_loops = require "spec.support.own_loops"
local part_data = require "spec.support.part_data"
local rows = require "spec.support.rows"
local with_service = require "spec.support.with_service"

local client, id

local service = with_service.emulator()
local server = with_service.fault_server()

teardown(function() part_data.forget() end)

before_each(function()
  client = check.client(service)
  id = service.make_uploads(1)[1]
end)

local function check_stored(...)
  local wanted, got = {}, {}
  for index, bytes in ipairs { ... } do wanted[index] = part_data.md5(bytes) end
  for index, part in ipairs(service.upload(id).parts) do got[index] = part.md5 end
  assert.are.same(wanted, got)
end

-- A function that gives these chunks, and then does that.
local function then_does(chunks, action)
  local given = 0
  return function()
    given = given + 1
    if chunks[given] then return chunks[given] end
    return action()
  end
end

describe("a data function that", function()
  local described = setmetatable({}, { __tostring = function() return "described" end })
  local nothing = setmetatable({}, { __tostring = function() error "oh" end })
  local misdeeds = {
    { "raises a text", function() error("no disk", 0) end, "^the data function raised an error: no disk$" },
    { "raises a table", function() error(described) end, "^the data function raised an error: described$" },
    { "raises nothing", function() error() end,
      "^the data function raised an error: " .. tostring(select(2, pcall(error))) .. "$" }, -- Lua 5.5 has a text for it
    { "raises what cannot be described", function() error(nothing) end, "error that cannot be described$" },
    { "raises at length", function() error(("x"):rep(100000), 0) end, "^the data function raised an error: x+$" },
    { "gives up", function() return nil, "no more" end, "^the data function gave up: no more$" },
    { "gives up and says so in a table", function() return nil, described end,
      "^the data function gave up: described$" },
    { "gives up and says false", function() return nil, false end, "^the data function gave up: false$" },
    { "gives a number", function() return 5 end, "^the data function gave a number where a string was expected$" },
    { "gives false", function() return false end, "^the data function gave a boolean where a string was expected$" },
    { "gives a table", function() return described, "why" end, "^the data function gave a table where a string" },
    { "gives nothing but empty strings", function() return "" end,
      "^the data function gave 1000000 empty strings in a row: return nil at the end$" },
    { "gives itself", function() return print end, "^the data function gave a function where a string was expected$" },
  }
  for _, row in ipairs(misdeeds) do
    for _, chunks in ipairs { {}, { "abc", "", "def" }, { ("x"):rep(300000) } } do
      it(("%s after %d chunks ends the call as aborted"):format(row[1], #chunks), function()
        local before = part_data.descriptors()
        local script = server.script { { { "request" }, { "stall" } }, rows.lucky }
        local calls = rows.client(script.base_url, { max_retries = 2 })
        rows.check_failure({ kind = "aborted", may = false, says = row[3] },
          calls.parts.create("upload_1", { data = then_does(chunks, row[2]), rewind = function() end }))
        rows.check_luck(calls)
        assert.are.equal(1, #script.seen().requests)
        calls.close()
        calls = nil -- luacheck: ignore 311
        script.close()
        assert.are.equal(before, part_data.descriptors())
      end)
    end
  end

  local wrong_lengths = {
    { "gives too little for its length", { "abc", "de" }, 6,
      "^the data function ended after 5 of the 6 bytes of its length$" },
    { "gives nothing for its length", {}, 1, "^the data function ended after 0 of the 1 bytes of its length$" },
    { "gives too much for its length", { "abc", "defg" }, 6,
      "^the data function gave more than the 6 bytes of its length$" },
    { "gives too much at once", { "abcdefg" }, 6, "^the data function gave more than the 6 bytes of its length$" },
  }
  for _, row in ipairs(wrong_lengths) do
    it(row[1] .. " ends the call as aborted", function()
      rows.check_failure({ kind = "aborted", may = false, says = row[4] },
        client.parts.create(id, { data = then_does(row[2], function() end), length = row[3], rewind = function() end }))
      check_stored()
    end)
  end

  it("tells its length is not asked beyond that", function()
    local asked = 0
    local function data()
      asked = asked + 1
      return "abc"
    end
    assert(client.parts.create(id, { data = data, length = 6 }))
    assert.are.equal(2, asked)
    check_stored "abcabc"
  end)
end)

describe("inside its data function a transfer", function()
  -- Begins a part whose function calls `action(transfer)` after its first chunk. Returns the transfer.
  local function start(action, calls)
    local transfer
    transfer = (calls or client).start.parts.create(id, { data = then_does({ "abc" }, function()
      local chunk = action(transfer)
      action = function() end
      return chunk
    end) })
    return transfer
  end

  it("cannot be waited for", function()
    local transfer = start(function(transfer) transfer:wait() end)
    drive.all(client)
    rows.check_failure({
      kind = "aborted", may = false, says = "a transfer cannot be waited for inside its own data function$",
    }, drive.result(transfer))
  end)

  it("can be looked at, for a while too", function()
    local seen = {}
    local transfer = start(function(transfer)
      seen = { transfer:done(), transfer:poll(), transfer:wait(0), transfer:wait(0.02), (transfer:progress()) }
      return "def"
    end)
    assert.is_table(select(2, transfer:wait()))
    assert.are.same({ false, false, false, false, 3 }, seen)
    check_stored "abcdef"
  end)

  it("can be aborted", function()
    local aborted
    local transfer = start(function(transfer)
      aborted = transfer:abort()
      return "def"
    end)
    drive.all(client)
    assert.is_true(aborted)
    rows.check_failure({ kind = "aborted", may = false, says = "^aborted by the program$" }, drive.result(transfer))
    check_stored()
  end)

  it("can be aborted, and what is raised then changes nothing", function()
    local transfer = start(function(transfer)
      transfer:abort()
      error "late"
    end)
    drive.all(client)
    rows.check_failure({ kind = "aborted", may = false, says = "^aborted by the program$" }, drive.result(transfer))
  end)

  it("ends with its client", function()
    local transfer = start(function()
      client.close()
      return "def"
    end)
    drive.all(client)
    rows.check_failure({ kind = "aborted", may = false, says = "^the client was closed$" }, drive.result(transfer))
    assert.are.equal("cancelled", client.cancel(id).status)
  end)

  it("leaves its client free for other calls", function()
    local ids, upload, other = service.make_uploads(2), nil, nil
    local transfer = start(function()
      upload = client.cancel(ids[1])
      other = client.start.cancel(ids[2])
      other:wait()
      return "def"
    end)
    assert.is_table(select(2, transfer:wait()))
    assert.are.same({ "cancelled", "cancelled" }, { upload.status, drive.result(other).status })
    check_stored "abcdef"
  end)

  it("leaves its client free for parts from functions, and for steps", function()
    local function nested(depth)
      return then_does({ "abc" }, function()
        if depth > 0 then assert(client.parts.create(id, { data = nested(depth - 1) })) end
        client.step(0.01)
      end)
    end
    assert(client.parts.create(id, { data = nested(5) }))
    check_stored("abc", "abc", "abc", "abc", "abc", "abc")
  end)

  it("that stalls meanwhile is begun anew, and has no use for the late chunk", function()
    local good = fault.answer(200, '{"id":"part_1","object":"upload.part","created_at":1,"upload_id":"upload_1"}')
    local script = server.script { { { "head" }, { "stall" } }, { { "request" }, { "send", good } } }
    local calls = rows.client(script.base_url, { max_retries = 1, stall_timeout = 0.2 })
    local chunks, given, rewound = { "a", "b" }, 0, 0
    local function data()
      if rewound == 0 then
        drive.till(calls, function() return rewound > 0 end)
        return "late"
      end
      given = given + 1
      return chunks[given]
    end
    local part, failure = calls.parts.create("upload_1", { data = data, rewind = function() rewound = rewound + 1 end })
    assert.is_nil(failure)
    assert.are.same({ "part_1", 1 }, { part.id, rewound })
    assert.are.equal("ab", part_data.form(script.seen().requests[2]).fields[1].bytes)
    script.close()
  end)

  for _, host in ipairs(own_loops) do
    it("in a loop " .. host.name .. " cannot suspend, and says so", function()
      local looping, part, failure = check.client(service, { loop = host.loop }), nil, nil
      host.run { function()
        part, failure = looping.parts.create(id, { data = function()
          looping.cancel(id)
          return "abc"
        end })
      end }
      rows.check_failure({ kind = "aborted", may = false, says = "yield" }, part, failure)
    end)
  end
end)
