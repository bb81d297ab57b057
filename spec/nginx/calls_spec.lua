-- SPDX-License-Identifier: MIT
-- Calls made inside nginx: in every phase, many at once, and what stands beside them.
-- Runs once: nginx has a Lua of its own.
-- Without a sanitizer: nginx loads a module that was compiled without one.
-- Without a descriptor: too

local check = require "spec.support.check"
local fault = require "spec.support.fault"
local nginx = require "spec.support.nginx"
local with_service = require "spec.support.with_service"

local service = with_service.emulator()
local stalled = with_service.held_service()

-- Lua of init_by_lua: clients of the emulator, `good`, and of the service that answers when told to, `held`.
local function clients(settings) return nginx.clients({ good = service, held = stalled }, settings) end

local content = nginx.content

local kept = content("/kept", "probe.say_kept()")

local function wait_until_kept(server, name)
  return nginx.wait_until(function()
    local told = server.ask("/kept?name=" .. name)
    return next(told) and told
  end, name .. " has been told")
end

-- openssl's own client, begun and looked after later.
local function begin_handshake(server)
  local pipe = assert(io.popen(("unset LD_PRELOAD; printf 'GET /kept?name=tls HTTP/1.0\\r\\n\\r\\n' | " ..
    "timeout 30 openssl s_client -quiet -connect 127.0.0.1:%d 2>/dev/null"):format(server.port2)))
  return function()
    local answer = pipe:read("*a")
    pipe:close()
    return answer
  end
end

-- Of the emulator's certificates.
local function tls_folder() return (service.ca_file:match "^(.*)/") end

describe("a phase that can wait", function()
  local keep = "ngx.ctx.told = probe.told(probe.call_as_asked())"
  local say = "content_by_lua_block { ngx.print(ngx.ctx.told) }"

  for _, row in ipairs {
    { "server_rewrite", http = ('server_rewrite_by_lua_block { if ngx.var.uri == "/call" then %s end }'):format(keep),
      server = ("location = /call { %s }"):format(say) },
    { "rewrite", server = ("location = /call { rewrite_by_lua_block { %s } %s }"):format(keep, say) },
    { "access", server = ("location = /call { access_by_lua_block { %s } %s }"):format(keep, say) },
    { "content", server = content("/call", "probe.say(probe.call_as_asked())") },
    { "timer", server = content("/call",
      "probe.say(probe.in_timer(probe.call, ngx.var.arg_client, ngx.var.arg_id))") },
  } do
    it(row[1] .. " has results and failures, and keeps nobody waiting", function()
      nginx.with({ init = clients(), http = row.http, server = row.server }, function(server)
        local created = server.ask("/call?client=good").upload
        assert.are.equal("pending", created.status)
        assert.are.equal("cancelled", server.ask("/call?client=good&id=" .. created.id).upload.status)
        local failure = server.ask("/call?client=good&id=" .. created.id).failure
        assert.are.same({ "bad_request", 400 }, { failure.kind, failure.status })

        local calling = server.begin "GET /call?client=held&id=upload_1"
        local request = stalled.take()
        server.check_ping()
        request.answer()
        check.holds('"id":"upload_1"', select(2, calling.finish()))
      end)
    end)
  end

  -- In ssl_client_hello and ssl_session_fetch nothing can wait unless nginx and OpenSSL have OpenResty's patches.
  it("ssl_certificate has results and failures, and keeps nobody waiting", function()
    nginx.with({ init = clients(), http = ([[
      server {
        listen 127.0.0.1:@PORT2@ ssl;
        ssl_certificate %s/good.pem;
        ssl_certificate_key %s/good.key;
        ssl_certificate_by_lua_block { probe.keep("tls", probe.call("held", "upload_1")) }
        %s
      }]]):format(tls_folder(), tls_folder(), kept) }, function(server)
      for _, row in ipairs { { nil, '"status":"cancelled"' }, { fault.answer(404, ""), '"kind":"not_found"' } } do
        local finish = begin_handshake(server)
        local request = stalled.take()
        server.check_ping()
        request.answer(row[1])
        check.holds(row[2], finish())
      end
    end)
  end)
end)

