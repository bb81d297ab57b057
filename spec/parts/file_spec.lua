-- SPDX-License-Identifier: MIT
-- Files that cannot be sent, or not as they were: a clear failure, never a corrupt part, and no descriptor left.

local built = require "spec.support.built"
local core = require "openai_uploads.core"
local drive = require "spec.support.drive"
local fault = require "spec.support.fault"
local part_data = require "spec.support.part_data"
local rows = require "spec.support.rows"
local with_service = require "spec.support.with_service"

local MIB = 1024 * 1024

local good_answer = fault.answer(200, '{"id":"part_1","object":"upload.part","created_at":1,"upload_id":"upload_1"}')

local large = part_data.bytes(16 * MIB) -- more than fits into any buffers

local server = with_service.fault_server()

teardown(function() part_data.forget() end)

-- How a path becomes the params of a part.
local sources = {
  { "path", function(path) return { file = path } end },
  { "open file", function(path) return { data = assert(io.open(path, "rb")) } end },
  { "file of the core", function(path) return { file = assert(core.open_file(path)) } end },
}

-- Runs the proof, after which no descriptor may be left but those that were there before.
local function check_nothing_left(proof)
  local before = part_data.descriptors()
  proof()
  assert.are.equal(before, part_data.descriptors())
end

local function made(command)
  local path = part_data.path()
  part_data.output((command:gsub("PATH", "'" .. path .. "'")))
  return path
end

-- What a program prints that has a client, and is run with these settings of the environment. before: shell commands.
local function output_of(program, base_url, settings, before)
  local path = part_data.file(([[
    local core = require "openai_uploads.core"
    local client = require("openai_uploads").new { base_url = %q, api_key = "sk", proxy = "", retry_delay = 0 }
    %s]]):format(base_url, program))
  local index = 0
  while arg[index - 1] do index = index - 1 end
  return part_data.output(("%s env LUA_PATH='%s' LUA_CPATH='%s' ASAN_OPTIONS=detect_leaks=0 'LD_PRELOAD=%s' %s %s %s")
    :format(before or "", package.path, package.cpath, os.getenv "LD_PRELOAD" or "", settings, arg[index], path))
end

describe("a file", function()
  local text = part_data.file "0123456789"
  local function opened(position)
    local file = assert(io.open(text))
    file:seek("set", position)
    return file
  end
  local missing = part_data.path()
  os.remove(missing)

  -- Params, or a function that makes them, and what the failure says.
  local unfit = {
    { "that is not there", { file = missing }, "^cannot open /.*: No such file or directory$" },
    { "below what is no directory", { file = text .. "/a" }, "^cannot open /.*: Not a directory$" },
    { "that is a link to itself", { file = made "rm PATH; ln -s PATH PATH" }, "^cannot open /.*: Too many levels" },
    { "that is a directory", { file = "/" }, "^/ is a directory, not a regular file$" },
    { "that is a pipe nobody writes to", { file = made "rm PATH; mkfifo PATH" }, "is a pipe, not a regular file$" },
    { "that is a device", { file = "/dev/zero" }, "^/dev/zero is a device, not a regular file$" },
    { "whose offset is beyond its end", { file = text, offset = 11 },
      "^/.* has 10 bytes, and none from offset 11 on: a piece must begin before the end$" },
    { "whose piece would begin at its end", { file = text, offset = 10, length = 5 },
      "^/.* has 10 bytes, and none from offset 10 on" },
    { "whose piece of nothing begins beyond its end", { file = text, offset = 11, length = 0 }, "none from offset 11" },
    { "of immense offset", { file = text, offset = 9e15 }, "none from offset 9000000000000000 on" },
    { "of immense offset and length", { file = text, offset = 9e15, length = 9e15 }, "^/.* has 10 bytes" },
    { "that stands behind its end", function() return { data = opened(11) } end,
      "^the file has 10 bytes, and none from offset 11 on" },
    { "that stands at its end, where bytes are asked for", function() return { data = opened(10), length = 1 } end,
      "^the file has 10 bytes, and none from offset 10 on" },
    { "that is a pipe from a program", function() return { data = assert(io.popen "unset LD_PRELOAD; true") } end,
      "^the file is a pipe, not a regular file$" },
    { "that is a device opened by Lua", function() return { data = assert(io.open "/dev/null") } end,
      "^the file is a device, not a regular file$" },
    { "of the core, with an offset beyond its end", function()
      return { file = assert(core.open_file(text)), offset = 11 }
    end, "^the file has 10 bytes, and none from offset 11 on" },
    { "that is a string in truth, of which nothing is left", { data = "abc", offset = 3, length = 2 },
      "^the data has 3 bytes, and none from offset 3 on" },
    { "that is a string in truth, and shorter still", { data = "abc", offset = 4 }, "none from offset 4 on" },
  }
  for _, row in ipairs(unfit) do
    it(row[1] .. " is a failure, and nothing is sent", function()
      check_nothing_left(function()
        local script = server.script { rows.lucky }
        local client = rows.client(script.base_url, { max_retries = 2 })
        local params = type(row[2]) == "function" and row[2]() or row[2]
        rows.check_failure({ kind = "file", attempts = 0, may = false, says = row[3] },
          client.parts.create("upload_1", params))
        assert.are.equal(0, script.seen().connections)
        client.close()
        script.close()
      end)
    end)
  end

  it("that may not be read is a failure", function()
    local path = part_data.file "secret"
    part_data.output(("chmod 000 '%s'"):format(path))
    -- root may read everything, unless it gives that up
    local unprivileged = part_data.output("id -u"):match("%d+") == "0"
      and "setpriv --bounding-set=-dac_override,-dac_read_search " or ""
    assert.are.equal(("nil\tfile\tcannot open %s: Permission denied\n"):format(path), output_of(([[
      local part, failure = client.parts.create("upload_1", { file = %q })
      print(part, failure.kind, failure.message)
    ]]):format(path), "http://127.0.0.1:1/v1", unprivileged))
  end)

  it("that only can be written to is a failure once it is read, and is not tried again", function()
    local script = server.script { { { "head" }, { "await_close" } } }
    local file = assert(io.open(part_data.path(), "wb"))
    file:write("abc")
    file:seek("set", 0)
    rows.check_failure({ kind = "file", may = false, says = "^cannot read the file: Bad file descriptor$" },
      rows.client(script.base_url, { max_retries = 2 }).parts.create("upload_1", { data = file }))
    script.wait_for("connections", 1)
    assert.are.equal(1, script.seen().connections)
    script.close()
  end)
end)

