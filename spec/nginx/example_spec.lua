-- SPDX-License-Identifier: MIT
-- The gateway of examples/nginx, run as it stands there, with other ports and folders.
-- Runs once: nginx has a Lua of its own.
-- Without a sanitizer: nginx loads a module that was compiled without one.

local check = require "spec.support.check"
local cjson = require("cjson.safe").new()
local exists = require "spec.support.exists"
local held = require "spec.support.nginx.held"
local nginx = require "spec.support.nginx"
local with_service = require "spec.support.with_service"

local key = "sk-of-the-gateway-0123456789"

local function read_file(path)
  local file = assert(io.open(path))
  local text = file:read("*a")
  file:close()
  return text
end

-- The example's own text; what is replaced must be there.
local function configuration()
  local text = "@SYSTEM@\n" .. read_file "examples/nginx/nginx.conf"
  for _, replacement in ipairs {
    { "load_module [^;]+;", "" },
    { "pid [^;]+;", "" },
    { "error_log [^;]+;", "" },
    { "127%.0%.0%.1:8080;", "127.0.0.1:@PORT@;" },
    { "%$prefix/build/luajit/", nginx.modules() .. "/" },
    { "%$prefix/", "@CHECKOUT@/" },
    { " build/gateway/", " " },
  } do
    local count
    text, count = text:gsub(replacement[1], (replacement[2]:gsub("%%", "%%%%")))
    assert.is_true(count > 0, replacement[1])
  end
  return text
end

