-- SPDX-License-Identifier: MIT
-- Clients and calls come and go with Lua's collector, coroutines and the end of the program.

local check = require "spec.support.check"
local drive = require "spec.support.drive"
local script = require "spec.support.script"
local with_service = require "spec.support.with_service"

local service = with_service.emulator()

local function new_id() return service.make_uploads(1)[1] end

-- The output of a program that must end well, or with the status that is expected.
local function run(code, environment, status)
  local result = script.run(code, check.merged(
    { OPENAI_BASE_URL = service.base_url, OPENAI_API_KEY = check.key, ID = new_id() }, environment or {}))
  assert.are.same({ "", status or 0 }, { result.stderr, result.status })
  return result.stdout
end

describe("the collector", function()
  it("may run whenever a function of the program is called", function()
    service.answer_next { { status = 500 }, { status = 503 } }
    local told = {}
    local function tell(what) drive.collect() told[#told + 1] = what end
    local client = check.client(service, { api_key = function() tell "key" return check.key end })
    local upload = client.cancel(new_id(), {
      on_retry = function() tell "retry" end, log = function(event) tell(event.event) end,
    })
    drive.collect()
    assert.are.equal("cancelled", upload.status)
    assert.are.equal("key request retry retry key request retry retry key request done", table.concat(told, " "))
  end)

  it("may run without a pause", function()
    assert.are.equal("40 cancelled, 40 refused", run [[
      local function tune(name, old_name, value)
        if not pcall(collectgarbage, old_name, value) then collectgarbage("param", name, value) end -- Lua 5.5
      end
      tune("pause", "setpause", 0)
      tune("stepmul", "setstepmul", 100000)
      local client = require("openai_uploads").new { headers = { ["X-A"] = "1" } }
      local params = { filename = "a", purpose = "batch", bytes = 1, mime_type = "c" }
      local cancelled, refused = 0, 0
      for _ = 1, 40 do
        local id = assert(client.create(params, { query = { a = 1 }, log = function() end })).id
        if client.cancel(id, { with_response = true }).status == "cancelled" then cancelled = cancelled + 1 end
        local _, failure = client.cancel(id)
        if tostring(failure):find("bad_request", 1, true) then refused = refused + 1 end
      end
      io.write(cancelled, " cancelled, ", refused, " refused")
    ]])
  end)

  it("takes a client whose functions nobody has, and no other", function()
    local cancel = check.client(service).cancel
    drive.collect()
    assert(cancel(new_id()))
    drive.collect()
    assert(cancel(new_id()))
    local requests = service.requests()
    assert.are.equal(requests[1].connection, requests[2].connection)
  end)

  it("gives back what thousand clients held", function()
    local function descriptors()
      local pipe = io.popen("unset LD_PRELOAD; ls /proc/$PPID/fd | wc -l")
      local count = tonumber(pipe:read("*l"))
      pipe:close()
      return count
    end
    drive.collect()
    local before = descriptors()
    if before == 0 then pending("this system has no /proc/PID/fd") end
    for index = 1, 1000 do
      local client = check.client(service)
      if index % 10 == 0 then client.cancel("upload_unknown") end
      if index % 50 == 0 then drive.collect() end
    end
    drive.collect()
    local left = descriptors() - before
    assert.is_true(left < 20, left) -- a few, where the collector finds an old pointer on the stack
  end)

  it("finds no table, function or text that a call has kept", function()
    local client = check.client(service)
    local kept = setmetatable({}, { __mode = "v" })
    local function call()
      local options = { log = function() return kept end, headers = { a = "b" } }
      local _, failure, response = client.cancel("upload_unknown", check.merged(options, { with_response = true }))
      kept[1], kept[2], kept[3], kept[4] = options, options.log, failure, response
    end
    call()
    drive.collect()
    assert.is_nil(next(kept))
    assert(client.cancel(new_id()))
  end)

  -- Finalizers run in the opposite order of birth at a program's end, so the client goes before the older object.
  it("may finalize a client before an object that still wants it, which is then not served by another", function()
    local output = run([[
      local client
      local function last_wish() io.write(tostring(pcall(client.cancel, os.getenv "ID"))) end
      local object = newproxy and newproxy(true) or setmetatable({}, { __gc = last_wish })
      if newproxy then getmetatable(object).__gc = last_wish end
      client = require("openai_uploads").new { base_url = os.getenv "DEAD_URL", max_retries = 0 }
      client.cancel "upload_1"
      keep = object
    ]], { DEAD_URL = check.dead_url })
    assert.is_truthy(output == "true" or output == "false", output)
    check.nothing_sent(service)
  end)
end)

describe("a program's end", function()
  local call = 'local uploads = require "openai_uploads" assert(uploads.cancel(os.getenv "ID"))\n'

  it("may come with live clients", function()
    run(call .. 'client = uploads.new() client.cancel "upload_unknown"')
    run(call .. "os.exit(0, true)")
    run(call .. "os.exit(0)")
    run('require "openai_uploads"')
  end)

  for _, name in ipairs { "log", "on_retry", "api_key" } do
    it(("may come in the middle of a call, from %s"):format(name), function()
      service.answer_next { { status = 500 } }
      run(([[
        local client = require("openai_uploads").new { %s = function() os.exit(7, true) end }
        client.cancel(os.getenv "ID")
      ]]):format(name), {}, 7)
    end)
  end
end)

describe("a coroutine", function()
  it("can make calls", function()
    local client = check.client(service)
    local statuses = {}
    local routines = {}
    for index = 1, 3 do
      routines[index] = coroutine.wrap(function()
        coroutine.yield()
        statuses[index] = client.cancel(new_id()).status
        coroutine.yield()
        statuses[index + 3] = client.cancel(new_id()).status
      end)
    end
    for _ = 1, 3 do
      for _, resume in ipairs(routines) do resume() end
    end
    assert.are.equal(6, #statuses)
  end)

  it("can leave behind a client that others use", function()
    local client
    coroutine.wrap(function()
      client = check.client(service, { api_key = function() return check.key end })
      client.cancel "upload_unknown"
    end)()
    drive.collect()
    assert(client.cancel(new_id()))
    assert.are.equal("cancelled", coroutine.wrap(function() return client.cancel(new_id()) end)().status)
  end)

  it("that yields in a callback is told that it cannot", function()
    service.answer_next { { status = 500 } }
    local client = check.client(service, { on_retry = coroutine.yield })
    local failure
    coroutine.wrap(function() failure = check.failure("aborted", client.cancel(new_id())) end)()
    check.holds("yield", failure.message)
    assert(client.cancel(new_id()))
  end)
end)

describe("a call inside a callback of the same client", function()
  for _, name in ipairs { "on_retry", "log", "api_key" } do
    it(("is as good as any: in %s"):format(name), function()
      service.answer_next { { status = 500 } }
      local client, inner
      local nested = false
      client = check.client(service, { [name] = function()
        if not nested then
          nested = true
          inner = client.cancel(new_id())
        end
        return check.key
      end })
      local outer = client.cancel(new_id())
      assert.are.same({ "cancelled", "cancelled" }, { outer.status, inner.status })
      assert.are_not.equal(outer.id, inner.id)
      assert.are.equal(3, (select(2, service.requests())))
    end)
  end

  it("without end ends in a failure, and the client lives on", function()
    assert.are.equal("configuration cancelled", run [[
      local client
      local endless = true
      client = require("openai_uploads").new { api_key = function()
        if endless then assert(client.cancel "upload_1") end
        return os.getenv "OPENAI_API_KEY"
      end }
      local _, failure = client.cancel "upload_1"
      endless = false
      io.write(failure.kind, " ", assert(client.cancel(os.getenv "ID")).status)
    ]])
  end)
end)
