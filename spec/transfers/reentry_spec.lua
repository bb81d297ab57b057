-- SPDX-License-Identifier: MIT
-- What a program's functions may do to the call that they are called for, to their client and to Lua: each deed in each
-- function, however the call is made. The call ends, nothing is left of it, and the client makes the next one.
-- (stepping_spec has what becomes of the call, for those that are stepped.)

local check = require "spec.support.check"
local core = require "openai_uploads.core"
local drive = require "spec.support.drive"
local upload_file = require "spec.support.upload_file"
local with_service = require "spec.support.with_service"

local service = with_service.emulator()
after_each(upload_file.remove_all)

local function new_id() return service.make_uploads(1)[1] end

local MAX_DEEDS = 2 -- in one call: what a deed begins may come to the same function again

local undescribable = setmetatable({}, {})
getmetatable(undescribable).__tostring = function() error(undescribable) end

-- call: { client, transfer: where it is known, other: an id }. Those that raise are left out where that is only told on
-- stderr, which is callbacks_spec's.
local deeds = {
  { "raises a text", function() error("oh dear", 0) end, raises = true },
  { "raises a table", function() error {} end, raises = true },
  { "raises nothing", function() error() end, raises = true },
  { "raises what cannot be described", function() error(undescribable) end, raises = true },
  { "collects", drive.collect },
  { "steps", function(call) call.client.step(0.01) end },
  { "closes the client", function(call) call.client.close() end },
  { "closes the client and raises", function(call)
    call.client.close()
    error("oh dear", 0)
  end, raises = true },
  { "closes the client, steps and collects", function(call)
    call.client.close()
    call.client.step()
    drive.collect()
  end },
  { "closes the client and makes a call", function(call)
    call.client.close()
    call.client.cancel(call.other)
  end },
  { "makes a call", function(call) call.client.cancel(call.other) end },
  { "starts a call and drops it", function(call)
    call.client.start.cancel(call.other)
    drive.collect()
  end },
  { "starts a call with a listener", function(call)
    call.client.start.cancel(call.other):on_done(drive.collect)
    drive.collect()
  end },
  { "starts a call with a listener that closes the client", function(call)
    call.client.start.cancel(call.other):on_done(call.client.close)
  end },
  { "sends a file", function(call)
    call.client.upload_file_chunked { data = "abc", filename = "a.txt", purpose = "batch" }
  end },
  { "starts a file and drops it", function(call)
    call.client.start.upload_file_chunked { data = "abc", filename = "a.txt", purpose = "batch" }
    drive.collect()
  end },
  { "cancels many", function(call) call.client.cancel_all { call.other, "upload_none" } end },
  { "aborts itself", function(call) if call.transfer then call.transfer:abort() end end },
  { "aborts itself and raises", function(call)
    if call.transfer then call.transfer:abort() end
    error("oh dear", 0)
  end, raises = true },
  { "aborts and takes itself", function(call)
    if type(call.transfer) ~= "userdata" then return end
    call.transfer:abort()
    core.take(call.transfer)
  end },
  { "finalizes itself", function(call)
    if type(call.transfer) == "userdata" then getmetatable(call.transfer).__gc(call.transfer) end
  end },
  { "finalizes itself and raises", function(call)
    if type(call.transfer) == "userdata" then getmetatable(call.transfer).__gc(call.transfer) end
    error("oh dear", 0)
  end, raises = true },
  { "waits for itself", function(call) if call.transfer then call.transfer:wait(0.02) end end },
  { "listens to itself", function(call) if call.transfer then call.transfer:on_done(drive.collect) end end },
}

local function of_part(id, deed, name)
  local left = 3
  local params = { data = function()
    if name == "data" then deed() end
    left = left - 1
    return left >= 0 and "abc" or nil
  end, rewind = function()
    left = 3
    if name == "rewind" then deed() end
  end }
  return "parts.create", id, params
end

local function of_file(_, deed, name)
  return "upload_file_chunked", { data = "abcdef", filename = "a.txt", purpose = "batch", part_size = 2, [name] = deed }
end

-- Each: name, fun(id, deed) -> the name of a call and its arguments; settings of the client: fun(deed).
local places = {
  { "api_key", function(id) return "cancel", id end,
    function(deed) return { api_key = function() deed() return check.key end } end },
  { "on_retry", function(id, deed) return "cancel", id, { on_retry = deed } end },
  { "data", of_part }, { "rewind", of_part },
  { "on_progress", of_file }, { "on_checkpoint", of_file },
  { "on_result", function(id, deed) return "cancel_all", { id, "upload_none" }, { on_result = deed } end },
  { "on_done", function(id) return "cancel", id end, is_told = true },
}
for _, event in ipairs { "request", "retry", "done" } do
  places[#places + 1] = { "log at a " .. event, function(id, deed)
    return "cancel", id, { log = function(told) if told.event == event then deed() end end }
  end, is_told = true }
