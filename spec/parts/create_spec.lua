-- SPDX-License-Identifier: MIT
-- Parts that arrive: from every kind of source, of every size, whole.

local check = require "spec.support.check"
local core = require "openai_uploads.core"
local drive = require "spec.support.drive"
local own_loops = require "spec.support.own_loops"
local part_data = require "spec.support.part_data"
local with_service = require "spec.support.with_service"

local MIB = 1024 * 1024

local client, id

local service = with_service.emulator()

teardown(function() part_data.forget() end)

before_each(function()
  client = check.client(service)
  id = service.make_uploads(1)[1]
end)

-- The parts that the service has must be just these bytes, in this order.
local function check_stored(...)
  local parts, wanted, got = service.upload(id).parts, {}, {}
  for index, bytes in ipairs { ... } do wanted[index] = ("%d bytes, %s"):format(#bytes, part_data.md5(bytes)) end
  for index, part in ipairs(parts) do got[index] = ("%d bytes, %s"):format(part.bytes, part.md5) end
  assert.are.same(wanted, got)
  return parts
end

-- Sends the part, which must arrive with these bytes.
local function check_sent(params, bytes, with)
  local part = assert((with or client).parts.create(id, params))
  assert.are.equal(check_stored(bytes)[1].id, part.id)
end

-- A file of Lua's that stands at this position, and its path.
local function opened(bytes, position, mode)
  local path = part_data.file(bytes)
  local file = assert(io.open(path, mode or "rb"))
  file:seek("set", position)
  return file, path
end

describe("parts.create", function()
  it("returns the UploadPart as a plain table", function()
    local part, failure = client.parts.create(id, { data = "hello" })
    assert.is_nil(failure)
    assert.is_nil(getmetatable(part))
    assert.are.same({ "upload.part", id, check_stored("hello")[1].id }, { part.object, part.upload_id, part.id })
    assert.are.equal("5", tostring(service.upload(id).parts[1].bytes):match("^%d+"))
    if math.type then assert.are.equal("integer", math.type(part.created_at)) end -- luacheck: ignore 143
  end)

  it("sends a file in pieces, the last of which is short, and the Upload is as many bytes as the file", function()
    local text, ids = "0123456789", {}
    local path = part_data.file(text)
    local upload = assert(client.create {
      filename = "a.txt", purpose = "batch", bytes = #text, mime_type = "text/plain",
    })
    for offset = 0, #text - 1, 4 do
      ids[#ids + 1] = assert(client.parts.create(upload.id, { file = path, offset = offset, length = 4 })).id
    end
    local done = assert(client.complete(upload.id, { part_ids = ids, md5 = part_data.md5(text) }))
    assert.are.same({ 3, "completed" }, { #ids, done.status })
  end)

  it("returns that one value, or two more with_response", function()
    assert.are.equal(1, select("#", client.parts.create(id, { data = "a" })))
    local _, failure, response = client.parts.create(id, { data = "b" }, { with_response = true })
    assert.is_nil(failure)
    assert.are.same({ 200, 1, true }, { response.status, response.attempts, response.connection_reused })
  end)

  it("tells the MD5 of what was sent, where that is asked for", function()
    local bytes = part_data.bytes(300000)
    local path = part_data.file(bytes)
    for _, params in ipairs {
      { data = bytes }, { file = path }, { data = assert(io.open(path, "rb")) },
      { data = bytes .. "x", length = #bytes },
      { data = coroutine.wrap(function()
        coroutine.yield(bytes:sub(1, 70000))
        coroutine.yield(bytes:sub(70001))
      end) },
    } do
      params.md5 = true
      local _, _, response = client.parts.create(id, params, { with_response = true })
      assert.are.equal(part_data.md5(bytes), response.md5)
      if type(params.data) == "string" then
        params.md5 = nil
        _, _, response = client.parts.create(id, params, { with_response = true })
        assert.is_nil(response.md5)
      end
    end
  end)

  it("tells the MD5 of the attempt that arrived, not of those before", function()
    service.answer_next { { call = "parts", status = 500 }, { call = "parts", close = true } }
    local _, _, response = client.parts.create(id, { data = "hello", md5 = true }, { with_response = true })
    assert.are.same({ 3, part_data.md5 "hello" }, { response.attempts, response.md5 })
  end)

  local text = "0123456789"
  local path = part_data.file(text)
  local core_file = assert(core.open_file(path))
  local endless = part_data.file "one line\n"

  local sources = {
    { "a string", { data = text }, text },
    { "an empty string", { data = "" }, "" },
    { "a string of NULs", { data = "\0\0a\0" }, "\0\0a\0" },
    { "a string from an offset on", { data = text, offset = 4 }, "456789" },
    { "a string's beginning", { data = text, length = 3 }, "012" },
    { "a piece of a string", { data = text, offset = 2, length = 5 }, "23456" },
    { "a piece of a string up to its very end", { data = text, offset = 8, length = 2 }, "89" },
    { "a string from its end on", { data = text, offset = 10 }, "" },
    { "no byte of a string", { data = text, length = 0 }, "" },
    { "a path", { file = path }, text },
    { "a path, from an offset on", { file = path, offset = 7 }, "789" },
    { "a path, a piece of it", { file = path, offset = 1, length = 3 }, "123" },
    { "a path, from its end on", { file = path, offset = 10 }, "" },
    { "a path, nothing of it", { file = path, offset = 3, length = 0 }, "" },
    { "a path of an empty file", { file = part_data.file "" }, "" },
    { "a file of the core", { file = core_file }, text },
    { "a piece of a file of the core", { file = core_file, offset = 9, length = 1 }, "9" },
    { "a string's last piece, which is short", { data = text, offset = 8, length = 4 }, "89" },
    { "a path's last piece, which is short", { file = path, offset = 8, length = 4 }, "89" },
    { "a path, shorter than a piece", { file = path, length = 11 }, text },
    { "a path, much shorter than a piece", { file = path, length = 9e15 }, text },
    { "a file of the core, its last piece, which is short", { file = core_file, offset = 9, length = 2 }, "9" },
    { "an open file, its last piece, which is short", function() return { data = (opened(text, 8)), length = 4 } end,
      "89" },
    { "a number for a length, a float", { data = text, length = 2.0 }, "01" },
    { "an open file", function() return { data = (opened(text, 0)) } end, text },
    { "an open file, from where it stands", function() return { data = (opened(text, 6)) } end, "6789" },
    { "an open file, so many bytes", function() return { data = (opened(text, 3)), length = 4 } end, "3456" },
    { "an open file that stands at its end", function() return { data = (opened(text, 10)) } end, "" },
    { "an open file of which some was read", function()
      local file = opened(text, 0)
      assert.are.equal("01", file:read(2))
      return { data = file }
    end, "23456789" },
    { "an open file of which lines were read", function()
      local file = assert(io.open(endless))
      assert.are.equal("one line", file:read("*l"))
      file:seek("set", 4)
      return { data = file }
    end, "line\n" },
    { "an open file with what was written to it just now", function()
      local file = opened(text, 10, "r+b")
      file:write("and more")
      file:seek("set", 8)
      return { data = file }
    end, "89and more" },
    { "an open file that stands behind what was written and not flushed", function()
      local file = opened(text, 10, "r+b")
      file:setvbuf("full", 4096)
      file:write("and more")
      return { data = file }
    end, "" },
    { "a function with one chunk", { data = part_data.chunks(text, 10) }, text },
    { "a function with a chunk for each byte", { data = part_data.chunks(text, 1) }, text },
    { "a function that tells its length", { data = part_data.chunks(text, 3), length = 10 }, text },
    { "a function with no chunk", { data = function() end }, "" },
    { "a function with no chunk that tells so", { data = function() error("not to be asked") end, length = 0 }, "" },
  }
  for _, row in ipairs(sources) do
    it("sends " .. row[1], function()
      check_sent(type(row[2]) == "function" and row[2]() or row[2], row[3])
    end)
  end

  it("sends empty chunks of a function as none, however many", function()
    local count = 0
    local function data()
      count = count + 1
      if count == 3 then return "ab" end
      if count == 700003 then return "c" end
      return count < 700010 and "" or nil
    end
    check_sent({ data = data }, "abc")
  end)

  it("sends what a function gives after a wait longer than any timeout", function()
    local options = { timeout = 0.05, stall_timeout = 0.2 }
    local chunks, given = { "a", "b", "c" }, 0
    local function data()
      local until_then = core.now() + (given == 1 and 0.25 or 0.08)
      repeat until core.now() > until_then
      given = given + 1
      return chunks[given]
    end
    assert.is_table((client.parts.create(id, { data = data }, options)))
    check_stored("abc")
  end)

  describe("sends every byte:", function()
    local function of_string(bytes) return { data = bytes } end
    local function of_path(bytes) return { file = part_data.file(bytes) } end
    local function of_file(bytes) return { data = (opened(bytes, 0)) } end
    local function of_function(size)
      return function(bytes) return { data = (part_data.chunks(bytes, size)) } end
    end
    local function of_function_with_length(size)
      return function(bytes) return { data = (part_data.chunks(bytes, size)), length = #bytes } end
    end
    local kinds = {
      { "string", of_string }, { "path", of_path }, { "open file", of_file },
      { "function, chunks of 1000", of_function(1000) },
      { "function, chunks of 16 KiB", of_function(16384) },
      { "function, chunks of 128 KiB", of_function(131072) },
      { "function, chunks of 300001", of_function(300001) },
      { "function with a length, chunks of 4097", of_function_with_length(4097) },
      { "function with a length, one chunk", of_function_with_length(2 * MIB) },
    }
    local sizes = { 1, 16383, 16384, 16385, 65536, 130912, 131071, 131072, 131073, 262144,
      524287, 524288, 524289, MIB + 1 }
    for _, kind in ipairs(kinds) do
      it(kind[1], function()
        local all = {}
        for index, size in ipairs(sizes) do
          all[index] = part_data.bytes(size)
          assert(client.parts.create(id, kind[2](all[index])))
        end
        check_stored((table.unpack or unpack)(all)) -- luacheck: ignore 113 143
      end)
    end
  end)

  describe("over TLS sends every byte:", function()
    local bytes = part_data.bytes(MIB + 1)
    for name, params in pairs {
      ["string"] = { data = bytes },
      ["path"] = { file = part_data.file(bytes) },
      ["function with a length"] = { data = part_data.chunks(bytes, 5000), length = #bytes },
      ["function"] = { data = part_data.chunks(bytes, 50000) },
    } do
      it(name, function()
        check_sent(params, bytes, check.client(service, { base_url = service.tls.good }))
      end)
    end
  end)

  it("started, sends a file that Lua closes meanwhile", function()
    local bytes = part_data.bytes(8 * MIB)
    local file = opened(bytes, 0)
    local transfer = client.start.parts.create(id, { data = file })
    assert.is_false(transfer:done())
    file:close()
    assert.is_true(transfer:wait())
    check_stored(bytes)
  end)

  it("started, sends a string that Lua has forgotten meanwhile", function()
    local size = 8 * MIB
    local transfer = client.start.parts.create(id, { data = part_data.bytes(size) })
    drive.collect()
    assert.is_true(transfer:wait())
    check_stored(part_data.bytes(size))
  end)

  it("started, sends the chunks that a function has forgotten meanwhile", function()
    local bytes = part_data.bytes(MIB)
    local position = 0
    local transfer = client.start.parts.create(id, { data = function()
      drive.collect()
      position = position + 100000
      if position - 100000 < #bytes then return bytes:sub(position - 99999, position) end
    end })
    assert.is_true(transfer:wait())
    check_stored(bytes)
  end)

  it("sends several at a time, each its own", function()
    local all, transfers = {}, {}
    for index = 1, 6 do
      all[index] = part_data.bytes(MIB + index)
      local data = part_data.chunks(all[index], 70000)
      transfers[index] = client.start.parts.create(id, index % 2 == 0 and { data = data } or { data = all[index] })
    end
    for index = 1, 6 do
      local _, part = transfers[index]:wait()
      transfers[index] = part.id
    end
    local stored = {}
    for _, part in ipairs(service.upload(id).parts) do stored[part.id] = part.md5 end
    for index = 1, 6 do assert.are.equal(part_data.md5(all[index]), stored[transfers[index]]) end
  end)

  for _, host in ipairs(own_loops) do
    it("suspends its coroutine in a loop " .. host.name, function()
      local looping, turns, sent = check.client(service, { loop = host.loop }), 0, {}
      local bytes = part_data.bytes(4 * MIB)
      host.run {
        function()
          sent[1] = looping.parts.create(id, { file = part_data.file(bytes) })
          sent[2] = looping.parts.create(id, { data = part_data.chunks(bytes, 100000) })
        end,
        function()
          repeat
            turns = turns + 1
            host.pause()
          until sent[2]
        end,
      }
      assert.is_true(turns > 2)
      check_stored(bytes, bytes)
    end)
  end
end)

describe("a step", function()
  local KIB = 1024

  -- Sends so many parts with steps of so many seconds. Returns the most bytes that went in one step once all had begun;
  -- `after_each_step` is given how many of each part have gone.
  local function greatest_piece(count, seconds, after_each_step)
    local bytes, transfers = part_data.bytes(4 * MIB), {}
    for index = 1, count do transfers[index] = client.start.parts.create(id, { data = bytes }) end
    local function progress()
      local sent, total, all_begun, all_done = {}, 0, true, true
      for index, transfer in ipairs(transfers) do
        sent[index] = transfer:progress()
        total = total + sent[index]
        all_begun, all_done = all_begun and sent[index] > 0, all_done and transfer:done()
      end
      return all_done, total, sent, all_begun
    end
    local _, last, _, had_begun = progress()
    local greatest = 0
    drive.till(client, progress, function()
      local _, total, sent, all_begun = progress()
      if had_begun then greatest = math.max(greatest, total - last) end
      last, had_begun = total, all_begun
      if after_each_step then after_each_step(total, sent) end
    end, seconds)
    assert.are.equal(count, #service.upload(id).parts)
    return greatest
  end

  -- Where curl's own timers are due within the step, each part may send 4 KiB more.
  local function check_short(limit, count, greatest)
    assert.is_true(greatest >= limit and greatest <= limit + 4 * KIB * count, greatest)
  end

  it("sends but a short piece when it may not wait", function() check_short(64 * KIB, 1, greatest_piece(1, 0)) end)

  -- Waits until the timer that curl sets for a new connection (0.2 s) is due for all four at once.
  it("sends little more of many parts, which take turns", function()
    local looked_at
    local greatest = greatest_piece(4, 0, function(total, sent)
      if looked_at or total < MIB then return end
      looked_at = core.now()
      for _, bytes in ipairs(sent) do assert.is_true(bytes >= 128 * KIB, bytes) end
      while core.now() < looked_at + 0.25 do end -- luacheck: ignore 542
    end)
    assert.is_number(looked_at)
    check_short(64 * KIB, 4, greatest)
  end)

  it("sends long pieces when it may", function()
    local piece = greatest_piece(1, 0.01)
    assert.is_true(piece > 256 * KIB, piece)
  end)

  for _, count in ipairs { 1, 4 } do
    for _, seconds in ipairs { 0, 0.01 } do
      it(("of %g s sends max_bytes_per_step of %d parts where that is set"):format(seconds, count), function()
        local usual = client
        client = check.client(service, { max_bytes_per_step = 32 * KIB })
        local greatest = greatest_piece(count, seconds)
        client = usual
        check_short(32 * KIB, count, greatest)
      end)
    end
  end
end)

describe("transfer:progress()", function()
  it("begins at none of all, and ends at all of all", function()
    local transfer = client.start.parts.create(id, { data = part_data.bytes(16 * MIB) })
    local sent, total = transfer:progress()
    assert.is_true(sent < total)
    local last, seen = sent, 0
    drive.till(client, function() return transfer:done() end, function()
      local now = transfer:progress()
      assert.is_true(now >= last)
      if now > last then seen = seen + 1 end
      last = now
    end)
    assert.is_true(seen > 1)
    assert.are.same({ 16 * MIB, 16 * MIB }, { transfer:progress() })
    if math.type then assert.are.equal("integer", math.type(last)) end -- luacheck: ignore 143
  end)

  it("does not know the total of a function that does not tell", function()
    local data = part_data.chunks("abcdef", 4)
    local transfer = client.start.parts.create(id, { data = data })
    assert.is_nil(select(2, transfer:progress()))
    transfer:wait()
    assert.are.same({ 6, nil }, { transfer:progress() })
    assert.are.equal(2, select("#", transfer:progress()))
  end)

  it("knows of a piece, and of a function that tells", function()
    local transfer = client.start.parts.create(id, { data = "abcdef", offset = 1, length = 3 })
    transfer:wait()
    assert.are.same({ 3, 3 }, { transfer:progress() })
    transfer = client.start.parts.create(id, { data = part_data.chunks("abcdef", 4), length = 6 })
    assert.are.equal(6, select(2, transfer:progress()))
    transfer:wait()
    assert.are.same({ 6, 6 }, { transfer:progress() })
  end)

  it("is the body's size for other calls, and nothing for those without", function()
    local transfer = client.start.cancel(id)
    transfer:wait()
    assert.are.same({ 0, 0 }, { transfer:progress() })
    transfer = client.start.create { filename = "a", purpose = "batch", bytes = 1, mime_type = "text/plain" }
    transfer:wait()
    local sent, total = transfer:progress()
    assert.is_true(total > 20)
    assert.are.equal(total, sent)
  end)
end)