describe("a file that", function()
  local function append(path)
    local file = assert(io.open(path, "ab"))
    file:write("x")
    file:close()
  end
  local function write_over(path)
    local file = assert(io.open(path, "r+b"))
    file:seek("set", 8 * MIB)
    file:write("x")
    file:close()
  end
  local function shorten(path) part_data.output(("truncate -s %d '%s'"):format(15 * MIB, path)) end

  local changes = {
    { "shrinks", shorten, " has shrunk: it ends before byte 157286%d+$" },
    { "grows", append, " has changed meanwhile: it had 16777216 bytes, and has 16777217$" },
    { "is written to", write_over, " has changed meanwhile: it was written to$" },
    { "is emptied", function(path) part_data.write(path, "") end, " has shrunk: it ends before byte %d+$" },
  }
  for _, change in ipairs(changes) do
    it(change[1] .. " while it is sent is a failure, and is not tried again", function()
      for _, source in ipairs(sources) do
        check_nothing_left(function()
          local path = part_data.file(large)
          local script = server.script { { { "wait", 0.1 }, { "request" } } }
          local client = rows.client(script.base_url, { max_retries = 2 })
          local transfer = client.start.parts.create("upload_1", source[2](path))
          drive.till(client, function() return transfer:progress() > MIB end)
          change[2](path)
          drive.all(client)
          local name = source[1] == "open file" and "the file" or path:gsub("%p", "%%%0")
          rows.check_failure({ kind = "file", may = false, says = "^" .. name .. change[3] }, drive.result(transfer))
          script.wait_for("cut_requests", 1)
          local seen = script.seen()
          assert.are.same({ 1, 1, 0 }, { seen.connections, #seen.cut_requests, #seen.requests })
          client.close()
          script.close()
          os.remove(path)
        end)
      end
    end)
  end

  it("changes between two attempts is a failure, and what came before is in doubt", function()
    for _, source in ipairs(sources) do
      local path = part_data.file("0123456789")
      local script = server.script { rows.answered(fault.answer(500, ""), { "close" }), { { "request" }, { "stall" } } }
      local client = rows.client(script.base_url, { max_retries = 2, on_retry = function() append(path) end })
      rows.check_failure({ kind = "file", attempts = 2, may = true, says = "it had 10 bytes, and has 11$" },
        client.parts.create("upload_1", source[2](path)))
      script.close()
    end
  end)

  it("changes after the core opened it is a failure", function()
    local path = part_data.file("0123456789")
    local file = assert(core.open_file(path))
    append(path)
    local script = server.script { { { "request" }, { "stall" } } }
    rows.check_failure({ kind = "file", may = false, says = "it had 10 bytes, and has 11$" },
      rows.client(script.base_url).parts.create("upload_1", { file = file }))
    script.close()
  end)

  for name, change in pairs {
    ["is replaced"] = function(path) assert(os.rename(part_data.file "another", path)) end,
    ["is removed"] = function(path) assert(os.remove(path)) end,
    ["is only read by others"] = function(path) part_data.output(("cat '%s' >/dev/null"):format(path)) end,
  } do
    it(name .. " while it is sent is sent as it was", function()
      for _, source in ipairs(sources) do
        local path = part_data.file(large)
        local script = server.script { { { "wait", 0.1 }, { "request" }, { "send", good_answer } } }
        local client = rows.client(script.base_url)
        local transfer = client.start.parts.create("upload_1", source[2](path))
        drive.till(client, function() return transfer:progress() > 0 end)
        change(path)
        drive.all(client)
        assert.are.equal("part_1", drive.result(transfer).id)
        assert.is_true(large == part_data.form(script.seen().requests[1]).fields[1].bytes)
        client.close()
        script.close()
      end
    end)
  end
end)

describe("a disk", function()
  local library

  setup(function() library = assert(built.library "failing_disk") end)

  -- Sends a file of 300000 bytes where that disk is. Returns what the calls came to, and its path.
  local function send(base_url, broken_at)
    local path = part_data.file(part_data.bytes(300000))
    return output_of(([[
      for _, params in ipairs { { file = %q }, { data = io.open(%q) }, { file = core.open_file(%q) } } do
        local part, failure = client.parts.create("upload_1", params)
        print(part and part.id or failure .. ", " .. failure.attempts .. ", " .. tostring(failure.may_have_applied))
      end
    ]]):format(path, path, path), base_url, ("'LD_PRELOAD=%s %s' %s"):format(os.getenv "LD_PRELOAD" or "", library,
      broken_at and "FAILING_DISK_AT=" .. broken_at or "")), path
  end

  it("that breaks half-way is a failure, and is not tried again", function()
    local script = server.script { { { "head" }, { "await_close" } } }
    local line = "file: cannot read %s: Input/output error, 1, false\n"
    local text, path = send(script.base_url, 200000)
    assert.are.equal((line:rep(3)):format(path, "the file", path), text)
    script.wait_for("connections", 3)
    assert.are.equal(3, script.seen().connections)
    script.close()
  end)

  it("that takes no more of what Lua has written to a file is a failure", function()
    local path = part_data.path()
    assert.are.equal("file: what was written to the file did not get into it: File too large, 0\n", output_of(([[
      local file = io.open(%q, "w+")
      file:write "hello"
      local _, failure = client.parts.create("upload_1", { data = file })
      print(failure .. ", " .. failure.attempts)
    ]]):format(path), "http://127.0.0.1:9", "", "trap '' XFSZ; ulimit -f 0;"))
  end)

  it("that is interrupted, and gives little at a time, is read to the end", function()
    local script = server.script { { { "request" }, { "send", good_answer }, { "request" }, { "send", good_answer },
      { "request" }, { "send", good_answer } } }
    assert.are.equal(("part_1\n"):rep(3), (send(script.base_url)))
    for _, request in ipairs(script.seen().requests) do
      assert.is_true(part_data.bytes(300000) == part_data.form(request).fields[1].bytes)
    end
    assert.are.equal(3, #script.seen().requests)
    script.close()
  end)
end)

describe("core.open_file", function()
  it("knows its size, and what has changed since", function()
    local path = part_data.file "0123456789"
    part_data.output(("touch -d '2001-02-03 04:05:06.789 UTC' '%s'"):format(path))
    local file = assert(core.open_file(path))
    assert.are.equal(10, file:size())
    if math.type then assert.are.equal("integer", math.type(file:size())) end -- luacheck: ignore 143
    assert.is_nil(file:problem())
    part_data.output(("touch '%s'"):format(path))
    assert.are.same({ "file", path .. " has changed meanwhile: it was written to" },
      { file:problem().kind, file:problem().message })
    part_data.write(path, "012")
    assert.are.equal(path .. " has changed meanwhile: it had 10 bytes, and has 3", file:problem().message)
  end)

  it("knows sizes beyond 32 bits", function()
    local file = assert(core.open_file(part_data.sparse_file(9e9)))
    assert.are.equal(9e9, file:size())
    file:close()
  end)

  it("is closed once, and then of no use", function()
    check_nothing_left(function()
      local file = assert(core.open_file(part_data.file "a"))
      file:close()
      file:close()
      for _, name in ipairs { "size", "problem" } do
        local fine, message = pcall(file[name], file)
        assert.is_false(fine)
        assert.is_truthy(message:find("the file is closed", 1, true))
      end
    end)
  end)

  it("is closed by who forgets it", function()
    check_nothing_left(function()
      for _ = 1, 20 do assert(core.open_file(part_data.file "a")) end
    end)
  end)

  it("is a failure where there is no regular file", function()
    check_nothing_left(function()
      for _, path in ipairs { "/", "/dev/null", "/nowhere/at/all" } do
        local file, failure = core.open_file(path)
        assert.is_nil(file)
        assert.are.same({ "file", 0, false }, { failure.kind, failure.attempts, failure.may_have_applied })
      end
    end)
  end)
end)
