-- SPDX-License-Identifier: MIT
-- Helpers of the specs of upload_file_chunked: files to send, checks of the stored Uploads, open descriptors.

local assert = require "luassert"
local check = require "spec.support.check"
local core = require "openai_uploads.core"
local drive = require "spec.support.drive"

local upload_file = {}

local made = {}

local function remember(path)
  made[#made + 1] = path
  return path
end

-- A path with that extension for a new file, which `remove_all` removes.
function upload_file.path(extension)
  os.remove(remember(os.tmpname()))
  return remember(made[#made] .. "." .. (extension or "jsonl"))
end

function upload_file.overwrite(path, contents, mode)
  local file = assert(io.open(path, mode or "wb"))
  file:write(contents)
  file:close()
end

function upload_file.read(path)
  local file = assert(io.open(path, "rb"))
  local contents = file:read("*a")
  file:close()
  return contents
end

-- The path of a new file with these contents.
function upload_file.write(contents, extension)
  local path = upload_file.path(extension)
  upload_file.overwrite(path, contents)
  return path
end

function upload_file.run(command)
  local ended = os.execute("unset LD_PRELOAD; " .. command)
  assert.is_true(ended == 0 or ended == true, command)
end

-- The path of a new sparse file.
function upload_file.sparse(bytes)
  local path = upload_file.path "bin"
  upload_file.run(("truncate -s %.0f '%s'"):format(bytes, path))
  return path
end

function upload_file.remove_all()
  for _, path in ipairs(made) do os.remove(path) end
  made = {}
end

-- Params for a file of these contents; by default in parts of two bytes, one at a time.
function upload_file.params(contents, more)
  local params = { purpose = "fine-tune", part_size = 2, concurrency = 1 }
  for name, value in pairs(more or {}) do params[name] = value end
  if not params.file and not params.data then params.file = upload_file.write(contents) end
  return params
end

-- How many descriptors this process has open after a full collection. (A pipe to `ls` would be one more, or two.)
function upload_file.descriptors()
  drive.collect()
  local listing = upload_file.path()
  upload_file.run(("ls /proc/%d/fd >'%s'"):format(core.process_id(), listing))
  local count = 0
  for _ in io.lines(listing) do count = count + 1 end
  os.remove(listing)
  return count
end

-- Runs `body(client)` with a client of the service and closes that. Checks that no descriptor is left.
function upload_file.with_client(service, settings, body)
  local before = upload_file.descriptors()
  local client = check.client(service, settings)
  local fine, raised = pcall(body, client)
  client.close()
  client = nil -- luacheck: ignore 311
  if not fine then error(raised, 0) end
  assert.are.equal(before, upload_file.descriptors())
end

-- The number of requests of each call: { create, parts, complete, cancel }.
function upload_file.counts(service)
  local counts = { create = 0, parts = 0, complete = 0, cancel = 0 }
  for _, request in ipairs((service.requests())) do
    local name = request.uri:match "/uploads/[^/]+/(%a+)" or "create"
    counts[name] = counts[name] + 1
  end
  return counts
end

-- Checks that the service has one Upload. Returns it.
function upload_file.only_upload(service)
  local all = service.uploads()
  assert.are.equal(1, #all)
  return all[1]
end

-- Starts a job and steps it until the service has got the requests of that phase. It answers the last of them late.
function upload_file.job_at(service, client, phase, more, options)
  service.answer_next { { call = phase.call, delay = phase.call == "create" and 0.3 or 3 } } -- its answer is waited for
  local job = client.start.upload_file_chunked(upload_file.params("abcdefghij", more), options)
  drive.till(client, function() return select(2, service.requests()) >= phase.requests end)
  return job
end

upload_file.phases = {
  { name = "creating", call = "create", requests = 1 },
  { name = "sending", call = "parts", requests = 2 },
  { name = "completing", call = "complete", requests = 7 },
}

-- Checks that the failure says that the Upload may be completed and where to look for its File, and that no cancel was
-- sent.
function upload_file.check_doubt(service, failure)
  local stored = upload_file.only_upload(service)
  assert.are.same({ stored.id, true, true }, { failure.upload_id, failure.may_have_applied, failure.may_be_completed })
  assert.is_nil(failure.cancelled)
  assert.are.equal(("%s may have been completed: look for '%s' of purpose '%s' in the service's list of Files; " ..
    "to send it again would make a second File"):format(stored.id, stored.filename, stored.purpose), failure.aftermath)
  check.holds("; the service may have acted on it; " .. failure.aftermath, tostring(failure))
  assert.are.equal(0, upload_file.counts(service).cancel)
end

-- Checks that the Upload was cancelled or, once its completion had been sent, left alone with a failure that says so.
function upload_file.check_ended(service, kind, phase, job)
  assert.is_true(job:done())
  local upload, failure = drive.result(job)
  check.failure(kind, upload, failure)
  local stored = upload_file.only_upload(service)
  assert.are.equal(stored.id, failure.upload_id)
  if phase.call == "complete" then
    upload_file.check_doubt(service, failure)
  else
    assert.are.same({ "cancelled", true, false }, { stored.status, failure.cancelled, failure.may_have_applied })
    check.holds("; " .. stored.id .. " was cancelled", tostring(failure))
  end
  return failure
end

-- The emulator stores the MD5 of a part, not its bytes, so parts are compared by that.
local digests = {}

-- MD5 in hexadecimal, by openssl.
function upload_file.md5(contents)
  if digests[contents] then return digests[contents] end
  local path = upload_file.write(contents)
  local pipe = io.popen(("unset LD_PRELOAD; openssl dgst -md5 -r '%s'"):format(path))
  digests[contents] = pipe:read("*a"):match "^%x+"
  pipe:close()
  os.remove(path)
  return digests[contents]
end

-- The contents of the stored parts in the order of their arrival, as far as they are among those given.
function upload_file.parts_as(upload, contents)
  local by_md5, list = {}, {}
  for _, text in ipairs(contents) do by_md5[upload_file.md5(text)] = text end
  for index, part in ipairs(upload.parts) do list[index] = by_md5[part.md5] or "?" end
  return list
end

return upload_file
