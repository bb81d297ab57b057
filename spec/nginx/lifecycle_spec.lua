-- SPDX-License-Identifier: MIT
-- What becomes of calls when nginx reloads, ends or loses a worker, when requests are given up and when means are
-- wanting; and of the driver behind them when nothing is left to do.
-- Runs once: nginx has a Lua of its own.
-- Without a sanitizer: nginx loads a module that was compiled without one.

local check = require "spec.support.check"
local nginx = require "spec.support.nginx"
local with_service = require "spec.support.with_service"

local service = with_service.emulator()
local stalled = with_service.held_service()

-- Lua of init_by_lua: clients of the emulator, `good`, and of the service that answers when told to, `held`.
local function clients(settings) return nginx.clients({ good = service, held = stalled }, settings) end

local content = nginx.content

local call = content("/call", "probe.say(probe.call_as_asked())") .. content("/pid", "ngx.print(ngx.worker.pid())")

-- So many calls of the service that is held, begun, and its requests.
local function begin_calls(server, count)
  local calls = {}
  for index = 1, count do calls[index] = server.begin("GET /call?client=held&id=upload_" .. index) end
  return calls, stalled.take_many(count)
end

local function check_finished(calls, expected)
  for _, begun in ipairs(calls) do
    local _, body = begun.finish()
    check.holds(expected or '"status":"cancelled"', body)
  end
end

-- A call that goes well, of the same client and another.
local function check_good_calls(server)
  local calls, requests = begin_calls(server, 1)
  requests[1].answer()
  check_finished(calls)
  assert.are.equal("not_found", server.ask("/call?client=good&id=upload_none").failure.kind)
end

local function wait_until_leaving(server)
  nginx.wait_until(function() return server.count_in_log("gracefully shutting down") > 0 end, "a worker is leaving")
end

local function wait_until_alone(worker)
  nginx.wait_until(function() return nginx.threads(worker) == 1 end, "no thread is left beside nginx's own")
end

describe("an nginx that shall quit", function()
  it("lets calls end, and then is gone", function()
    nginx.with({ init = clients(), server = call }, function(server)
      local calls, requests = begin_calls(server, 3)
      server.quit()
      wait_until_leaving(server)
      for _, request in ipairs(requests) do request.answer() end
      check_finished(calls)
      server.wait_for_end()
    end)
  end)

  it("is gone when no calls are left, though a driver still listens", function()
    nginx.with({ init = clients(), server = call }, function(server)
      check_good_calls(server)
      server.quit()
      server.wait_for_end()
    end)
  end)

  it("lets new calls be made, and first calls of a client, by requests that are not done", function()
    nginx.with({ init = clients(), server = content("/calls", [[
      local first, second = probe.call("held", "upload_1"), probe.call("held", "upload_2")
      local _, third = probe.call("good", "upload_none")
      ngx.say(tostring(ngx.worker.exiting()), " ", first.id, " ", second.id, " ", third.kind)]]) }, function(server)
      local calling = server.begin "GET /calls"
      local request = stalled.take()
      server.quit()
      wait_until_leaving(server)
      request.answer()
      stalled.take().answer()
      assert.are.equal("true upload_1 upload_2 not_found\n", select(2, calling.finish()))
      server.wait_for_end()
    end)
  end)

  it("ends within worker_shutdown_timeout while a service stalls", function()
    nginx.with({ init = clients(), server = call, main = "worker_shutdown_timeout 1s;",
      allowed = { "open socket #%d+ left in connection" } }, function(server)
      local calls, requests = begin_calls(server, 3)
      server.quit()
      server.wait_for_end()
      for _, begun in ipairs(calls) do begun.finish() end
      for _, request in ipairs(requests) do assert.is_true(request.is_given_up()) end
    end)
  end)
end)

describe("an nginx that reloads", function()
  it("answers the calls of before by the old worker, which then ends, and new ones by the new", function()
    nginx.with({ init = clients(), server = call }, function(server)
      local old = server.worker()
      local calls, requests = begin_calls(server, 3)
      server.reload()
      wait_until_leaving(server)
      local new = nginx.wait_until(function()
        local _, pid = server.get "/pid"
        return tonumber(pid) ~= old and tonumber(pid)
      end, "a new worker answers")
      check_good_calls(server)
      assert.is_true(nginx.lives(old))
      for _, request in ipairs(requests) do request.answer() end
      check_finished(calls)
      nginx.wait_for_end_of(old)
      check_good_calls(server)
      assert.are.equal(new, server.worker())
    end)
  end)
end)