describe("the gateway of the example", function()

  local service = with_service.emulator()

  local function with_gateway(settings, body)
    local environment = { OPENAI_API_KEY = key, OPENAI_BASE_URL = settings.base_url or service.base_url }
    if settings.key ~= nil then environment.OPENAI_API_KEY = settings.key or nil end
    nginx.with({ text = configuration(), environment = environment }, function(server)
      body(server)
      check.lacks(key, server.log() .. nginx.read_file(server.prefix .. "/access.log"))
    end)
  end

  -- The status, the decoded body and the headers of an answer in which there is no key.
  local function ask(server, request)
    local status, body, headers = server.begin(request).finish()
    check.lacks(key, body)
    return status, cjson.decode(body), headers
  end

  local function cancel(server, id) return ask(server, "POST /uploads/" .. id .. "/cancel") end

  it("cancels an Upload, and names the call as the service does", function()
    with_gateway({}, function(server)
      local id = service.make_uploads(1)[1]
      local status, upload, headers = cancel(server, id)
      assert.are.same({ 200, "application/json", id, "cancelled" },
        { status, headers["content-type"], upload.id, upload.status })
      local request = check.only_request(service)
      assert.are.equal("Bearer " .. key, request.headers.authorization)
      assert.is_truthy(headers["x-request-id"]:find "^req_")
      assert.are.equal(32, #headers["x-client-request-id"])
      assert.are.equal(headers["x-client-request-id"], request.headers["x-client-request-id"])
      check.holds("request " .. headers["x-client-request-id"] .. ", service " .. headers["x-request-id"],
        nginx.read_file(server.prefix .. "/access.log"))
    end)
  end)

  for _, row in ipairs {
    { "an unknown Upload", "upload_none", status = 404, kind = "not_found", says = "No such Upload" },
    { "one that is no longer pending", "done", status = 400, kind = "bad_request", says = "pending" },
    { "too many calls", answers = { { status = 429, headers = { ["retry-after"] = "120" } } }, status = 429,
      kind = "rate_limit", retry_after = "120" },
    { "a service in trouble", answers = { { status = 503, headers = { ["retry-after"] = "90" } } }, status = 502,
      kind = "server", may = true, retry_after = "90", says = "no good answer" },
    { "rubbish", answers = { { status = 200, body = "{" } }, status = 502, kind = "decode", may = true,
      says = "no good answer" },
    { "a key that the service refuses", key = "sk-wrong-one", status = 502, kind = "authentication",
      says = "no good answer" },
    { "no key", key = false, status = 500, kind = "configuration", says = "no good answer", sent = 0 },
    { "an id that is none", "upload%201", status = 400, kind = "bad_request", says = "no id", sent = 0 },
    { "an id that would leave its place", "..%2f..", status = 400, sent = 0 },
    { "an id of dots", "..", status = 404, sent = 0 },
    { "an id that is too long", ("a"):rep(129), status = 400, kind = "bad_request", says = "no id", sent = 0 },
    { "another method", request = "GET /uploads/upload_1/cancel", status = 405, kind = "bad_request", sent = 0 },
    { "another path", request = "POST /uploads/upload_1", status = 404, sent = 0 },
  } do
    it("answers " .. row.status .. " to " .. row[1], function()
      with_gateway(row, function(server)
        local id = row[2] or "upload_1"
        if id == "done" then
          id = service.make_uploads(1)[1]
          cancel(server, id)
          service.answer_next {}
        end
        service.answer_next(row.answers or {})
        local status, answer, headers = ask(server, row.request or ("POST /uploads/%s/cancel"):format(id))
        assert.are.equal(row.status, status)
        local problem = answer and answer.error or {}
        if row.kind then
          assert.are.same({ row.kind, row.may or false }, { problem.kind, problem.may_have_applied })
        end
        check.holds(row.says or "", problem.message)
        assert.are.equal(row.retry_after, headers["retry-after"])
        if row.sent then assert.are.equal(row.sent, (select(2, service.requests()))) end
      end)
    end)
  end

  local function post_file(server, path, body, length)
    return server.begin(("POST %s\nContent-Length: %d\n\n%s"):format(path, length or #body, body))
  end

  it("makes a File of a body, whether it comes with the head of the request or later", function()
    local body = ("0123456789"):rep(100 * 1000)
    with_gateway({}, function(server)
      for _, size in ipairs { 3, #body } do
        service.reset()
        local text = body:sub(1, size)
        local status, answer, headers =
          post_file(server, "/files?filename=a%20b.jsonl&purpose=batch", text).finish()
        local file = cjson.decode(answer)
        assert.are.same({ 200, "file", size, "a b.jsonl", "batch" },
          { status, file.object, file.bytes, file.filename, file.purpose })
        assert.is_truthy(headers["x-request-id"]:find "^req_")
        local parts, bytes = service.uploads()[1].parts, 0
        for _, part in ipairs(parts) do bytes = bytes + part.bytes end
        assert.are.equal(size, bytes)
      end
    end)
  end)

  it("sends the first Parts of a body before all of it has arrived, and answers others meanwhile", function()
    local half = ("0123456789"):rep(50 * 1000)
    with_gateway({}, function(server)
      local sending = post_file(server, "/files?filename=a", half, 2 * #half)
      nginx.wait_until(function()
        local upload = service.uploads()[1]
        return upload and #upload.parts > 0
      end, "a Part has arrived")
      assert.are.equal(404, (server.get("/nothing")))
      sending.send(half)
      assert.are.equal(200, (sending.finish()))
    end)
  end)

  it("cancels the Upload of a caller who hangs up", function()
    with_gateway({}, function(server)
      local sending = post_file(server, "/files?filename=a", "abc", 1000)
      nginx.wait_until(function() return service.uploads()[1] end, "the Upload is created")
      sending.close()
      nginx.wait_until(function() return service.uploads()[1].status == "cancelled" end, "the Upload is cancelled")
      nginx.wait_until(function() return server.log():find("client aborted", 1, true) end, "the log tells why")
    end)
  end)

  for _, row in ipairs {
    { "a body without a length", "POST /files", status = 411, says = "Content-Length" },
    { "no body", "POST /files\nContent-Length: 0", status = 400, says = "no body" },
    { "a method that sends nothing", "GET /files", status = 405, says = "only POST" },
    { "a purpose that the service refuses", "POST /files?purpose=fun\nContent-Length: 3\n\nabc", status = 400,
      says = "Invalid value: 'fun'", sent = 1 },
  } do
    it(("answers %d to %s of a file"):format(row.status, row[1]), function()
      with_gateway({}, function(server)
        local status, body = server.begin(row[2]).finish()
        assert.are.equal(row.status, status)
        check.holds(row.says or "", body)
        assert.are.equal(row.sent or 0, (select(2, service.requests())))
      end)
    end)
  end

  it("serves others while a call waits", function()
    local stalled = held.start()
    with_gateway({ base_url = stalled.base_url }, function(server)
      local calls = {}
      for index = 1, 8 do calls[index] = server.begin(("POST /uploads/upload_%d/cancel"):format(index)) end
      for _, request in ipairs(stalled.take_many(8)) do request.answer() end
      for index = 1, 8 do check.holds(('"id":"upload_%d"'):format(index), select(2, calls[index].finish())) end
    end)
    stalled.stop()
  end)

  it("is a configuration that nginx takes as it stands", function()
    if not exists "/usr/lib/nginx/modules/ngx_http_lua_module.so" then
      return pending "nginx has its Lua module elsewhere"
    end
    local output, status = nginx.run(([[
      checkout=$(pwd) folder=$(mktemp -d) PATH=$PATH:/usr/sbin
      mkdir -p "$folder/build/gateway"
      ln -s "$checkout/lua" "$checkout/examples" "$folder"
      ln -s "%s" "$folder/build/luajit"
      nginx -t -p "$folder" -c examples/nginx/nginx.conf -e stderr
      status=$?
      rm -rf "$folder"
      (exit $status)]]):format(nginx.modules()))
    assert.are.equal(0, status, output)
  end)
end)
