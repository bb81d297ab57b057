-- SPDX-License-Identifier: MIT
-- upload_file_chunked of data that comes piece by piece: from functions, objects with `read`, open files and pipes.
-- Without a descriptor: too

local check = require "spec.support.check"
local core = require "openai_uploads.core"
local drive = require "spec.support.drive"
local upload_file = require "spec.support.upload_file"
local with_service = require "spec.support.with_service"

local letters = "abcdefghij"

local service = with_service.emulator()

after_each(upload_file.remove_all)

-- A data function that gives these chunks.
local function chunks(list)
  local index = 0
  return function()
    index = index + 1
    return list[index]
  end
end

-- The same of all letters, in pieces of so many bytes.
local function pieces(size)
  local list = {}
  for first = 1, #letters, size do list[#list + 1] = letters:sub(first, first + size - 1) end
  return chunks(list)
end

local function params(more)
  return check.merged({ filename = "a.jsonl", purpose = "batch", part_size = 4, concurrency = 2, bytes = 10 }, more)
end

local function without_bytes(more)
  local all = params(more)
  all.bytes = nil
  return all
end

local function command(text) return io.popen("unset LD_PRELOAD; " .. text) end

local ways = {
  { "a function", function() return pieces(3) end },
  { "a function that gives one byte at a time, and nothing in between", function()
    return chunks { "a", "", "b", "c", "d", "", "", "e", "f", "g", "h", "i", "j", "" }
  end },
  { "a function that gives all at once", function() return pieces(10) end },
  { "an object with read", function()
    local give = pieces(3)
    return { read = function(_, size)
      assert.are.equal(64 * 1024, size)
      return give()
    end }
  end },
  { "an open file, from its position", function()
    local file = assert(io.open(upload_file.write("0123" .. letters)))
    file:seek("set", 4)
    return file
  end },
  { "a pipe", function() return command "printf abcdefghij" end },
  { "a pipe that is slow", function() return command "printf abcde; sleep 0.05; printf fghij" end },
  { "a pipe of which something was read", function()
    local pipe = command "printf 'a line\nabcdefghij'"
    assert.are.equal("a line", pipe:read "*l")
    return pipe
  end },
}

local sizes = {
  { "of announced size", params },
  { "of announced size through a temporary file", function(more)
    return params(check.merged({ spool = true }, more))
  end },
  { "of unknown size", without_bytes },
}

