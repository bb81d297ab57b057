-- SPDX-License-Identifier: MIT
-- guard, with_upload, and complete, which both watch: what they take and return; programs that die meanwhile.

local cjson = require "cjson"
local check = require "spec.support.check"
local drive = require "spec.support.drive"
local own_loops = require "spec.support.own_loops"
local scopes = require "spec.support.scopes"
local script = require "spec.support.script"
local uploads = require "openai_uploads"
local with_service = require "spec.support.with_service"

local params, has_close = scopes.params, scopes.has_close
local client

local service = with_service.emulator()

before_each(function() client = check.client(service, { max_retries = 0 }) end)

-- What a spec has dropped is cancelled here, not in the next one.
after_each(function()
  for _ = 1, 2 do drive.collect() end
  drive.all(client)
end)

local function pack(...) return { count = select("#", ...), ... } end

local function statuses()
  local found = {}
  for index, upload in ipairs(service.uploads()) do found[index] = upload.status end
  return found
end

local function send_part(upload) return assert(client.parts.create(upload.id, { data = "hello" })).id end

describe("with_upload", function()
  it("hands the Upload to the function as create returned it, and with_response's third value after it", function()
    local first, second
    client.with_upload(params, function(...) first = pack(...) end)
    client.with_upload(params, function(...) second = pack(...) end, { with_response = true })
    assert.are.same({ "pending", "a.txt" }, { first[1].status, first[1].filename })
    assert.is_nil(getmetatable(first[1]))
    assert.is_nil(first[2])
    assert.are.equal(200, second[2].status)
  end)

  for _, options in ipairs { {}, { with_response = true } } do
    it("returns a failure of create, and does not call the function", function()
      service.answer_next { { status = 401 } }
      local got = pack(client.with_upload(params, function() error "called" end, options))
      assert.are.equal(401, check.failure("authentication", got[1], got[2]).status)
      assert.are.same(options.with_response and { 3, 401 } or { 2 }, { got.count, got[3] and got[3].status })
    end)
  end

  it("gives its options to create", function()
    client.with_upload(params, function() end, { headers = { ["X-Mine"] = "1" } })
    local requests = service.requests()
    assert.are.equal("1", requests[1].headers["x-mine"])
  end)

  for _, row in ipairs {
    { "bad argument #2 to 'with_upload' (function expected, got nil)", function() client.with_upload(params) end },
    { "bad argument #1 to 'create' (params must be a table", function() client.with_upload(nil, print) end },
    { "unknown option 'time_out'", function() client.with_upload(params, print, { time_out = 1 }) end },
  } do
    it(("raises misuse at the caller's line, and sends nothing: %s"):format(row[1]), function()
      for _, loop in ipairs { "blocking", own_loops[1].loop } do
        client = check.client(service, { loop = loop })
        local fine, raised = pcall(row[2])
        assert.is_false(fine)
        check.holds(("guard_spec.lua:%d: %s"):format(debug.getinfo(row[2], "S").linedefined, row[1]), raised)
      end
      check.nothing_sent(service)
    end)
  end

  it("needs no call that waits where the loop cannot", function()
    client = check.client(service, { loop = { wait = error, refusal = function() return "not here" end } })
    check.holds("not here", check.failure("configuration", client.with_upload(params, error)).message)
  end)
end)

