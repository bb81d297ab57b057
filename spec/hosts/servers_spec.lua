-- SPDX-License-Identifier: MIT
-- The examples for servers: lighttpd, Apache, Traffic Server, Kamailio and Luanti.
-- Runs once: each program has a Lua of its own.

local programs = require "spec.support.programs"
local http = require "socket.http"
local socket = require "socket"
local with_service = require "spec.support.with_service"

local service = with_service.emulator()

-- Returns get(path), which returns the body of the answer and its status.
local function getter(port)
  return function(path)
    local text, status = http.request(("http://127.0.0.1:%d%s"):format(port, path))
    return text, status
  end
end

-- Runs body(get, port) with a server that was started in a copy of its example's folder.
local function with_server(host, name, command, body)
  programs.with_folder(function(folder)
    programs.sh(("cp examples/%s/* %s"):format(name, folder))
    local environment, port = programs.environment(host, service), programs.free_port()
    environment.PORT, environment.PWD, environment.TMPDIR = port, folder, folder
    local start = "sh -c " .. programs.quoted(("cd %s && exec %s"):format(folder, command))
    programs.with_running(environment, start, function()
      local get = getter(port)
      local fine, raised = pcall(function()
        programs.wait_until(function() return get "/" end, name .. " answers")
        body(get, port)
      end)
      if not fine then error(tostring(raised) .. "\n" .. programs.sh("cat " .. folder .. "/*.log"), 0) end
    end)
  end)
end

describe("lighttpd", function()
  local host = programs.find { program = "lighttpd", plugin = "/usr/lib/lighttpd/mod_magnet.so" }

  local function with_lighttpd(body) with_server(host, "lighttpd", host.path .. " -D -f lighttpd.conf", body) end

  programs.it(host, "starts a call in one request, serves others, and answers in a later one", function()
    with_lighttpd(function(get)
      local id = service.make_uploads(1)[1]
      service.answer_next { { call = "cancel", gate = true } }
      assert.are.same({ "pending\n", 202 }, { get("/cancel?id=" .. id) })
      service.wait_for_requests(1)
      assert.are.same({ "pending\n", 202 }, { get("/cancel?id=" .. id) })
      service.open_gate()
      local text, status
      programs.wait_until(function()
        text, status = get("/cancel?id=" .. id)
        return status ~= 202
      end, "the call ends")
      assert.are.same({ "cancelled\n", 200 }, { text, status })
      assert.are.equal("cancelled", service.upload(id).status)
    end)
  end)

  programs.it(host, "ends on TERM while a call waits", function()
    with_lighttpd(function(get)
      service.answer_next { { call = "cancel", gate = true } }
      get("/cancel?id=" .. service.make_uploads(1)[1])
      service.wait_for_requests(1)
    end)
  end)

  programs.it(host, "says what failed, and what a request lacks", function()
    with_lighttpd(function(get)
      assert.are.equal(400, select(2, get "/cancel"))
      local text
      programs.wait_until(function()
        local status
        text, status = get "/cancel?id=upload_none"
        return status ~= 202
      end, "the call ends")
      assert.are.equal("not_found\n", text)
    end)
  end)
end)

describe("Apache", function()
  local host = programs.find { program = "apache2", plugin = "/usr/lib/apache2/modules/mod_lua.so" }

  local function with_apache(body)
    with_server(host, "apache", host.path .. " -d . -f apache.conf -DFOREGROUND", body)
  end

  programs.it(host, "cancels, and says what failed and what a request lacks", function()
    with_apache(function(get)
      local id = service.make_uploads(1)[1]
      assert.are.same({ "cancelled\n", 200 }, { get("/cancel?id=" .. id) })
      assert.are.same({ "not_found\n", 502 }, { get "/cancel?id=upload_none" })
      assert.are.equal(400, select(2, get "/cancel"))
    end)
  end)

  programs.it(host, "answers others while a call blocks its thread", function()
    with_apache(function(get, port)
      local id = service.make_uploads(1)[1]
      service.answer_next { { call = "cancel", gate = true } }
      local calling = socket.connect("127.0.0.1", port)
      calling:send(("GET /cancel?id=%s HTTP/1.0\r\n\r\n"):format(id))
      service.wait_for_requests(1)
      assert.are.equal(400, select(2, get "/cancel"))
      service.open_gate()
      assert.matches("cancelled\n$", (calling:receive "*a"))
    end)
  end)

  programs.it(host, "ends on TERM while a call blocks its thread", function()
    with_apache(function(_, port)
      service.answer_next { { call = "cancel", gate = true } }
      local calling = socket.connect("127.0.0.1", port)
      calling:send(("GET /cancel?id=%s HTTP/1.0\r\n\r\n"):format(service.make_uploads(1)[1]))
      service.wait_for_requests(1)
    end)
  end)
end)