describe("a phase that cannot wait", function()
  local call = 'probe.clients.good.cancel("upload_1")'

  local function keep(phase) return ("probe.keep(%q, %s)"):format(phase, call) end

  local function check_refusal(phase, failure)
    assert.are.same({ "configuration", 0, false }, { failure.kind, failure.attempts, failure.may_have_applied })
    check.holds(("nginx's '%s' phase"):format(phase), failure.message)
    check.holds("ngx.timer.at", failure.message)
    check.nothing_sent(service)
  end

  local proxied = "proxy_pass http://balanced/ping;"

  for _, row in ipairs {
    { "init", init = keep "init" },
    { "init_worker", http = ("init_worker_by_lua_block { %s }"):format(keep "init_worker") },
    { "set", server = ('set_by_lua_block $unused { %s return "" } return 200 "x";'):format(keep "set") },
    { "header_filter", server = ('return 200 "x"; header_filter_by_lua_block { %s }'):format(keep "header_filter") },
    { "body_filter", server = ('return 200 "x"; body_filter_by_lua_block { %s }'):format(keep "body_filter") },
    { "log", server = ('return 200 "x"; log_by_lua_block { %s }'):format(keep "log") },
    { "balancer", server = proxied, http = ([[
      upstream balanced {
        server 127.0.0.1:1;
        balancer_by_lua_block { %s require("ngx.balancer").set_current_peer("127.0.0.1", @PORT@) }
      }]]):format(keep "balancer") },
  } do
    it(row[1] .. " gets a failure that tells what to do, and sends nothing", function()
      nginx.with({
        init = clients() .. (row.init or ""), http = row.http,
        server = kept .. ("location = /phase { %s }"):format(row.server or 'return 200 "x";'),
      }, function(server)
        assert.are.equal(200, (server.get("/phase")))
        check_refusal(row[1], wait_until_kept(server, row[1]).failure)
      end)
    end)
  end

  it("ssl_session_store gets a failure that tells what to do, and sends nothing", function()
    nginx.with({ init = clients(), server = kept, http = ([[
      ssl_session_store_by_lua_block { %s }
      ssl_session_cache shared:sessions:1m;
      server {
        listen 127.0.0.1:@PORT2@ ssl;
        ssl_certificate %s/good.pem;
        ssl_certificate_key %s/good.key;
        ssl_protocols TLSv1.2;
        ssl_session_tickets off;
        location / { return 200 "x"; }
      }]]):format(keep "ssl_session_store", tls_folder(), tls_folder()) }, function(server)
      begin_handshake(server)()
      check_refusal("ssl_session_store", wait_until_kept(server, "ssl_session_store").failure)
    end)
  end)

  it("exit_worker gets a failure that tells what to do, and sends nothing", function()
    nginx.with({ init = clients(), http = ([[
      exit_worker_by_lua_block { ngx.log(ngx.NOTICE, select(2, %s), ".") }]]):format(call) }, function(server)
      server.quit()
      server.wait_for_end()
      check.holds("configuration: a call cannot wait in nginx's 'exit_worker' phase", server.log())
      check.nothing_sent(service)
    end)
  end)

  it("gets one for every id of cancel_all", function()
    nginx.with({ init = clients(), server = kept .. [[
      location = /phase {
        return 200 "x";
        log_by_lua_block {
          local told = 0
          local uploads, failures = probe.clients.good.cancel_all({ "upload_1", "upload_2", "upload_1" },
            { on_result = function() told = told + 1 end })
          probe.keep("log", { none = next(uploads) == nil, told = told }, failures.upload_1)
          probe.keep("log2", nil, failures.upload_2)
        }
      }]] }, function(server)
      server.get("/phase")
      local first = wait_until_kept(server, "log")
      assert.are.same({ none = true, told = 2 }, first.upload)
      check_refusal("log", first.failure)
      check_refusal("log", wait_until_kept(server, "log2").failure)
    end)
  end)

  it("cannot wait for a transfer, which is said by an error", function()
    nginx.with({ init = clients(), server = content("/said", 'ngx.print(probe.kept.log or "")') .. [[
      location = /phase {
        return 200 "x";
        log_by_lua_block {
          local transfer = probe.clients.held.start.cancel("upload_1")
          local _, raised = pcall(transfer.wait, transfer)
          local _, raised_as_well = pcall(transfer.wait, transfer, 9)
          probe.kept.log = table.concat({ tostring(transfer:poll()), raised, raised_as_well }, "\n")
        }
      }]] }, function(server)
      server.get("/phase")
      local said = nginx.wait_until(function()
        local _, body = server.get("/said")
        return body ~= "" and body
      end, "it was said")
      stalled.take().drop()
      local refusal = "a call cannot wait in nginx's 'log' phase: [^\n]+"
      assert.is_truthy(said:find("^false\n" .. refusal .. "\n" .. refusal .. "$"), said)
    end)
  end)

  it("can have a timer make the call", function()
    nginx.with({ init = clients(), server = kept .. [[
      location = /phase {
        return 200 "x";
        log_by_lua_block {
          local id = ngx.var.arg_id
          assert(ngx.timer.at(0, function() probe.keep("log", probe.call("good", id)) end))
        }
      }]] }, function(server)
      local id = service.make_uploads(1)[1]
      server.get("/phase?id=" .. id)
      assert.are.equal(id, wait_until_kept(server, "log").upload.id)
      assert.are.equal("cancelled", service.upload(id).status)
    end)
  end)
end)