describe("complete, which guards watch,", function()
  for _, row in ipairs {
    { "bad argument #1 to 'complete' (upload id must be a string, got nil)", function() client.complete() end },
    { "params.part_ids is empty", function() client.complete("upload_1", { part_ids = {} }) end },
    { "bad argument #1 to 'complete' (upload id is empty)", function() client.start.complete("", {}) end },
  } do
    it(("raises misuse at the caller's line: %s"):format(row[1]), function()
      for _, loop in ipairs { "blocking", own_loops[1].loop } do
        client = check.client(service, { loop = loop })
        local _, raised = pcall(row[2])
        check.holds(("guard_spec.lua:%d: "):format(debug.getinfo(row[2], "S").linedefined), raised)
        check.holds(row[1], raised)
      end
    end)
  end

  it("raises what the loop raises, as it is", function()
    local upload = client.create(params)
    local given = { part_ids = { send_part(upload) } }
    service.answer_next { { call = "complete", delay = 0.05 } }
    client = check.client(service, { loop = { wait = function() error("oh dear", 0) end } })
    assert.are.same({ false, "oh dear" }, { pcall(function() client.complete(upload.id, given) end) })
  end)

  it("returns as many values as any call", function()
    for _, loop in ipairs { "blocking", { wait = function(of) of.step(0.01) end } } do
      client = check.client(service, { loop = loop })
      local upload = client.create(params)
      local given = { part_ids = { send_part(upload) } }
      assert.are.equal(1, select("#", client.complete(upload.id, given)))
      assert.are.equal(2, select("#", client.complete(upload.id, given)))
      local last = pack(client.complete(upload.id, given, { with_response = true }))
      assert.are.same({ 3, 400 }, { last.count, last[3].status })
    end
  end)
end)

describe("guard", function()
  it("is in both the module and its clients, as is with_upload", function()
    assert.are.same({ "function", "function" }, { type(uploads.guard), type(uploads.with_upload) })
  end)

  it("leaves cancel the C function that it is", function()
    assert.are.equal("C", debug.getinfo(client.cancel, "S").what)
    assert.are.equal("C", debug.getinfo(client.start.cancel, "S").what)
  end)

  if not has_close then
    it("raises where Lua has no <close>, and names what there is", function()
      local function try() client.guard(client.create(params)) end
      local line = debug.getinfo(try, "S").linedefined
      local fine, raised = pcall(try)
      assert.is_false(fine)
      check.holds(("guard_spec.lua:%d: 'guard' needs Lua 5.4 or newer: use with_upload"):format(line), raised)
    end)
    return
  end

  it("hands on what create returned: the same table, which has __close alone, and can be encoded", function()
    local upload = client.create(params)
    local encoded, got = cjson.encode(upload), pack(client.guard(upload))
    assert.are.same({ 1, true }, { got.count, got[1] == upload })
    assert.are.same({ "__close" }, check.sorted_names(getmetatable(upload)))
    assert.are.same(cjson.decode(encoded), cjson.decode(cjson.encode(upload)))
    assert.are.equal(3, select("#", client.guard(client.create(params, { with_response = true }))))
  end)

  it("hands on a failure", function()
    service.answer_next { { status = 401 } }
    local failure = check.failure("authentication", client.guard(client.create(params)))
    assert.are.equal(2, select("#", client.guard(nil, failure)))
    service.answer_next { { status = 401 } }
    assert(scopes.compile [[
      local client, params, check = ...
      local upload <close>, failure = client.guard(client.create(params))
      check.failure("authentication", upload, failure)
    ]])(client, params, check)
  end)

  it("twice of one Upload guards it once", function()
    local twice = assert(scopes.compile [[
      local client, params, body = ...
      local outer <close> = client.guard(client.create(params))
      do
        local inner <close> = client.guard(outer)
        local same <close> = client.guard { id = outer.id }
        body(outer)
      end
    ]])
    twice(client, params, function(upload)
      assert(client.complete(upload.id, { part_ids = { send_part(upload) } }))
    end)
    twice(client, params, send_part)
    assert.are.same({ "completed", "cancelled" }, statuses())
    assert.are.equal(6, (select(2, service.requests()))) -- of which one is a cancel
  end)

  it("that is dropped before its scope ends cancels once it is collected and the client stepped", function()
    client.guard(client.create(params))
    for _ = 1, 2 do drive.collect() end
    drive.all(client)
    assert.are.same({ "cancelled" }, statuses())
  end)

  it("in a coroutine that is closed, where nothing can wait, is left to the collector", function()
    local in_body = false
    client = check.client(service, { max_retries = 0, loop = { wait = function(of)
      of.step(0.01)
      coroutine.yield()
    end } })
    local waiting = coroutine.create(function()
      scopes.all.guard(client, function()
        in_body = true
        coroutine.yield()
      end)
    end)
    drive.till(client, function() return in_body or not coroutine.resume(waiting) end)
    service.answer_next { { call = "cancel", delay = 0.05, close = true } }
    local closed, problem = coroutine.close(waiting) -- luacheck: ignore 143
    assert.is_false(closed)
    check.holds("yield", problem)
    waiting = nil -- luacheck: ignore 311
    for _ = 1, 2 do drive.collect() end
    drive.all(client)
    assert.are.same({ "cancelled" }, statuses())
  end)

  for _, row in ipairs {
    { "an Upload, or nil and a failure, expected, got nil", function() client.guard() end },
    { "an Upload, or nil and a failure, expected, got nil", function() client.guard(nil, "no") end },
    { "an Upload, or nil and a failure, expected, got string", function() client.guard "upload_1" end },
    { "an Upload, or nil and a failure, expected, got userdata",
      function() client.guard(client.start.create(params)) end },
    { "an Upload expected, got an object 'upload.part'",
      function() client.guard { id = "a", object = "upload.part" } end },
    { "upload id must be a string, got nil", function() client.guard {} end },
    { "upload id is empty", function() client.guard { id = "" } end },
  } do
    it(("raises misuse at the caller's line: %s"):format(row[1]), function()
      local fine, raised = pcall(row[2])
      assert.is_false(fine)
      local line = debug.getinfo(row[2], "S").linedefined
      check.holds(("guard_spec.lua:%d: bad argument #1 to 'guard' (%s)"):format(line, row[1]), raised)
    end)
  end
end)

