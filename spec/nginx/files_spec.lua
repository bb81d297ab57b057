-- SPDX-License-Identifier: MIT
-- Whole files sent from inside nginx. (What holds in the other event loops stands in suspended_uploads.)
-- Runs once: nginx has a Lua of its own.
-- Without a sanitizer: nginx loads a module that was compiled without one.
-- Without a descriptor: too

local check = require "spec.support.check"
local nginx = require "spec.support.nginx"
local upload_file = require "spec.support.upload_file"
local with_service = require "spec.support.with_service"

local letters = "abcdefghij"

local service = with_service.emulator()
after_each(upload_file.remove_all)

local content = nginx.content

-- Lua of init_by_lua: a client of the emulator, and the params for the file of that path in parts of two bytes.
local function init(path, settings)
  return ([[
    probe.clients.good = %s
    function probe.params(more)
      local params = { file = %q, purpose = "batch", mime_type = "text/plain", part_size = 2 }
      for name, value in pairs(more or {}) do params[name] = value end
      return params
    end
  ]]):format(nginx.client(check.merged({ base_url = service.base_url }, settings or {})), path)
end

local kept = content("/kept", "probe.say_kept()")
local send = 'probe.say(probe.clients.good.upload_file_chunked(probe.params { %s }))'

local function wait_until_kept(server, name)
  return nginx.wait_until(function()
    local told = server.ask("/kept?name=" .. name)
    return next(told) and told
  end, name .. " has been told")
end

local function wait_for_requests(count)
  nginx.wait_until(function() return select(2, service.requests()) >= count end, count .. " requests have come")
end