describe("a function that the module calls", function()
  -- nginx does not survive a yield that fails there.
  for _, setting in ipairs { "log", "api_key" } do
    it(("cannot wait for a call of its own, which is said by an error: %s"):format(setting), function()
      nginx.with({ init = clients(), server = content("/call", ([[
        local raised
        local function make_call()
          if not raised then raised = select(2, pcall(probe.clients.good.cancel, "upload_1")) end
          return "sk-of-a-function"
        end
        local settings = { base_url = %q, %s = make_call }
        require("openai_uploads").new(settings).cancel "upload_1"
        ngx.print(raised)
      ]]):format(service.base_url, setting)) }, function(server)
        service.answer_next { { delay = 0.2 }, { delay = 0.2 } } -- an answer at once needs no wait
        check.holds("a call cannot wait inside a function that C calls", select(2, server.get "/call"))
        for _ = 1, 10 do assert.are.equal(200, (server.get "/call")) end
        check.lacks("exited on signal", server.log())
      end)
    end)
  end
end)

describe("inside nginx", function()
  for _, row in ipairs {
    { "a refusal", { { status = 409, body = "" } }, "conflict", status = 409, options = "{ max_retries = 0 }" },
    { "a refusal again and again", { { status = 503 }, { status = 503 }, { status = 503 } }, "server", status = 503,
      attempts = 3, may = true },
    { "no answer", { { close = true } }, "connection", may = true, options = "{ max_retries = 0 }" },
    { "rubbish", { { status = 200, body = "{" } }, "decode", status = 200, may = true },
    { "no answer in time", { { delay = 30 } }, "timeout", may = true,
      options = "{ timeout = 0.05, max_retries = 0 }" },
    { "waits that are too long", { { status = 503 } }, "server", status = 503, may = true,
      options = "{ deadline = 0.5, retry_delay = 8, max_retry_delay = 8 }" },
  } do
    it(row[1] .. " is the failure that it is elsewhere", function()
      nginx.with({ init = clients(), server = content("/call",
        ('probe.say(probe.clients.good.cancel("upload_1", %s))'):format(row.options or "nil")) }, function(server)
        service.answer_next(row[2])
        local failure = server.ask("/call").failure
        assert.are.same({ row[3], row.status, row.attempts or 1, row.may or false },
          { failure.kind, failure.status, failure.attempts, failure.may_have_applied }, failure.message)
      end)
    end)
  end

  it("a retry comes about while others are served, and is told of", function()
    nginx.with({ init = clients(), server = content("/call", [[
      local told
      local upload, failure, response = probe.clients.held.cancel("upload_1", {
        with_response = true, on_retry = function(info) told = info.failure.kind end,
      })
      upload.told, upload.attempts = told, response.attempts
      probe.say(upload, failure)
    ]]) }, function(server)
      local calling = server.begin "GET /call"
      stalled.take().answer(fault.answer(500, ""))
      local second = stalled.take()
      server.check_ping()
      second.answer()
      local _, body = calling.finish()
      check.holds('"told":"server"', body)
      check.holds('"attempts":2', body)
    end)
  end)

  it("light threads of a request call side by side", function()
    nginx.with({ init = clients(), server = content("/call", [[
      local threads, told = {}, {}
      for number = 1, 5 do
        threads[number] = ngx.thread.spawn(function() return probe.clients.held.cancel("upload_" .. number) end)
      end
      for number, thread in ipairs(threads) do
        local fine, upload = ngx.thread.wait(thread)
        told[number] = fine and upload.id
      end
      ngx.say(table.concat(told, " "))
    ]]) }, function(server)
      local calling = server.begin "GET /call"
      local requests = stalled.take_many(5)
      for index = 5, 1, -1 do requests[index].answer() end
      assert.are.equal("upload_1 upload_2 upload_3 upload_4 upload_5\n", select(2, calling.finish()))
    end)
  end)

  it("requests of many callers wait side by side", function()
    nginx.with({ init = clients(), server = content("/call", "probe.say(probe.call_as_asked())") }, function(server)
      local calls = {}
      for index = 1, 40 do calls[index] = server.begin("GET /call?client=held&id=upload_" .. index) end
      local requests = stalled.take_many(40)
      server.check_ping()
      for _, request in ipairs(requests) do request.answer() end
      for index, call in ipairs(calls) do
        check.holds(('"id":"upload_%d"'):format(index), select(2, call.finish()))
      end
    end)
  end)

  it("cancel_all goes through many ids, and may call anew in on_result", function()
    nginx.with({ init = clients(), server = content("/call", [[
      local ids, told, order = {}, 0, {}
      for id in ngx.var.arg_ids:gmatch "[^,]+" do ids[#ids + 1] = id end
      local good, failures = probe.clients.good, nil
      local uploads = good.cancel_all(ids, { on_result = function(id, upload)
        told = told + 1
        assert(upload.id == id)
        local _, failure = good.cancel(id)
        assert(failure.kind == "bad_request", failure.kind)
      end })
      for _, upload in pairs(uploads) do assert(upload.status == "cancelled") order[#order + 1] = upload.id end
      uploads, failures = good.cancel_all(ids)
      for _, id in ipairs(ids) do assert(failures[id].kind == "bad_request" and not uploads[id]) end
      ngx.say(told, " ", #order)
    ]]) }, function(server)
      local ids = service.make_uploads(200)
      local _, body = server.get("/call?ids=" .. table.concat(ids, ","))
      assert.are.equal("200 200\n", body)
      local _, count = service.requests()
      assert.are.equal(600, count)
    end)
  end)

  it("a transfer can be waited for, for so long or to its end", function()
    nginx.with({ init = clients(), server = kept .. content("/call", [[
      local transfer = probe.clients.held.start.cancel("upload_1")
      for _ = 1, 20 do assert(transfer:wait(0.001) == false) end
      probe.keep("first", { transfer:wait(0.001) })
      local done, upload = transfer:wait()
      local done_still, upload_still = transfer:wait(0)
      probe.say { done, upload.id, done_still, upload_still.id }
    ]]) }, function(server)
      local calling = server.begin "GET /call"
      local request = stalled.take()
      assert.are.same({ false }, wait_until_kept(server, "first").upload)
      request.answer()
      check.holds('[true,"upload_1",true,"upload_1"]', select(2, calling.finish()))
    end)
  end)

  it("a client that shall block stops its worker, and only then", function()
    local order = 'probe.order = (probe.order or "") .. ngx.var.uri'
    for _, row in ipairs { { nil, "/other/call" }, { "nginx", "/other/call" }, { "blocking", "/call/other" } } do
      nginx.with({ init = clients { loop = row[1] }, server = content("/order", "ngx.print(probe.order)") ..
        content("/call", 'probe.say(probe.clients.held.cancel "upload_1")' .. order) ..
        content("/other", order) }, function(server)
        local calling = server.begin "GET /call"
        local request = stalled.take()
        local other = server.begin "GET /other"
        if row[1] ~= "blocking" then other.finish() end
        request.answer()
        calling.finish()
        other.finish()
        assert.are.equal(row[2], select(2, server.get "/order"))
      end)
    end
  end)

  it("a thread of nginx's pool calls and blocks nobody else", function()
    nginx.with({ main = "thread_pool callers threads=1;", server = content("/call", ([[
      local begun, status, raised = ngx.run_worker_thread("callers", "spec.support.nginx.in_thread", "cancel", %q,
        "upload_1")
      ngx.say(tostring(begun), " ", tostring(status), " ", tostring(raised))]]):format(stalled.base_url)) },
      function(server)
        local calling = server.begin "GET /call"
        local request = stalled.take()
        server.check_ping()
        request.answer()
        assert.are.equal("true cancelled nil\n", select(2, calling.finish()))
      end)
  end)

  it("misuse is raised at the caller's line", function()
    for _, row in ipairs {
      { 'good.cancel("")', "bad argument #1 to 'cancel' (upload id is empty)" },
      { "good.cancel({})", "bad argument #1 to 'cancel' (" },
      { 'good.cancel("upload_1", { time_out = 1 })', "unknown option 'time_out' (did you mean 'timeout'?)" },
      { 'good.create({ filename = "a" })', "'create'" },
      { 'good.cancel_all("upload_1")', "bad argument #1 to 'cancel_all' (ids must be a table, got string)" },
      { 'good.cancel_all({ "" })', "bad argument #1 to 'cancel_all' (ids[1]: upload id is empty)" },
      { "good.start.cancel()", "bad argument #1 to 'cancel'" },
      { 'good.start.cancel("upload_1"):wait(-1)', "seconds must be a number that is not negative" },
      { 'good.new { loop = "ngnix" }', "'ngnix' is none of: blocking, nginx" },
    } do
      nginx.with({ init = clients(), server = content("/call", ([[
        local good = probe.clients.good
        probe.say_protected(function()
          local upload = %s
        end)]]):format(row[1])) }, function(server)
        local raised = server.ask("/call").raised
        assert.is_truthy(raised:find "^content_by_lua%(nginx.conf:%d+%):4: ", raised)
        check.holds(row[2], raised)
      end)
    end
  end)

  it("a call where Lua cannot yield raises, and does no harm", function()
    nginx.with({ init = clients(), server = content("/call", [[
      local fine, raised = pcall(string.gsub, "x", "x", function() return probe.call("held", "upload_1") end)
      assert(not fine)
      local upload = probe.call("held", "upload_2")
      ngx.say(raised, " ", upload.id)
    ]]) }, function(server)
      local calling = server.begin "GET /call"
      local first, second = stalled.take(), stalled.take()
      first.answer()
      server.check_ping()
      second.answer()
      assert.is_truthy(select(2, calling.finish()):find "attempt to yield across C%-call boundary upload_2\n")
    end)
  end)

  it("an api_key function that would wait is a failure that says so", function()
    nginx.with({ init = clients { api_key = false, max_retries = 0 } .. [[
      probe.clients.waiting = probe.clients.good.new {
        base_url = "http://127.0.0.1:1/v1", api_key = function() ngx.sleep(0.001) return "sk-late" end,
      }]], server = content("/call", 'probe.say(probe.call("waiting", "upload_1")) ngx.sleep(0.01) ngx.say()') },
      function(server)
        local failure = server.ask("/call").failure
        assert.are.equal("configuration", failure.kind)
        check.holds("the api_key function raised an error: attempt to yield", failure.message)
      end)
  end)
end)

describe("the environment inside nginx", function()
  local main = "env OPENAI_API_KEY; env OPENAI_BASE_URL;"

  local function call_of_module(row, body)
    nginx.with({
      main = row.main, init = row.init,
      environment = { OPENAI_API_KEY = "sk-of-the-environment", OPENAI_BASE_URL = service.base_url },
      server = content("/call", 'probe.say(require("openai_uploads").cancel(ngx.var.arg_id))'),
    }, body)
  end

  for _, row in ipairs {
    { "at the first call", main = main },
    { "before the workers are there", main = main,
      init = 'package.loaded.openai_uploads = require("openai_uploads").new()' },
  } do
    it("gives the key and the address to the module, read " .. row[1], function()
      call_of_module(row, function(server)
        local id = service.make_uploads(1)[1]
        assert.are.equal(id, server.ask("/call?id=" .. id).upload.id)
        assert.are.equal("Bearer sk-of-the-environment", check.only_request(service).headers.authorization)
      end)
    end)
  end

  it("is what nginx's `env` lets through", function()
    call_of_module({ main = "" }, function(server)
      local failure = server.ask("/call?id=upload_1").failure
      assert.are.equal("configuration", failure.kind)
      check.holds("OPENAI_API_KEY", failure.message)
      check.nothing_sent(service)
    end)
  end)
end)

describe("a client made before the workers are there", function()
  it("has connections of its own in each of them", function()
    nginx.with({
      workers = 2, listen = " reuseport", init = clients(),
      server = content("/call", [[
        local pid = tostring(ngx.worker.pid())
        probe.clients.good.cancel("upload_1", { headers = { ["X-Worker"] = pid } })
        ngx.print(pid)]]),
    }, function(server)
      local calls = {}
      nginx.wait_until(function()
        local _, pid = server.get "/call"
        calls[pid] = (calls[pid] or 0) + 1
        local fewest, workers = math.huge, 0
        for _, count in pairs(calls) do fewest, workers = math.min(fewest, count), workers + 1 end
        return workers == 2 and fewest >= 3
      end, "both workers have called")
      local worker_of = {}
      local connections = 0
      for _, request in ipairs(service.requests()) do
        local known = worker_of[request.connection]
        if not known then connections = connections + 1 end
        assert.are.equal(request.headers["x-worker"], known or request.headers["x-worker"])
        worker_of[request.connection] = request.headers["x-worker"]
      end
      assert.are.equal(2, connections)
    end)
  end)
end)

describe("two servers of one nginx", function()
  it("have clients of their own settings", function()
    nginx.with({ init = clients() .. ("probe.clients.other = %s"):format(nginx.client {
      base_url = service.base_url, api_key = "sk-of-another", organization = "org-2",
    }), server = content("/call", 'probe.say(probe.call("good", ngx.var.arg_id))'),
      http = ("server { listen 127.0.0.1:@PORT2@; %s }"):format(
        content("/call", 'probe.say(probe.call("other", ngx.var.arg_id))')) }, function(server)
      local ids = service.make_uploads(2)
      assert.are.equal(ids[1], server.ask("/call?id=" .. ids[1]).upload.id)
      server.port = server.port2
      assert.are.equal(ids[2], server.ask("/call?id=" .. ids[2]).upload.id)
      local requests = service.requests()
      assert.are.same({ "Bearer sk-of-the-specs", "Bearer sk-of-another" },
        { requests[1].headers.authorization, requests[2].headers.authorization })
      assert.are.same({ nil, "org-2" },
        { requests[1].headers["openai-organization"], requests[2].headers["openai-organization"] })
    end)
  end)
end)