describe("Traffic Server", function()
  local host = programs.find { program = "traffic_server", plugin = "/usr/lib/trafficserver/modules/tslua.so" }

  local folders = [[
prefix: @
exec_prefix: /usr
bindir: /usr/bin
sbindir: /usr/sbin
sysconfdir: @
datadir: /usr/share/trafficserver
includedir: /usr/include
libdir: /usr/lib/trafficserver
libexecdir: /usr/lib/trafficserver/modules
localstatedir: @
runtimedir: @
logdir: @
cachedir: @
]]

  -- With one thread, which a call that blocks would hold up.
  local records = [[
CONFIG proxy.config.http.server_ports STRING %d
CONFIG proxy.config.exec_thread.autoconfig INT 0
CONFIG proxy.config.exec_thread.limit INT 1
CONFIG proxy.config.admin.user_id STRING #-1
CONFIG proxy.config.http.cache.http INT 0
]]

  local allowed = "ip_allow:\n- apply: in\n  ip_addrs: 127.0.0.1\n  action: allow\n  methods: ALL\n"

  programs.it(host, "serves others while a call waits", function()
    programs.with_folder(function(folder)
      local port = programs.free_port()
      programs.write_file(folder .. "/runroot.yaml", (folders:gsub("@", folder)))
      programs.write_file(folder .. "/records.config", records:format(port))
      programs.write_file(folder .. "/ip_allow.yaml", allowed)
      programs.write_file(folder .. "/remap.config", ("map http://127.0.0.1:%d/cancel http://127.0.0.1/ "
        .. "@plugin=tslua.so @pparam=%s/examples/trafficserver/cancel.lua\n"):format(port, programs.checkout))
      for _, name in ipairs { "storage", "plugin", "cache" } do
        programs.write_file(("%s/%s.config"):format(folder, name), "")
      end
      programs.with_running(programs.environment(host, service), "traffic_server --run-root=" .. folder, function()
        local get = getter(port)
        programs.wait_until(function() return get "/" end, "it answers")
        local id = service.make_uploads(1)[1]
        service.answer_next { { call = "cancel", gate = true } }
        local calling = socket.connect("127.0.0.1", port)
        calling:send(("GET /cancel?id=%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n\r\n"):format(id, port))
        service.wait_for_requests(1)
        assert.are.equal(404, select(2, get "/"))
        service.open_gate()
        assert.matches("200 OK.*cancelled\n", (calling:receive "*a"))
        assert.are.same({ "not_found\n", 502 }, { get "/cancel?id=upload_none" })
      end)
    end)
  end)
end)