describe("upload_file_chunked inside nginx", function()
  it("sends a file while the same worker answers others", function()
    service.answer_next {
      { call = "create", delay = 0.2 }, { call = "parts", delay = 0.2 }, { call = "complete", delay = 0.2 },
    }
    local path = upload_file.write(letters)
    nginx.with({ init = init(path), server = content("/send", send:format 'md5 = "compute"') }, function(server)
      local sending = server.begin "GET /send"
      for _, requests in ipairs { 1, 2, 7 } do
        wait_for_requests(requests)
        server.check_ping()
      end
      assert.are.same({ 1, 5, 1, 0 }, { upload_file.counts(service).create, upload_file.counts(service).parts,
        upload_file.counts(service).complete, upload_file.counts(service).cancel })
      check.holds('"status":"completed"', select(2, sending.finish()))
    end)
  end)

  it("reads a large file in pieces, so that pings are answered while it is sent", function()
    local path = upload_file.sparse(96 * 1024 * 1024)
    nginx.with({ init = init(path), server = content("/send", send:format "part_size = 16 * 1024 * 1024") },
      function(server)
        local sending, pings = server.begin "GET /send", 0
        local function is_sent()
          local upload = service.uploads()[1]
          return upload and upload.status == "completed"
        end
        while not is_sent() do
          server.check_ping()
          pings = pings + 1
        end
        assert.is_true(pings > 3)
        check.holds('"status":"completed"', select(2, sending.finish()))
      end)
  end)

  it("fails as it does elsewhere, and the Upload is cancelled", function()
    local path = upload_file.write(letters)
    nginx.with({ init = init(path), server = content("/send", send:format "concurrency = 1") }, function(server)
      service.answer_next { { call = "parts" }, { call = "parts", status = 400 } }
      local failure = server.ask("/send").failure
      local upload = upload_file.only_upload(service)
      assert.are.same({ "bad_request", 2, true, upload.id, upload.id .. " was cancelled" },
        { failure.kind, failure.part_number, failure.cancelled, failure.upload_id, failure.aftermath })
      assert.are.equal("cancelled", upload.status)
    end)
  end)

  it("is sent by several requests side by side, none of which leaves a descriptor open", function()
    local path = upload_file.write(letters)
    nginx.with({ init = init(path), server = content("/send", send:format "")
      .. content("/close", "probe.clients.good.close() collectgarbage() collectgarbage() ngx.say '{}'") },
      function(server)
        local function send_many(count)
          local sending = {}
          for index = 1, count do sending[index] = server.begin "GET /send" end
          for index = 1, count do check.holds('"status":"completed"', select(2, sending[index].finish())) end
          server.ask "/close"
        end
        send_many(8)
        local function descriptors()
          server.ask "/close"
          return nginx.descriptors(server.worker())
        end
        local before = descriptors()
        send_many(8)
        -- The driver's bell, too, goes when there was nothing to do for a while.
        nginx.wait_until(function() return descriptors() <= before end, "all descriptors are closed")
        assert.are.equal(16, #service.uploads())
      end)
  end)

  for _, row in ipairs {
    { "init", init = true },
    { "header_filter", server = 'return 200 "x"; header_filter_by_lua_block { %s }' },
    { "log", server = 'return 200 "x"; log_by_lua_block { %s }' },
  } do
    it(("gets a failure in the %s phase, which cannot wait, and sends nothing"):format(row[1]), function()
      local call = ("probe.keep(%q, probe.clients.good.upload_file_chunked(probe.params()))"):format(row[1])
      local path = upload_file.write(letters)
      nginx.with({
        init = init(path) .. (row.init and call or ""),
        server = kept .. ("location = /phase { %s }"):format((row.server or 'return 200 "x";'):format(call)),
      }, function(server)
        assert.are.equal(200, (server.get("/phase")))
        local failure = wait_until_kept(server, row[1]).failure
        assert.are.same({ "configuration", 0, false }, { failure.kind, failure.attempts, failure.may_have_applied })
        check.holds(("nginx's '%s' phase"):format(row[1]), failure.message)
        check.holds("ngx.timer.at", failure.message)
        check.nothing_sent(service)
      end)
    end)
  end

  it("can be begun where nothing can wait, and sends the file all the same", function()
    local path = upload_file.write(letters)
    nginx.with({ init = init(path), server = kept .. [[
      location = /phase {
        return 200 "x";
        log_by_lua_block {
          assert(ngx.timer.at(0, function()
            probe.keep("log", probe.clients.good.upload_file_chunked(probe.params()))
          end))
        }
      }]] }, function(server)
      server.get("/phase")
      assert.are.equal("completed", wait_until_kept(server, "log").upload.status)
    end)
  end)

  it("of a request whose caller has gone is cancelled as soon as its job is collected", function()
    local path = upload_file.write(letters)
    service.answer_next { { call = "parts", delay = 0.5 } }
    nginx.with({ init = init(path), server = content("/send", send:format "concurrency = 1")
      .. content("/collect", "collectgarbage() collectgarbage() probe.clients.good.step() ngx.say '{}'"),
      http = "lua_check_client_abort on;" }, function(server)
      local sending = server.begin "GET /send"
      wait_for_requests(2)
      sending.close()
      nginx.wait_until(function()
        server.ask "/collect"
        return upload_file.only_upload(service).status == "cancelled"
      end, "the Upload is cancelled")
      assert.are.equal(0, upload_file.counts(service).complete)
    end)
  end)

  it("may have its job aborted by another light thread", function()
    local path = upload_file.write(letters)
    service.answer_next { { call = "parts", delay = 0.5 } }
    nginx.with({ init = init(path), server = content("/send", [[
      local job = probe.clients.good.start.upload_file_chunked(probe.params { concurrency = 1 })
      local waiting = ngx.thread.spawn(function() return select(3, job:wait()) end)
      while job.upload_id == nil do ngx.sleep(0.01) end
      job:abort()
      local _, failure = ngx.thread.wait(waiting)
      probe.say(nil, failure)
    ]]) }, function(server)
      local failure = server.ask("/send").failure
      assert.are.same({ "aborted", true }, { failure.kind, failure.cancelled })
      assert.are.equal("cancelled", upload_file.only_upload(service).status)
    end)
  end)

  local stream = [[
    local given = 0
    probe.say(probe.clients.good.upload_file_chunked {
      data = function()
        given = given + 1
        ngx.sleep(given > 5 and %s or 0.01)
        return given <= 5 and "ab" or nil
      end,
      bytes = 10, part_size = 2, filename = "a.txt", purpose = "batch", data_timeout = %s,
    })]]

  it("lets a data function wait", function()
    nginx.with({ init = init "", server = content("/send", stream:format(0.01, 10)) }, function(server)
      assert.are.equal("completed", server.ask("/send").upload.status)
      assert.are.equal(5, #upload_file.only_upload(service).parts)
    end)
  end)

  it("ends a data function that waits longer than it may, so that the request can end", function()
    nginx.with({ init = init "", server = content("/send", stream:format(3600, 0.3)) }, function(server)
      local failure = server.ask("/send").failure
      assert.are.same({ "timeout", true }, { failure.kind, failure.cancelled })
      check.holds("params.data_timeout", failure.message)
    end)
  end)

  it("asks for data in the steps of the client where no light thread can be begun", function()
    nginx.with({ init = init "", server = kept .. [[
      location = /phase {
        return 200 "x";
        log_by_lua_block {
          local client, given = probe.clients.good, 0
          local job = client.start.upload_file_chunked {
            data = function()
              given = given + 1
              return given <= 5 and "ab" or nil
            end,
            part_size = 2, filename = "a.txt", purpose = "batch",
          }
          assert(ngx.timer.at(0, function() probe.keep("log", select(2, job:wait())) end))
        }
      }]] }, function(server)
      server.get("/phase")
      assert.are.equal("completed", wait_until_kept(server, "log").upload.status)
    end)
  end)

  it("is over before a worker leaves that is asked to quit", function()
    local path = upload_file.write(letters)
    service.answer_next { { call = "parts", delay = 0.3 }, { call = "complete", delay = 0.3 } }
    nginx.with({ init = init(path), server = content("/send", send:format "concurrency = 1") }, function(server)
      local sending = server.begin "GET /send"
      wait_for_requests(2)
      server.quit()
      check.holds('"status":"completed"', select(2, sending.finish()))
      server.wait_for_end()
    end)
  end)
end)