describe("a program with a guarded Upload", function()
  local prologue = [[
    if jit then jit.off() end -- what it compiles runs no hooks
    io.stdout:setvbuf "line"
    local uploads = require "openai_uploads"
    local params = { filename = "a.txt", purpose = "user_data", bytes = 5, mime_type = "text/plain" }
    local function body(upload)
      local part = assert(uploads.parts.create(upload.id, { data = "hello" }))
      %s
    end
  ]]
  local endings = { with_upload = "uploads.with_upload(params, body)" }
  if has_close then
    endings.guard = "local upload <close> = assert(uploads.guard(uploads.create(params))) body(upload)"
  end
  local environment

  before_each(function() environment = { OPENAI_BASE_URL = service.base_url, OPENAI_API_KEY = check.key } end)

  for name, ending in pairs(endings) do
    for _, row in ipairs {
      { "computes", 'print "there" while true do end' },
      { "sends a part", 'print "there" uploads.parts.create(upload.id, { data = "hello" })',
        { call = "parts", delay = 10 }, sleeps = true },
      { "completes it", 'print "there" uploads.complete(upload.id, { part_ids = { part.id } })',
        { call = "complete", delay = 10 }, sleeps = true, left = "pending" },
      { "waits for a started completion",
        'print "there" uploads.start.complete(upload.id, { part_ids = { part.id } }):wait()',
        { call = "complete", delay = 10 }, sleeps = true, left = "pending" },
    } do
      local action = row.left and "sends no cancel, which could race with the completion," or "cancels it"
      it(("by %s %s at Ctrl-C while it %s, and ends with just that"):format(name, action, row[1]), function()
        if row[3] then service.answer_next { row[3].call == "parts" and { call = "parts" } or row[3], row[3] } end
        local child = script.start(prologue:format(row[2]) .. ending, environment)
        assert.are.equal("there", child.first_line)
        if row.sleeps then assert.is_true(child.asleep()) end
        child.interrupt()
        check.holds("interrupted!", child.finish())
        assert.are.same({ row.left or "cancelled" }, statuses())
        assert.are.equal(row.left and 0 or 1, (select(2, service.requests())) - (row[3] and 3 or 2))
      end)
    end

    it(("by %s cancels it when it dies of an error"):format(name), function()
      local result = script.run(prologue:format 'error "oh dear"' .. ending, environment)
      assert.are.equal(1, result.status)
      check.holds("oh dear", result.stderr)
      assert.are.same({ "cancelled" }, statuses())
    end)
  end

  it("may end in the middle of it", function()
    for _, ending in pairs(endings) do
      local result = script.run(prologue:format "os.exit(7, true)" .. ending, environment)
      assert.are.same({ "", 7 }, { result.stderr, result.status })
    end
  end)
end)
