-- SPDX-License-Identifier: MIT
-- upload_file_chunked, when all goes well.
-- Without a descriptor: too

local check = require "spec.support.check"
local cjson = require "cjson.safe"
local drive = require "spec.support.drive"
local held_server = require "spec.support.held_server"
local rows = require "spec.support.rows"
local upload_file = require "spec.support.upload_file"
local with_service = require "spec.support.with_service"

local client
local letters = "abcdefghij"

local service = with_service.emulator()
before_each(function() client = check.client(service) end)

after_each(upload_file.remove_all)

local function send(contents, more, options)
  return client.upload_file_chunked(upload_file.params(contents, more), options)
end

local function body_of_create()
  return cjson.decode((service.requests())[1].body)
end

-- A client of a server whose answers the spec gives, with a job for so many parts of a byte each; the Upload is there.
local function held_job(parts, concurrency)
  local server = held_server.start()
  local held = rows.client(server.base_url)
  local job = held.start.upload_file_chunked {
    data = ("x"):rep(parts), filename = "a.txt", purpose = "batch", part_size = 1, concurrency = concurrency,
  }
  drive.till(held, function() return server.look() == 1 end)
  server.answer(200, '{"id":"upload_1","object":"upload","status":"pending"}')
  return held, server, job
end

local next_part = 0

local function answer_part(server)
  next_part = next_part + 1
  server.answer(200, ('{"id":"part_%d","object":"upload.part","upload_id":"upload_1"}'):format(next_part))
end

