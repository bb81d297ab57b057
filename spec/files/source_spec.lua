-- SPDX-License-Identifier: MIT
-- What upload_file_chunked makes of files that are none, or do not stay as they are; and of a network that goes.

local check = require "spec.support.check"
local fault = require "spec.support.fault"
local rows = require "spec.support.rows"
local upload_file = require "spec.support.upload_file"
local with_service = require "spec.support.with_service"

local letters = "abcdefghij"

local service = with_service.emulator()
local server = with_service.fault_server()

after_each(upload_file.remove_all)

local function fifo()
  local path = upload_file.path()
  upload_file.run(("mkfifo '%s'"):format(path))
  return path
end

for _, row in ipairs {
  { "a FIFO, without waiting for its writer", fifo, "regular file" },
  { "a directory", function() return "spec" end, "directory" },
  { "a directory by its slash", function() return "spec/" end, "directory" },
  { "a device", function() return "/dev/null" end, "regular file" },
  { "a socket's place", function() return "/dev/log/none" end, "" },
  { "a file that is not there", upload_file.path, "No such file" },
  { "an empty file", function() return upload_file.write "" end, "empty" },
  { "a file of another size than `bytes` says", function() return upload_file.write "abc" end, "has 3 bytes",
    bytes = 4 },
} do
  it("upload_file_chunked does not send " .. row[1], function()
    local path = row[2]()
    upload_file.with_client(service, {}, function(client)
      local params = { file = path, purpose = "batch", mime_type = "text/plain", bytes = row.bytes }
      for _ = 1, 2 do
        local failure = check.failure("file", client.upload_file_chunked(params))
        assert.are.same({ 0, false }, { failure.attempts, failure.may_have_applied })
        for _, name in ipairs { "upload_id", "cancelled", "part_number", "aftermath", "resume" } do
          assert.is_nil(failure[name])
        end
        check.holds(row[3], failure.message)
        check.holds(path:match "[^/]+/?$", failure.message)
      end
      local job = client.start.upload_file_chunked(params)
      assert.is_true(job:done())
      check.failure("file", select(2, job:wait()))
      check.failure("file", select(2, job:poll()))
      assert.are.same({ false, 0 }, { job:abort(), (job:progress()) })
      local told
      job:on_done(function(of) told = of end)
      assert.are.equal(job, told)
    end)
    check.nothing_sent(service)
  end)
end

it("upload_file_chunked does not send data of no bytes", function()
  local failure = check.failure("file", check.client(service).upload_file_chunked {
    data = "", filename = "a.txt", purpose = "batch",
  })
  check.holds("a.txt is empty", failure.message)
  check.nothing_sent(service)
end)

it("upload_file_chunked of 9 GB is refused by the service at once, and no part is sent", function()
  local gigabytes = 9 * 1000 * 1000 * 1000
  local path = upload_file.sparse(gigabytes)
  upload_file.with_client(service, {}, function(client)
    local failure = check.failure("bad_request",
      client.upload_file_chunked { file = path, purpose = "batch", mime_type = "text/plain" })
    check.holds("8 GB at most", failure.message)
    assert.are.same({ nil, nil, 1, false },
      { failure.upload_id, failure.cancelled, failure.attempts, failure.may_have_applied })
  end)
  check.holds('"bytes":9000000000', check.only_request(service).body)
end)