describe("Kamailio", function()
  local host = programs.find { program = "kamailio", plugin = "/usr/lib/*/kamailio/modules/app_lua.so" }

  -- Sends a request to a user. Returns its socket.
  local function begin(port, method, user)
    local client = assert(socket.udp())
    client:settimeout(1)
    client:setpeername("127.0.0.1", port)
    local _, own = client:getsockname()
    client:send(([[
%s sip:%s@127.0.0.1 SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:%s;branch=z9hG4bK%s
From: <sip:spec@127.0.0.1>;tag=1
To: <sip:%s@127.0.0.1>
Call-ID: %s
CSeq: 1 %s
Content-Length: 0

]]):format(method, user, own, own, user, own, method):gsub("\n", "\r\n"))
    return client
  end

  local function status_of(client) return (client:receive() or ""):match "^SIP/2.0 ([^\r]*)" end

  programs.it(host, "cancels, and answers others while a call blocks a child", function()
    programs.with_folder(function(folder)
      local port = programs.free_port()
      local command = ("sh -c 'cd %s/examples/kamailio && exec kamailio -DD -E -w \"$PWD\" -f kamailio.cfg "
        .. "-l udp:127.0.0.1:%d -Y %s'"):format(programs.checkout, port, folder)
      programs.with_running(programs.environment(host, service), command, function()
        programs.wait_until(function() return status_of(begin(port, "OPTIONS", "x")) end, "it answers")
        local id = service.make_uploads(1)[1]
        service.answer_next { { call = "cancel", gate = true } }
        local calling = begin(port, "MESSAGE", id)
        service.wait_for_requests(1)
        assert.are.equal("405 Method Not Allowed", status_of(begin(port, "OPTIONS", "x")))
        service.open_gate()
        assert.are.equal("200 cancelled", status_of(calling))
        assert.are.equal("502 not_found", status_of(begin(port, "MESSAGE", "upload_none")))
      end)
    end)
  end)
end)

describe("Luanti", function()
  local host = programs.find { program = "minetestserver", lua = "luajit" }
  if not host.path then host = programs.find { program = "luantiserver", lua = "luajit" } end

  -- A mod that runs the command, counts the server's steps meanwhile, and ends the server.
  local driver = [[
    local turns = minetest.get_worldpath() .. "/turns"
    local count = ""
    minetest.register_globalstep(function()
      count = count .. "."
      minetest.safe_file_write(turns, count)
    end)
    minetest.chat_send_player = function(name, text)
      minetest.log("error", name .. " is told: " .. text)
      minetest.request_shutdown()
    end
    minetest.after(0, function() minetest.registered_chatcommands.upload.func("driver", "map_meta.txt") end)]]

  local function make_game(folder, settings)
    programs.sh(("mkdir -p %s/game/mods/uploads_example %s/game/mods/driver %s/world && "
      .. "cp examples/luanti/* %s/game/mods/uploads_example"):format(folder, folder, folder, folder))
    programs.write_file(folder .. "/game/game.conf", "title = example\n")
    programs.write_file(folder .. "/game/mods/driver/mod.conf", "name = driver\ndepends = uploads_example\n")
    programs.write_file(folder .. "/game/mods/driver/init.lua", driver)
    programs.write_file(folder .. "/world/world.mt", "gameid = example\nbackend = dummy\nplayer_backend = dummy\n"
      .. "auth_backend = files\n")
    programs.write_file(folder .. "/world/map_meta.txt", "seed = 1\n")
    programs.write_file(folder .. "/settings", settings .. "\nserver_announce = false\nbind_address = 127.0.0.1\n")
  end

  local function start(folder)
    local environment = programs.environment(host, service)
    environment.HOME, environment.MINETEST_SUBGAME_PATH = folder, folder .. "/games"
    programs.sh(("mkdir %s/games && mv %s/game %s/games/example"):format(folder, folder, folder))
    return programs.start(environment, ("%s --world %s/world --gameid example --config %s/settings --port %d "
      .. "--logfile ''"):format(host.path, folder, folder, programs.free_port()))
  end

  programs.it(host, "sends a file of the world, and goes on", function()
    programs.with_folder(function(folder)
      make_game(folder, "secure.trusted_mods = uploads_example")
      service.answer_next(programs.gate)
      local child = start(folder)
      programs.answer_after_turns(service, folder .. "/world/turns")
      assert.matches("driver is told: file%-%x+", child.finish())
    end)
  end)

  programs.it(host, "is told what a mod needs that is not trusted", function()
    programs.with_folder(function(folder)
      make_game(folder, "")
      assert.matches("name this mod in secure.trusted_mods", start(folder).finish())
    end)
  end)
end)