describe("upload_file_chunked", function()
  it("returns the completed Upload, as a plain table, and nothing else", function()
    local results = { send(letters) }
    assert.are.equal(1, #results)
    local upload = results[1]
    assert.are.same({ "completed", 10, "upload" }, { upload.status, upload.bytes, upload.object })
    assert.are.equal("file", upload.file.object)
    assert.is_nil(getmetatable(upload))
    if math.type then assert.are.equal("integer", math.type(upload.bytes)) end -- luacheck: ignore 143
    assert.are.equal("completed", service.upload(upload.id).status)
    assert.are.same({ create = 1, parts = 5, complete = 1, cancel = 0 }, upload_file.counts(service))
  end)

  for _, row in ipairs {
    { "one byte", "a", 2, { "a" } },
    { "one part exactly", "ab", 2, { "ab" } },
    { "a byte more than a part", "abc", 2, { "ab", "c" } },
    { "parts that are all full", "abcdef", 2, { "ab", "cd", "ef" } },
    { "parts of a byte", "abc", 1, { "a", "b", "c" } },
    { "a part greater than the file", "abc", 100, { "abc" } },
    { "any bytes", "\0\r\n--\255\0", 3, { "\0\r\n", "--\255", "\0" } },
  } do
    it("sends " .. row[1], function()
      for _, source in ipairs { "file", "data" } do
        service.reset()
        local more = { part_size = row[3], md5 = upload_file.md5(row[2]) }
        if source == "data" then more.data, more.filename = row[2], "a.jsonl" end
        local upload = assert(send(row[2], more))
        assert.are.same(row[4], upload_file.parts_as(service.upload(upload.id), row[4]))
        assert.are.equal(#row[2], body_of_create().bytes)
      end
    end)
  end

  it("sends parts of 64 MiB one at a time, and a rest: 64 MiB, and a byte more", function()
    local mib64 = 64 * 1024 * 1024
    for extra, sizes in pairs { [0] = { mib64 }, [1] = { 1, mib64 } } do
      service.reset()
      local upload = assert(client.upload_file_chunked {
        file = upload_file.sparse(mib64 + extra), purpose = "batch", mime_type = "text/plain", concurrency = 1,
      })
      local got = {}
      for index, part in ipairs(service.upload(upload.id).parts) do got[index] = part.bytes end
      table.sort(got)
      assert.are.same(sizes, got)
      assert.are.equal(mib64 + extra, upload.bytes)
    end
  end)

  it("completes in the order of the file, whatever order the parts finish in", function()
    service.answer_next {
      { call = "parts", delay = 0.25 }, { call = "parts", delay = 0.15 }, { call = "parts", delay = 0.05 },
    }
    local upload = assert(send(letters, { concurrency = 5, md5 = upload_file.md5(letters) }))
    local came = upload_file.parts_as(service.upload(upload.id), { "ab", "cd", "ef", "gh", "ij" })
    assert.are.equal("ab", came[5])
    assert.are.equal("cd", came[4])
  end)

  it("tells the service what it knows of the file", function()
    local expires_after = { anchor = "created_at", seconds = 7200 }
    local path = upload_file.write(letters)
    assert(send(nil, { file = path, expires_after = expires_after }))
    assert.are.same({
      filename = path:match "[^/]*$", purpose = "fine-tune", bytes = 10, mime_type = "text/jsonl",
      expires_after = expires_after,
    }, body_of_create())
    service.reset()
    assert(send(nil, { file = path, filename = "other.name", mime_type = "x/y", bytes = 10, purpose = "batch" }))
    assert.are.same({ filename = "other.name", purpose = "batch", bytes = 10, mime_type = "x/y" }, body_of_create())
  end)

  for name, mime_type in pairs {
    ["a.jsonl"] = "text/jsonl", ["a.b.CSV"] = "text/csv", ["a.pdf"] = "application/pdf", [".txt"] = "text/plain",
    ["a.tar.gz"] = "application/gzip", ["a.Png"] = "image/png", ["a.json"] = "application/json",
    ["a.tsv"] = "text/tsv", ["a.xls"] = "application/vnd.ms-excel", ["a.rtf"] = "application/rtf",
    ["a.odt"] = "application/vnd.oasis.opendocument.text", ["a.log"] = "text/plain", ["a.sql"] = "application/x-sql",
    ["a.ics"] = "text/calendar", ["a.srt"] = "text/srt", ["a.vtt"] = "text/vtt", ["a.rs"] = "text/x-rust",
    ["a.xyz"] = "application/octet-stream", ["README"] = "application/octet-stream",
    ["a."] = "application/octet-stream", ["a.b c"] = "application/octet-stream",
  } do
    it(("guesses the MIME type of %s: %s"):format(name, mime_type), function()
      assert(send(nil, { data = "a", filename = name }))
      assert.are.equal(mime_type, body_of_create().mime_type)
    end)
  end

  it("sends a file whose name is no UTF-8, with U+FFFD in it, and goes on with it", function()
    local own = upload_file.path()
    local path = own .. "r\233sum\233.txt"
    upload_file.overwrite(path, letters)
    local announced = { filename = "a.txt", purpose = "batch", bytes = #letters, mime_type = "text/plain" }
    service.answer_next { -- OpenAI would refuse such a purpose
      { call = "create", status = 200, body = assert(client.create(announced)) },
      { call = "parts" }, { call = "parts", status = 400 },
    }
    local params = { file = path, purpose = "b\233", part_size = 3, concurrency = 1, keep_on_failure = true }
    local _, failure = client.upload_file_chunked(params)
    local replacement = "\239\191\189"
    local filename = ("%sr%ssum%s.txt"):format(own:match "[^/]*$", replacement, replacement)
    local body = cjson.decode((service.requests())[2].body)
    assert.are.same({ filename, "b" .. replacement }, { body.filename, body.purpose })
    params.resume = cjson.decode(cjson.encode(failure.resume))
    assert.are.equal(filename, params.resume.filename)
    assert.are.equal("completed", assert(client.upload_file_chunked(params)).status)
    os.remove(path)
  end)

  it("sends nothing of a file of more parts than can be completed", function()
    local file = upload_file.sparse(100001)
    local failure = check.failure("too_large",
      client.upload_file_chunked { file = file, purpose = "batch", part_size = 1 })
    check.holds("has 100001 bytes, which are 100001 parts of 1: at most 100000 can be completed, so choose a part " ..
      "size of 2 or more", failure.message)
    check.nothing_sent(service)
  end)

  it("reads each of its params once", function()
    local reads, real = {}, upload_file.params(letters)
    local sly = setmetatable({}, { __index = function(_, name)
      reads[name] = (reads[name] or 0) + 1
      if reads[name] > 1 then error(name .. " is read again") end
      return real[name]
    end })
    assert.are.equal("completed", assert(client.upload_file_chunked(sly)).status)
    assert.are.equal(1, reads.purpose)
  end)

  it("passes an MD5 on in any case of letters, or computes it", function()
    local md5 = upload_file.md5(letters)
    for _, given in ipairs { md5, md5:upper(), "compute" } do
      for _, more in ipairs { {}, { data = letters, filename = "a.txt" } } do
        more.md5 = given
        service.reset()
        assert(send(letters, more))
        local requests = service.requests()
        assert.are.equal(md5, cjson.decode(requests[#requests].body).md5:lower())
      end
    end
    service.reset()
    assert(send(letters))
    local requests = service.requests()
    assert.is_nil(cjson.decode(requests[#requests].body).md5)
  end)

  it("passes the options on to every call, and leaves both tables as they were", function()
    local options = { headers = { ["X-A"] = "b" }, query = { c = "d" }, deadline = 20, with_response = true }
    local params = upload_file.params(letters, { bytes = 10 })
    local copies = { check.merged(options), check.merged(params) }
    local upload, failure, response = client.upload_file_chunked(params, options)
    assert.is_nil(failure)
    assert.are.same({ "completed", 200, 1 }, { upload.status, response.status, response.attempts })
    assert.are.same(copies, { options, params })
    for _, request in ipairs((service.requests())) do
      assert.are.equal("b", request.headers["x-a"])
      check.holds("?c=d", request.uri)
    end
  end)

  it("tells how a completion went that was refused, too", function()
    service.answer_next { { call = "complete", status = 400 } }
    local upload, failure, response = client.upload_file_chunked(upload_file.params(letters), { with_response = true })
    assert.is_nil(upload)
    assert.are.same({ "bad_request", 400, true }, { failure.kind, response.status, failure.cancelled })
    service.answer_next { { call = "parts", status = 400 } }
    assert.are.equal(2,
      select("#", client.upload_file_chunked(upload_file.params(letters), { with_response = true })))
  end)

  it("has as many parts on their way as `concurrency` says, and never more", function()
    for wanted = 1, 4 do
      local held, server, job = held_job(7, wanted)
      for sent = 0, 6 do
        local due = math.min(wanted, 7 - sent)
        drive.till(held, function() return server.look() >= due end)
        for _ = 1, 5 do
          held.step(0.002)
          assert.are.equal(due, server.look())
        end
        answer_part(server)
      end
      drive.till(held, function() return server.look() == 1 end)
      check.holds("/complete", server.requests[#server.requests].path)
      server.answer(200, '{"id":"upload_1","object":"upload","status":"completed","file":{"id":"file_1"}}')
      assert.are.equal("completed", select(2, job:wait(5)).status)
      server.stop()
    end
  end)

  it("has eight parts at a time unless told", function()
    local held, server, job = held_job(17)
    drive.till(held, function() return server.look() == 8 end)
    for _ = 1, 5 do
      held.step(0.002)
      assert.are.equal(8, server.look())
    end
    server.stop()
    held.close()
    job:wait(1)
  end)

  it("has no more parts on their way than its client may have connections, so that none stalls in line", function()
    local begun, most = 0, 0
    local few = check.client(service, { max_connections = 2, log = function(event)
      if not event.url:find "/parts" then return end
      begun = begun + (event.event == "request" and 1 or -1)
      most = math.max(most, begun)
    end })
    service.answer_next { { call = "parts", delay = 0.1 }, { call = "parts", delay = 0.1 } }
    assert(few.upload_file_chunked(upload_file.params("abcdef", { part_size = 1, concurrency = 6 })))
    assert.are.same({ 0, 2 }, { begun, most })
    few.close()
  end)

  it("needs no more memory for a thousand parts than for few, but for their ids", function()
    local function greatest(parts)
      local most = 0
      drive.collect()
      local before = collectgarbage "count"
      assert(send(nil, { data = ("x"):rep(parts), filename = "a.txt", part_size = 1, concurrency = 2,
        on_progress = function(sent)
          if sent % 100 ~= 0 then return end
          drive.collect()
          most = math.max(most, collectgarbage "count" - before)
        end }))
      return most
    end
    greatest(100)
    local few = greatest(100)
    -- what the collector has not come to yet may stand at any look, but not at all of them
    assert.is_true(math.min(greatest(1000), greatest(1000)) - few < 200) -- KiB
  end)
end)

describe("on_progress of upload_file_chunked", function()
  it("begins with nothing, never goes back, and ends with all", function()
    for concurrency = 1, 3 do
      local last, told = -1, 0
      assert(send(letters, { concurrency = concurrency, part_size = 2 ^ 1, on_progress = function(sent, total)
        told = told + 1
        assert.are.equal(10, total)
        if math.type then -- luacheck: ignore 143
          assert.are.same({ "integer", "integer" }, { math.type(sent), math.type(total) }) -- luacheck: ignore 143
        end
        assert.is_true(told > 1 and sent >= last or told == 1 and sent == 0)
        last = sent
      end }))
      assert.are.equal(10, last)
      assert.is_true(told >= 6)
    end
  end)

  it("tells of a part that is on its way, and never more than there is", function()
    local megabytes = 8 * 1024 * 1024
    service.answer_next { { call = "parts", delay = 0.3 } }
    local parts, while_waiting = 0, nil
    assert(client.upload_file_chunked {
      file = upload_file.sparse(megabytes), mime_type = "a/b", purpose = "batch", part_size = megabytes,
      on_progress = function(sent, total)
        assert.is_true(sent <= total)
        if sent == total and parts == 0 then while_waiting = true end
      end,
      on_checkpoint = function(saved) parts = #saved.parts end,
    })
    assert.is_true(while_waiting)
  end)

  it("goes back when a part has to be sent again", function()
    service.answer_next { { call = "parts", delay = 0.25, status = 500 }, { call = "parts", delay = 0.25 } }
    local told = {}
    assert(send("ab", { on_progress = function(sent) told[#told + 1] = sent end },
      { retry_delay = 0.3, max_retry_delay = 0.3 }))
    assert.are.same({ 0, 2 }, { told[1], told[#told] })
  end)
end)

it("upload_file_chunked is there in the module and in every client, with its start", function()
  local uploads = require "openai_uploads"
  for _, each in ipairs { uploads, client, uploads.new() } do
    assert.is_function(each.upload_file_chunked)
    assert.is_function(each.start.upload_file_chunked)
  end
end)