describe("upload_file_chunked of a file that", function()
  local function later(path) upload_file.run(("touch -d '2001-02-03' '%s'"):format(path)) end

  local changes = {
    { "shrinks", function(path) upload_file.overwrite(path, "abcd") end },
    { "is emptied", function(path) upload_file.overwrite(path, "") end },
    { "grows", function(path) upload_file.overwrite(path, "k", "ab") end },
    { "is rewritten in its size", function(path)
      upload_file.overwrite(path, "ABCDEFGHIJ")
      later(path)
    end },
    { "is touched", later },
  }
  for _, change in ipairs(changes) do
    for _, moment in ipairs { 0, 4, 10 } do
      it(("%s when %d bytes are sent fails, and the Upload is cancelled"):format(change[1], moment), function()
        local path = upload_file.write(letters)
        upload_file.with_client(service, {}, function(client)
          local failure = check.failure("file", client.upload_file_chunked(upload_file.params(nil, {
            file = path, on_checkpoint = function(saved)
              if #saved.parts * 2 == moment then change[2](path) end
            end,
          })))
          assert.are.same({ true, false }, { failure.cancelled, failure.may_have_applied })
          assert.are.equal(moment < 10 and moment / 2 + 1 or nil, failure.part_number)
          check.holds("; " .. failure.upload_id .. " was cancelled", tostring(failure))
        end)
        assert.are.equal("cancelled", upload_file.only_upload(service).status)
        assert.are.equal(0, upload_file.counts(service).complete)
      end)
    end
  end

  it("is removed or replaced meanwhile sends what it was", function()
    local path = upload_file.write(letters)
    upload_file.with_client(service, {}, function(client)
      local upload = assert(client.upload_file_chunked(upload_file.params(nil, {
        file = path, md5 = upload_file.md5(letters), on_checkpoint = function()
          os.remove(path)
          upload_file.overwrite(path, "something else")
        end,
      })))
      assert.are.equal("completed", upload.status)
    end)
  end)
end)

describe("upload_file_chunked while the network goes half-way", function()
  local created = fault.answer(200, '{"id":"upload_1","object":"upload","status":"pending"}')
  local part = fault.answer(200, '{"id":"part_1","object":"upload.part","upload_id":"upload_1"}')
  local begun = { { "request" }, { "send", created }, { "request" }, { "send", part } }

  local function joined(...)
    local steps = {}
    for _, step in ipairs(begun) do steps[#steps + 1] = step end
    for _, step in ipairs { ... } do steps[#steps + 1] = step end
    return steps
  end

  local request, reset = { "request" }, { "reset" }

  for _, row in ipairs {
    { "connections are reset", { joined(request, reset), { reset } }, may = true, attempts = 3 },
    { "a connection is reset, and further ones are refused", { joined(request, { "refuse_others" }, reset) },
      may = true, attempts = 3 },
    { "connections end without a word", { joined(request, { "close" }), { request, { "close" } } }, may = true,
      attempts = 3 },
    { "connections are refused", { joined { "stall" } }, may = "either", attempts = 3, refuses = true },
    { "nothing is answered any more", { joined { "stall" }, { { "stall" } } }, kind = "timeout", may = true,
      attempts = 1, options = { timeout = 0.3, max_retries = 0 } },
    { "answers are rubbish", { joined(request, { "send", "SSH-2.0-OpenSSH_9.2\r\n" }, { "close" }),
      rows.answered("SSH-2.0-OpenSSH_9.2\r\n", { "close" }) }, may = true, attempts = 3 },
    { "it is another service", { joined(request, { "send", fault.answer(200, "<html>") }, { "stall" }),
      { request, { "send", fault.answer(200, "<html>") }, { "stall" } } }, kind = "decode", may = true, attempts = 1 },
  } do
    it(row[1] .. ": the failure says that the cancel was not confirmed", function()
      local path = upload_file.write(letters)
      local played = server.script(row[2])
      upload_file.with_client(played, { max_retries = 2, timeout = 5 }, function(client)
        local failure = check.failure(row.kind or "connection", client.upload_file_chunked(upload_file.params(nil, {
          file = path,
          on_progress = function(sent)
            if sent == 2 and row.refuses then played.close() end
          end,
        }), row.options))
        local may = row.may
        if may == "either" then may = failure.may_have_applied end
        assert.are.same({ 2, "upload_1", false, may, row.attempts },
          { failure.part_number, failure.upload_id, failure.cancelled, failure.may_have_applied, failure.attempts })
        assert.are.equal(row.kind or "connection", failure.cancel_failure.kind)
        check.holds("; the cancel of upload_1 was not confirmed: " .. (row.kind or "connection"), tostring(failure))
      end)
      if not row.refuses then played.close() end
    end)
  end
end)