end

local function find(calls, name)
  if name == "parts.create" then return calls.parts.create end
  return calls[name]
end

-- Suspends its coroutine, which the proof below resumes.
local own_loop = {}
function own_loop.wait(client)
  client.step(0.01)
  coroutine.yield()
end

local function start(call, name, ...)
  local begun, transfer = pcall(find(call.client.start, name), ...)
  if not begun then error(transfer, 0) end
  call.transfer = transfer
  if call.place == "on_done" then transfer:on_done(call.deed) end
  return transfer
end

-- How a call is made: fun(call, name, ...) -> what it comes to. Of one that is begun, deeds are done once its transfer
-- is known.
local ways = {
  { "blocking", function(call, name, ...)
    if call.place == "on_done" then call.client.start.cancel(call.other):on_done(call.deed) end
    return find(call.client, name)(...)
  end },
  { "begun", function(call, name, ...)
    local transfer = start(call, name, ...)
    drive.till(call.client, function() return transfer:done() end)
    if tostring(transfer):find "closed" then return nil, { kind = "closed" } end
    return select(2, transfer:poll())
  end, is_begun = true },
  { "begun and waited for", function(call, name, ...)
    local transfer = start(call, name, ...)
    local fine, done, result, failure = pcall(transfer.wait, transfer)
    if not fine then
      check.holds("the transfer ", done) -- was closed, before or while it was waited for
      check.holds("closed", done)
      return nil, { kind = "closed" }
    end
    return result, failure
  end, is_begun = true },
  { "in a loop of the program's own", function(call, name, ...)
    local arguments, results = { ... }, nil
    if call.place == "on_done" then
      call.transfer = call.client.start.cancel(call.other)
      call.transfer:on_done(call.deed)
    end
    local thread = coroutine.create(function()
      results = { find(call.client, name)(arguments[1], arguments[2], arguments[3]) }
    end)
    local last = os.time() + 10
    while coroutine.status(thread) ~= "dead" do
      assert.is_true(os.time() <= last, "it never came to an end")
      local fine, raised = coroutine.resume(thread)
      if not fine then error(raised, 0) end
    end
    return results[1], results[2]
  end, own_loop },
}

local kinds = { aborted = true, configuration = true, closed = true, bad_request = true, server = true }

-- What the call came to must be an object, a failure that the deed explains, or, in on_result, what it raised.
local function check_outcome(place, fine, result, failure)
  if not fine then
    assert.are.equal("on_result", place, type(result))
  elseif result == nil then
    assert.is_true(kinds[failure.kind], failure.kind)
  else
    assert.is_table(result)
  end
end

local function prove(way, place, deed)
  local call = { place = place[1], other = new_id() }
  local times, is_ready = 0, true
  function call.deed()
    if not is_ready or times == MAX_DEEDS or way.is_begun and not call.transfer then return end
    times = times + 1
    if place.is_told then pcall(deed[2], call) else deed[2](call) end
  end
  local settings = place[3] and place[3](call.deed) or {}
  settings.max_retries, settings.loop = 2, way[3]
  call.client = check.client(service, settings)
  service.answer_next {
    { call = "cancel", status = 503, delay = 0.01 }, { call = "parts", status = 503, delay = 0.01 },
  }
  check_outcome(place[1], pcall(way[2], call, place[2](new_id(), call.deed, place[1])))
  drive.all(call.client)
  assert.is_true(times > 0)
  is_ready, call.transfer = false, nil
  local next_one = call.client.start.cancel(new_id())
  drive.all(call.client)
  assert.are.equal("cancelled", assert(drive.result(next_one)).status)
  call.client.close()
  assert.are.equal(0, call.client.step())
end

for _, way in ipairs(ways) do
  for _, place in ipairs(places) do
    describe(("%s of a call that is %s may be one that"):format(place[1], way[1]), function()
      for _, deed in ipairs(deeds) do
        if not (deed.raises and place.is_told) and not (way.is_begun and place[1] == "on_result") then
          it(deed[1], function() prove(way, place, deed) end)
        end
      end
    end)
  end
end

it("a file's listener that raises what cannot be described is told on stderr, and its job is done", function()
  local client, stderr, told = check.client(service), io.stderr, {}
  local job = client.start.upload_file_chunked { data = "abc", filename = "a.txt", purpose = "batch" }
  io.stderr = { write = function(_, ...) told[#told + 1] = table.concat { ... } end } -- luacheck: ignore 122
  local fine, raised = pcall(function()
    job:on_done(function() error(undescribable) end) -- it may be done already
    drive.till(client, function() return job:done() end)
  end)
  io.stderr = stderr -- luacheck: ignore 122
  assert.is_true(fine, raised)
  assert.are.same({ "openai_uploads: the on_done function raised an error: an error that cannot be described\n" }, told)
  assert.are.equal("completed", drive.result(job).status)
end)