describe("a worker that is killed while calls wait", function()
  it("is followed by one that calls", function()
    nginx.with({ init = clients(), server = call, allowed = { "exited on signal 9" } }, function(server)
      local worker = server.worker()
      local calls, requests = begin_calls(server, 3)
      nginx.signal(worker, "KILL")
      for _, begun in ipairs(calls) do assert.is_nil((begun.finish())) end
      nginx.wait_for_end_of(worker)
      for _, request in ipairs(requests) do assert.is_true(request.is_given_up()) end
      check_good_calls(server)
      assert.are_not.equal(worker, server.worker())
    end)
  end)
end)

describe("a service that dies while 64 calls wait", function()
  it("fails each of them, and is called again", function()
    nginx.with({ init = clients { max_retries = 0 }, server = call }, function(server)
      local calls, requests = begin_calls(server, 64)
      for _, request in ipairs(requests) do request.drop() end
      check_finished(calls, '"kind":"connection"')
      check_good_calls(server)
    end)
  end)
end)

describe("a request that its client gives up", function()
  it("takes its call along, and no other", function()
    nginx.with({ init = clients(), http = "lua_check_client_abort on;",
      server = call .. content("/collect", "collectgarbage() collectgarbage()") }, function(server)
      local calls, requests = begin_calls(server, 3)
      local left
      for _, request in ipairs(requests) do
        if request.id == "upload_2" then left = request end
      end
      calls[2].close()
      nginx.wait_until(function()
        server.get "/collect"
        return left.is_given_up()
      end, "the call is given up")
      server.check_ping()
      for _, request in ipairs(requests) do
        if request ~= left then request.answer() end
      end
      check_finished { calls[1], calls[3] }
      check_good_calls(server)
      wait_until_alone(server.worker())
    end)
  end)

  it("may leave its answer to nobody", function()
    local http = "lua_check_client_abort on; error_log error.log info;"
    nginx.with({ init = clients(), http = http, server = call }, function(server)
      local calls, requests = begin_calls(server, 8)
      for index = 1, 8, 2 do calls[index].close() end
      nginx.wait_until(function()
        return server.count_in_log("client prematurely closed connection") == 4
      end, "nginx has noticed")
      for _ = 1, 20 do server.get "/pid" end -- for which nginx uses the Lua threads of those that are gone
      for _, request in ipairs(requests) do request.answer() end
      check_finished { calls[2], calls[4], calls[6], calls[8] }
      check_good_calls(server)
    end)
  end)
end)

describe("the driver", function()
  it("is gone with its thread when nothing has run for a while, and comes again", function()
    nginx.with({ init = clients(), server = call }, function(server)
      local worker = server.worker()
      local descriptors
      assert.are.equal(1, nginx.threads(worker))
      for _ = 1, 2 do
        local calls, requests = begin_calls(server, 2)
        assert.are.equal(2, nginx.threads(worker))
        for _, request in ipairs(requests) do request.answer() end
        check_finished(calls)
        wait_until_alone(worker)
        descriptors = descriptors or nginx.descriptors(worker)
        assert.are.equal(descriptors, nginx.descriptors(worker))
      end
    end)
  end)

  it("rests while a call waits for its answer", function()
    nginx.with({ init = clients() .. [[
      local client = probe.clients.held
      local step = client.step
      probe.steps = 0
      function client.step(...) probe.steps = probe.steps + 1 return step(...) end
    ]], server = call .. content("/steps", "ngx.say(probe.steps)") }, function(server)
      local function steps() return tonumber((select(2, server.get "/steps"))) end
      local calls, requests = begin_calls(server, 1)
      local before = nginx.wait_until(function()
        local first = steps()
        for _ = 1, 20 do server.check_ping() end
        return first == steps() and first
      end, "it rests")
      assert.is_true(before > 0)
      requests[1].answer()
      check_finished(calls)
    end)
  end)

  -- Each leaves a client behind, and a driver that listens a little longer.
  for _, row in ipairs {
    { "made in every request", init = clients(), server = content("/call", ([[
      local client = %s
      probe.say(client.cancel(ngx.var.arg_id))
      client = nil
      collectgarbage()]])) },
    { "of a lua_code_cache that is off", http = "lua_code_cache off;", init = clients(), server = call,
      allowed = { "lua_code_cache is off" } },
  } do
    it("goes with a client " .. row[1], function()
      local settings = { init = row.init, http = row.http, allowed = row.allowed,
        server = row.server:gsub("%%s", function() return nginx.client { base_url = service.base_url } end) ..
          content("/collect", "collectgarbage() collectgarbage()") }
      nginx.with(settings, function(server)
        local worker = server.worker()
        local descriptors = nginx.descriptors(worker)
        for _, id in ipairs(service.make_uploads(50)) do
          assert.are.equal(id, server.ask("/call?client=good&id=" .. id).upload.id)
        end
        wait_until_alone(worker)
        nginx.wait_until(function()
          server.get "/collect"
          return nginx.descriptors(worker) <= descriptors
        end, "its descriptors are closed")
      end)
    end)
  end

  it("goes on with a client that was closed", function()
    nginx.with({ init = clients(), server = call .. content("/close", "probe.clients.held.close() ngx.say()") },
      function(server)
        local calls, requests = begin_calls(server, 2)
        server.get "/close"
        check_finished(calls, '"kind":"aborted"')
        for _, request in ipairs(requests) do assert.is_true(request.is_given_up()) end
        check_good_calls(server)
      end)
  end)
end)

