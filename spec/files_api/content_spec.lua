-- SPDX-License-Identifier: MIT
-- files.content: the bytes of a File, streamed to a path, an open file or a function.

local check = require "spec.support.check"
local drive = require "spec.support.drive"
local fault = require "spec.support.fault"
local rows = require "spec.support.rows"
local with_service = require "spec.support.with_service"

local service = with_service.emulator()
local server = with_service.fault_server()

local folder, client

local function output(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read "*a"
  pipe:close()
  return text
end

setup(function() folder = output("mktemp -d"):match "[^\n]+" end)
teardown(function() os.execute("rm -rf " .. folder) end)

local function at(name) return folder .. "/" .. name end

local function read(path)
  local file = io.open(path, "rb")
  if not file then return nil end
  local text = file:read "*a"
  file:close()
  return text
end

local function write(path, text)
  local file = assert(io.open(path, "wb"))
  assert(file:write(text))
  file:close()
end

-- The names in the folder.
local function names()
  return (output(("cd '%s' && ls -A"):format(folder)):gsub("\n", " "):gsub(" $", ""))
end

before_each(function()
  os.execute(("find '%s' -mindepth 1 -delete"):format(folder))
  client = check.client(service)
end)

-- Some megabytes that no shift leaves alike.
local function many_bytes()
  local pieces = {}
  for index = 1, 300000 do pieces[index] = ("%09d\n"):format(index) end
  return table.concat(pieces)
end

local one_of_nine = fault.answer(200, "x", nil, { length = 9 })

describe("files.content", function()
  describe("to a path", function()
    it("writes the bytes, and returns how many", function()
      local bytes = many_bytes()
      local file = service.add_file(bytes)
      local content = assert(client.files.content(file.id, { to = at "a" }))
      assert.are.same({ id = file.id, bytes = #bytes, mime_type = "application/octet-stream" }, content)
      assert.is_true(bytes == read(at "a"))
      assert.are.equal("a", names())
    end)

    it("sends a GET", function()
      local file = service.add_file("hello")
      client.files.content(file.id, { to = at "a" })
      local requests = service.requests()
      assert.are.same({ "GET", "/v1/files/" .. file.id .. "/content" },
        { requests[2].method, requests[2].uri })
    end)

    it("writes an empty file where there are no bytes", function()
      local script = server.script { { { "request" }, { "send", fault.answer(200, "") } } }
      local content = assert(rows.client(script.base_url).files.content("file-1", { to = at "a" }))
      assert.are.same({ 0, "" }, { content.bytes, read(at "a") })
      script.close()
    end)

    it("replaces an older file, and keeps its mode", function()
      write(at "a", "an older file that is longer")
      os.execute("chmod 640 " .. at "a")
      assert(client.files.content(service.add_file("hello").id, { to = at "a" }))
      assert.are.equal("hello", read(at "a"))
      assert.are.equal("640\n", output("stat -c %a " .. at "a"))
    end)

    it("replaces what a link leads to, and not the link", function()
      write(at "b", "old")
      os.execute(("ln -s b '%s'"):format(at "a"))
      assert(client.files.content(service.add_file("hello").id, { to = at "a" }))
      assert.are.same({ "hello", "b\n" }, { read(at "b"), output("readlink " .. at "a") })
    end)

    it("leaves an older file alone until all is there, and when it fails", function()
      write(at "a", "old")
      local script = server.script {
        { { "request" }, { "send", fault.answer(200, "half", nil, { length = 8 }) }, { "hold" }, { "close" } },
      }
      local slow = rows.client(script.base_url)
      local transfer = slow.start.files.content("file-1", { to = at "a" })
      drive.till(slow, function() return transfer:progress() == 4 end)
      assert.are.equal("old", read(at "a"))
      assert.is_truthy(names():find "^a a%.%d+%-0%.part$")
      script.go_on()
      drive.all(slow)
      check.failure("connection", drive.result(transfer))
      assert.are.same({ "old", "a" }, { read(at "a"), names() })
      script.close()
    end)

    it("leaves nothing when it is aborted, dropped or its client closed", function()
      local script = server.script { { { "request" }, { "send", one_of_nine }, { "stall" } } }
      for _, ending in ipairs {
        function(_, transfer) transfer:abort() end,
        function(slow) slow.close() end,
        function() end,
      } do
        local slow = rows.client(script.base_url)
        local transfer = slow.start.files.content("file-1", { to = at "a" })
        drive.till(slow, function() return transfer:progress() == 1 end)
        assert.are_not.equal("", names())
        ending(slow, transfer)
        transfer = nil -- luacheck: ignore 311
        drive.collect()
        assert.are.equal("", names())
      end
      script.close()
    end)

    it("writes a device as it is", function()
      assert(client.files.content(service.add_file("hello").id, { to = "/dev/null" }))
      assert.are.equal("character special file\n", output("stat -c %F /dev/null"))
      local failure = check.failure("file", client.files.content(service.add_file("hello").id, { to = "/dev/full" }))
      check.holds("cannot write to the file: No space left on device", failure.message)
    end)

    for _, row in ipairs {
      { "a folder", function() return folder end, "Is a directory" },
      { "a path in a folder that is missing", function() return at "none/a" end, "No such file or directory" },
    } do
      it("sends nothing for " .. row[1], function()
        local failure = check.failure("file", client.files.content("file-1", { to = row[2]() }))
        assert.are.equal(("cannot write to %s: %s"):format(row[2](), row[3]), failure.message)
        check.nothing_sent(service)
      end)
    end

    it("says why it was refused, and leaves nothing", function()
      local failure = check.failure("not_found", client.files.content("file-1", { to = at "a" }))
      assert.are.equal("No such File object: file-1", failure.message)
      assert.are.equal("", names())
    end)
  end)

  describe("to an open file", function()
    it("goes on from its position", function()
      local file = assert(io.open(at "a", "w+b"))
      file:write("before ")
      assert(client.files.content(service.add_file("hello").id, { to = file }))
      file:seek("end")
      file:write(" after")
      file:close()
      assert.are.equal("before hello after", read(at "a"))
    end)

    it("writes to a pipe", function()
      local pipe = assert(io.popen(("cat >'%s'"):format(at "a"), "w"))
      local bytes = many_bytes()
      assert(client.files.content(service.add_file(bytes).id, { to = pipe }))
      pipe:close()
      assert.is_true(bytes == read(at "a"))
    end)

    it("fails where the pipe's reader is gone", function()
      local pipe = assert(io.popen("exec true", "w"))
      local failure = check.failure("file", client.files.content(service.add_file(many_bytes()).id, { to = pipe }))
      assert.are.equal("cannot write to the file: Broken pipe", failure.message)
      pipe:close()
    end)
  end)

  describe("to a function", function()
    it("hands the bytes out in order", function()
      local bytes, pieces = many_bytes(), {}
      local content = assert(client.files.content(service.add_file(bytes).id, {
        to = function(piece) pieces[#pieces + 1] = piece end,
      }))
      assert.are.equal(#bytes, content.bytes)
      assert.is_true(bytes == table.concat(pieces))
      assert.is_true(#pieces > 1)
      for _, piece in ipairs(pieces) do assert.is_true(#piece > 0 and #piece <= 256 * 1024) end
    end)

    it("calls it from steps alone", function()
      local called, file = 0, service.add_file("hello")
      local transfer = client.start.files.content(file.id, { to = function() called = called + 1 end })
      assert.are.equal(0, called)
      drive.all(client)
      assert.are.equal(1, called)
      assert.are.equal(5, drive.result(transfer).bytes)
    end)

    it("is not called for the body of a refusal", function()
      check.failure("not_found", client.files.content("file-1", { to = error }))
    end)

    it("receives no faster than it takes", function()
      local script = server.script {
        { { "request" }, { "send", fault.answer(200, "", nil, { length = 64 * 1024 * 1024 }) },
          { "repeat", ("x"):rep(1024), 64 * 1024 } },
      }
      local slow = rows.client(script.base_url)
      local got, seen = 0, nil
      slow.start.files.content("file-1", { to = function(piece)
        got = got + #piece
        if got > 1024 * 1024 then return end
        for _ = 1, 20 do slow.step() end -- within it, nothing comes
        seen = script.seen().bytes_sent
      end }):on_done(function() end)
      drive.till(slow, function() return got > 1024 * 1024 end)
      assert.is_true(seen < 16 * 1024 * 1024, seen) -- what kernels hold, and no more
      script.close()
    end)

    local function given_up(receiver)
      local file = service.add_file(many_bytes())
      return check.failure("aborted", client.files.content(file.id, { to = receiver })).message
    end

    it("ends with its error", function()
      assert.are.equal("the to function raised an error: no room", given_up(function() error("no room", 0) end))
    end)

    it("ends when it gives up", function()
      assert.are.equal("the receiver gave up: no room", given_up(function() return nil, "no room" end))
      assert.are.equal("the receiver gave up: no room", given_up(function() return false, "no room" end))
    end)

    it("ends with the error of the last piece, too", function()
      local failure = check.failure("aborted",
        client.files.content(service.add_file("hello").id, { to = function() error("no room", 0) end }))
      assert.are.same({ "the to function raised an error: no room", 200, false },
        { failure.message, failure.status, failure.may_have_applied })
    end)

    it("may abort its own transfer", function()
      local transfer
      transfer = client.start.files.content(service.add_file(many_bytes()).id, { to = function() transfer:abort() end })
      drive.all(client)
      check.failure("aborted", drive.result(transfer))
    end)

    it("cannot wait for its own transfer", function()
      local transfer, raised
      transfer = client.start.files.content(service.add_file("hello").id, { to = function()
        raised = select(2, pcall(transfer.wait, transfer))
      end })
      drive.all(client)
      check.holds("a transfer cannot be waited for inside its own to function", raised)
      assert.are.equal(5, drive.result(transfer).bytes)
    end)

    it("may make calls of its own, and gets its bytes in order", function()
      local bytes, pieces, depth = many_bytes(), {}, 0
      local other = service.add_file("hello")
      assert(client.files.content(service.add_file(bytes).id, { to = function(piece)
        depth = depth + 1
        assert(depth == 1, "it is called within itself")
        pieces[#pieces + 1] = piece
        assert(client.files.retrieve(other.id))
        depth = depth - 1
      end }))
      assert.is_true(bytes == table.concat(pieces))
    end)
  end)

  describe("with max_bytes", function()
    it("takes as many", function()
      local file = service.add_file("hello")
      assert.are.equal(5, assert(client.files.content(file.id, { to = at "a", max_bytes = 5 })).bytes)
    end)

    it("fails for more, and leaves nothing", function()
      local failure = check.failure("too_large",
        client.files.content(service.add_file("hello").id, { to = at "a", max_bytes = 4 }))
      assert.are.equal("the content is larger than max_bytes (4)", failure.message)
      assert.are.same({ "", 1, 200 }, { names(), failure.attempts, failure.status })
    end)

    it("does not depend on max_response_bytes", function()
      client = check.client(service, { max_response_bytes = 10 })
      assert.are.equal(3000000, assert(client.files.content(service.add_file(many_bytes()).id, { to = at "a" })).bytes)
    end)
  end)

  describe("when it breaks off", function()
    local half = { { "request" }, { "send", fault.answer(200, "half", nil, { length = 8 }) }, { "close" } }
    local whole = { { "request" }, { "send", fault.answer(200, "all of it") } }

    local function broken(times, to, settings)
      local connections = {}
      for index = 1, times do connections[index] = half end
      connections[#connections + 1] = whole
      local script = server.script(connections)
      local all = { max_retries = 2 }
      for name, value in pairs(settings or {}) do all[name] = value end
      local content, failure = rows.client(script.base_url, all).files.content("file-1", { to = to })
      script.close()
      return content, failure
    end

    it("begins again in a file", function()
      assert.are.equal(9, assert(broken(2, at "a")).bytes)
      assert.are.equal("all of it", read(at "a"))
    end)

    it("begins again in an open file, where it began", function()
      local file = assert(io.open(at "a", "wb"))
      file:write("before ")
      assert(broken(1, file))
      file:close()
      assert.are.equal("before all of it", read(at "a"))
    end)

    it("fails when it does so each time, and leaves nothing", function()
      local failure = check.failure("connection", broken(3, at "a"))
      assert.are.same({ 3, false, "" }, { failure.attempts, failure.may_have_applied, names() })
      check.holds("cut off", failure.message)
    end)

    it("is not tried again once a function had bytes", function()
      local script = server.script {
        { { "request" }, { "send", fault.answer(200, "half", nil, { length = 8 }) }, { "hold" }, { "close" } },
      }
      local slow = rows.client(script.base_url, { max_retries = 2 })
      local transfer = slow.start.files.content("file-1", { to = function() script.go_on() end })
      drive.all(slow)
      local failure = check.failure("connection", drive.result(transfer))
      assert.are.equal(1, failure.attempts)
      check.holds("not tried again: the receiver has had bytes that cannot be taken back", failure.message)
      script.close()
    end)

    it("is tried again before", function()
      local script = server.script { { { "request" }, { "close" } }, whole }
      local pieces = {}
      assert(rows.client(script.base_url, { max_retries = 1 }).files.content("file-1",
        { to = function(piece) pieces[#pieces + 1] = piece end }))
      assert.are.equal("all of it", table.concat(pieces))
      script.close()
    end)
  end)

  describe("whose bytes come slowly", function()
    it("has as long as they come", function()
      local script = server.script {
        { { "request" }, { "send", fault.answer(200, "", nil, { length = 40 }) }, { "drip", ("x"):rep(40), 0.02, 2 } },
      }
      local slow = rows.client(script.base_url, { timeout = 0.15, stall_timeout = 5 })
      assert.are.equal(40, assert(slow.files.content("file-1", { to = at "a" })).bytes)
      script.close()
    end)

    it("fails when none comes for stall_timeout", function()
      local script = server.script { { { "request" }, { "send", one_of_nine }, { "stall" } } }
      local slow = rows.client(script.base_url, { timeout = 20, stall_timeout = 0.1, deadline = 10 })
      local failure = check.failure("timeout", slow.files.content("file-1", { to = at "a" }))
      assert.are.equal("stalled: no byte of the content came for 0.1 s", failure.message)
      script.close()
    end)

    it("fails when no answer comes for timeout", function()
      local script = server.script { { { "request" }, { "stall" } } }
      local failure = check.failure("timeout",
        rows.client(script.base_url, { timeout = 0.1 }).files.content("file-1", { to = at "a" }))
      assert.are.equal("timed out: no whole answer within 0.1 s", failure.message)
      script.close()
    end)
  end)

  it("comes over TLS", function()
    client = check.client(service, { base_url = service.tls.good })
    local bytes, pieces = many_bytes(), {}
    local file = service.add_file(bytes)
    local _, _, response = client.files.content(file.id, { to = at "a" }, { with_response = true })
    assert.are.same({ "1.1", 200 }, { response.http_version, response.status })
    assert.is_true(bytes == read(at "a"))
    assert(client.files.content(file.id, { to = function(piece) pieces[#pieces + 1] = piece end }))
    assert.is_true(bytes == table.concat(pieces))
  end)

  it("leaves the connection and the handle to the next call", function()
    local file = service.add_file("hello")
    assert(client.files.content(file.id, { to = at "a" }))
    local found, _, response = client.files.retrieve(file.id, { with_response = true })
    assert.are.same({ file.id, true }, { found.id, response.connection_reused })
  end)

  describe("raises for", function()
    for _, row in ipairs {
      { "no receiver", {}, "params.to is missing" },
      { "a number", { to = 1 }, "params.to must be a path, an open file or a function, got number" },
      { "an empty path", { to = "" }, "params.to is empty" },
      { "a NUL in the path", { to = "a\0b" }, "params.to contains a NUL byte" },
      { "half a byte", { to = "a", max_bytes = 1.5 }, "params.max_bytes must be a whole number that is not negative" },
      { "a typing error", { to = "a", max_byte = 1 }, "params has an unknown field 'max_byte'" },
      { "no params", nil, "params must be a table, got nil" },
    } do
      it(row[1], function()
        local fine, raised = pcall(client.files.content, "file-1", row[2])
        assert.is_false(fine)
        check.holds("bad argument #2 to 'files.content' (" .. row[3], raised)
      end)
    end

    it("a closed file", function()
      local file = assert(io.open(at "a", "wb"))
      file:close()
      check.holds("params.to is a closed file", select(2, pcall(client.files.content, "file-1", { to = file })))
    end)
  end)
end)