describe("upload_file_chunked of a stream", function()
  for _, way in ipairs(ways) do
    for _, size in ipairs(sizes) do
      it(("sends %s %s"):format(way[1], size[1]), function()
        upload_file.with_client(service, {}, function(client)
          local data = way[2]()
          local upload = assert(client.upload_file_chunked(size[2] { data = data, md5 = "compute" }))
          if io.type(data) then data:close() end
          assert.are.same({ "completed", 10 }, { upload.status, upload.bytes })
        end)
        local stored = upload_file.only_upload(service)
        assert.are.same({ "a.jsonl", 3 }, { stored.filename, #stored.parts })
        assert.are.same({ create = 1, parts = 3, complete = 1, cancel = 0 }, upload_file.counts(service))
      end)
    end
  end

  it("waits for its data longer than the client's deadline, which is each call's", function()
    for _, size in ipairs { params, without_bytes } do
      local client = check.client(service, { deadline = 0.5 })
      local data = command "printf abcde; sleep 0.7; printf fghij"
      assert.are.equal("completed", assert(client.upload_file_chunked(size { data = data })).status)
      data:close()
    end
  end)

  it("sends its bytes in their order", function()
    for _, size in ipairs(sizes) do
      service.reset()
      local client = check.client(service)
      assert(client.upload_file_chunked(size[2] { data = pieces(3), concurrency = 1 }))
      assert.are.same({ "abcd", "efgh", "ij" },
        upload_file.parts_as(upload_file.only_upload(service), { "abcd", "efgh", "ij" }))
    end
  end)

  it("asks a slow function for one chunk a step", function()
    local client, count, most, give = check.client(service), 0, 0, pieces(1)
    local transfer = client.start.upload_file_chunked(params { part_size = 10, data = function()
      local done_at = core.now() + 0.001
      repeat until core.now() >= done_at
      count = count + 1
      return give()
    end })
    repeat
      local before = count
      client.step(0.1)
      most = math.max(most, count - before)
    until transfer:done()
    assert(select(2, transfer:poll()))
    assert.are.equal(1, most)
  end)

  it("computes the md5 of the data as it passes", function()
    local client = check.client(service)
    for _, size in ipairs(sizes) do
      service.reset()
      assert(client.upload_file_chunked(size[2] { data = pieces(3), md5 = "compute" }))
      local requests = service.requests()
      check.holds(upload_file.md5(letters), requests[#requests].body)
    end
    local failure = check.failure("bad_request",
      client.upload_file_chunked(params { data = pieces(3), md5 = ("0"):rep(32) }))
    assert.is_true(failure.cancelled)
  end)

  it("sends a part again without asking for its data again", function()
    for _, size in ipairs(sizes) do
      service.reset()
      service.answer_next { { call = "parts" }, { call = "parts", status = 500 }, { call = "parts", close = true } }
      local asked, give = 0, pieces(5)
      local client = check.client(service, { max_retries = 3 })
      local upload = assert(client.upload_file_chunked(size[2] { concurrency = 1, data = function()
        asked = asked + 1
        return give()
      end }))
      assert.are.same({ "completed", 3 }, { upload.status, asked })
    end
  end)

  it("has as many parts under way as `concurrency` says, and takes no more data than they hold", function()
    local client, given = check.client(service), 0
    service.answer_next { { call = "parts", gate = true }, { call = "parts", gate = true } }
    local job = client.start.upload_file_chunked(params { part_size = 2, data = function()
      given = given + 1
      return given <= 10 and letters:sub(given, given) or nil
    end })
    drive.till(client, function() return upload_file.counts(service).parts == 2 end)
    for _ = 1, 20 do client.step() end
    assert.are.equal(4, given)
    service.open_gate()
    drive.till(client, function() return job:done() end)
    assert.are.same({ "completed", 5 }, { drive.result(job).status, #upload_file.only_upload(service).parts })
  end)

  it("chooses parts of 4 MiB at most if they are kept in memory", function()
    for _, row in ipairs {
      { bytes = 40 * 2 ^ 20, size = 4 * 2 ^ 20 }, { bytes = 2 ^ 20, size = 256 * 1024 },
      { bytes = 40 * 2 ^ 20, size = 10 * 2 ^ 20, spool = true },
    } do
      local job = check.client(service).start.upload_file_chunked {
        filename = "a", purpose = "batch", bytes = row.bytes, spool = row.spool, data = function() return nil end,
      }
      assert.are.equal(row.size, job.plan.part_size)
      job:abort()
      job:wait()
    end
  end)

  it("takes a chunk that is larger than all its parts", function()
    local client, bytes = check.client(service), 100 * 1000 * 1000
    local upload = assert(client.upload_file_chunked(params {
      data = chunks { ("x"):rep(bytes) }, bytes = bytes, part_size = 16 * 2 ^ 20,
    }))
    assert.are.same({ "completed", bytes }, { upload.status, upload.bytes })
  end)

  it("reports its progress, also without knowing the size at first", function()
    local client, told = check.client(service), {}
    local job = client.start.upload_file_chunked(without_bytes {
      data = pieces(3), concurrency = 1, on_progress = function(sent, total)
        local now = sent .. "/" .. total
        if told[#told] ~= now then told[#told + 1] = now end
      end,
    })
    assert.are.same({ 0 }, { job:progress() })
    job:wait()
    assert.are.same({ "0/10", "4/10", "8/10", "10/10" }, told)
    assert.are.same({ 10, 10 }, { job:progress() })
  end)

  it("can be kept, and its rest sent out of a file that has the same data", function()
    service.answer_next { { call = "parts" }, { call = "parts", status = 400 } }
    local client = check.client(service)
    local failure = check.failure("bad_request", client.upload_file_chunked(params {
      data = pieces(3), concurrency = 1, keep_on_failure = true, mime_type = "text/plain",
    }))
    assert.are.equal(1, #failure.resume.parts)
    local upload = assert(client.upload_file_chunked {
      file = upload_file.write(letters), filename = "a.jsonl", purpose = "batch", resume = failure.resume,
      mime_type = "text/plain",
    })
    assert.are.equal("completed", upload.status)
    assert.are.equal(1, #service.uploads())
  end)

  it("begun without a wait asks for nothing before the next step", function()
    for _, size in ipairs(sizes) do
      local client, asked = check.client(service), 0
      local job = client.start.upload_file_chunked(size[2] { data = function()
        asked = asked + 1
        return asked == 1 and letters or nil
      end })
      assert.are.equal(0, asked)
      drive.till(client, function() return job:done() end)
      assert.are.same({ "completed", 2 }, { drive.result(job).status, asked })
    end
  end)

  it("lets its function step the client, and make calls", function()
    local client, give, seen = check.client(service), pieces(3), {}
    local id = service.make_uploads(1)[1]
    assert(client.upload_file_chunked(params { data = function()
      client.step()
      seen[#seen + 1] = client.cancel(id) and true or false
      return give()
    end }))
    assert.is_true(seen[1])
    assert.are.equal(5, #seen)
  end)

  for _, misuse in ipairs {
    { "params.data must be a string, a function, an open file or an object with read, got number", { data = 5 } },
    { "got table", { data = {} } },
    { "params.data is a closed file", function()
      local file = io.open "/dev/null"
      file:close()
      return { data = file }
    end },
    { "params.filename is missing", { data = pieces(3), filename = false } },
    { "params.resume_file goes with params.file or a string", { data = pieces(3), resume_file = "a" } },
    { "params.resume goes with params.file or a string",
      { data = pieces(3), resume = { upload_id = "upload_1", bytes = 10, part_size = 4, parts = {} } } },
    { "params.spool goes with params.data", { data = "abc", spool = true } },
    { "params.data_timeout goes with params.data", { data = "abc", data_timeout = 1 } },
    { "params.data_timeout must be above 0", { data = pieces(3), data_timeout = 0 } },
  } do
    it("raises misuse: " .. misuse[1], function()
      local more = type(misuse[2]) == "function" and misuse[2]() or misuse[2]
      local all = params(more)
      if more.filename == false then all.filename = nil end
      local fine, message = pcall(check.client(service).upload_file_chunked, all)
      assert.is_false(fine)
      check.holds(misuse[1], message)
      check.nothing_sent(service)
    end)
  end
end)

describe("core.block", function()
  it("takes what there is room for, and is not changed while a part is read from it", function()
    local block = core.block(4)
    assert.are.same({ 2, 2, 0, 4 },
      { block:append("abc", 2), block:append("defg", 1), block:append("h", 1), block:size() })
    local client = check.client(service)
    local upload_id = service.make_uploads(1)[1]
    service.answer_next { { call = "parts", gate = true } } -- or it may be answered as it is begun
    local transfer = client.start.parts.create(upload_id, { data = block })
    assert.is_false((pcall(block.clear, block)))
    assert.is_false((pcall(block.append, block, "a", 1)))
    block:close() -- the transfer has a reference of its own
    service.open_gate()
    assert(select(2, transfer:wait()))
    assert.are.equal(4, service.uploads()[1].parts[1].bytes)
    assert.is_false((pcall(block.size, block)))
  end)
end)