describe("without a bell", function()
  it("calls look for their answers, of which each worker gives notice once", function()
    nginx.with({ workers = 2, listen = " reuseport", init = clients() .. [[
      require("openai_uploads.core").waker = function() return nil, "out of bells" end
    ]], server = call }, function(server)
      local calls, requests = begin_calls(server, 8)
      server.check_ping()
      for _, request in ipairs(requests) do request.answer() end
      check_finished(calls)
      local called, count = {}, 0
      nginx.wait_until(function()
        check_good_calls(server)
        count = server.count_in_log("because the waker does not work: out of bells")
        called[#called + 1] = count
        return count >= 2
      end, "both workers have called")
      for _ = 1, 20 do check_good_calls(server) end
      assert.are.equal(2, server.count_in_log("because the waker does not work: out of bells"))
    end)
  end)

  -- With an idle connection at hand, a call itself needs no descriptor.
  for _, row in ipairs {
    { "bell", free = 2, says = "the waker could not be made: Too many open files" },
    { "socket to hear it with", free = 3, says = "because the waker does not work",
      allowed = { "Too many open files" } },
  } do
    it("calls look for their answers where no descriptor is left for a " .. row[1], function()
      nginx.with({ init = clients(), main = "worker_rlimit_nofile 100;", allowed = row.allowed,
        server = content("/call", ([[
          local good = probe.clients.good
          local transfer = good.start.cancel("upload_none")
          while not transfer:poll() do ngx.sleep(0.001) end
          assert(good.fd())
          local files = {}
          for file in function() return (io.open "/dev/null") end do files[#files + 1] = file end
          for _ = 1, %d do table.remove(files):close() end
          local upload, failure = good.cancel(ngx.var.arg_id)
          for _, file in ipairs(files) do file:close() end
          probe.say(upload, failure)]]):format(row.free)) }, function(server)
        local id = service.make_uploads(1)[1]
        service.answer_next { { delay = 0 }, { delay = 0.05 } } -- the second is not there at once
        assert.are.equal(id, server.ask("/call?id=" .. id).upload.id)
        check.holds(row.says, server.log())
      end)
    end)
  end
end)

describe("a worker that gives no timer for a driver", function()
  it("lets calls look for their answers", function()
    nginx.with({ init = clients(), http = "lua_max_pending_timers 0;", server = call }, function(server)
      local calls, requests = begin_calls(server, 3)
      server.check_ping()
      for _, request in ipairs(requests) do request.answer() end
      check_finished(calls)
      check_good_calls(server)
    end)
  end)

  it("because as many run as may lets calls made in those end", function()
    nginx.with({ init = clients(), http = "lua_max_running_timers 3;",
      allowed = { "lua_max_running_timers are not enough" },
      server = call .. content("/timers", [[
        for number = 1, 3 do
          ngx.timer.at(0, function() probe.keep("upload_" .. number, probe.call("held", "upload_" .. number)) end)
        end
        ngx.say()]]) .. content("/kept", "probe.say_kept()") }, function(server)
      server.get "/timers"
      local requests = stalled.take_many(3)
      server.check_ping()
      for _, request in ipairs(requests) do request.answer() end
      for number = 1, 3 do
        local id = "upload_" .. number
        nginx.wait_until(function() return next(server.ask("/kept?name=" .. id)) end, "the call in a timer has ended")
      end
      check_good_calls(server)
    end)
  end)
end)
