-- SPDX-License-Identifier: MIT
-- Tables to resume from, and state files, that chance has changed: each is refused by name with nothing sent, or it is
-- one that may be gone on with. FUZZ_SEED and FUZZ_ROUNDS change what is tried; a failure tells the seed.

local check = require "spec.support.check"
local cjson = require "cjson.safe"
local resume_state = require "openai_uploads.file_upload.resume_state"
local upload_file = require "spec.support.upload_file"
local with_service = require "spec.support.with_service"

local seed = tonumber(os.getenv "FUZZ_SEED") or 20261128
local rounds = tonumber(os.getenv "FUZZ_ROUNDS") or 300
local letters = "abcdefghij"
local purpose = "fine-tune"

local client, path, digests, id

-- The same on every Lua: 0 up to 2^31 - 2.
local drawn = seed % 2147483646 + 1
local function draw(most)
  drawn = drawn * 16807 % 2147483647
  return drawn % most + 1
end

local function one_of(list) return list[draw(#list)] end

local service = with_service.emulator()

setup(function()
  client = check.client(service, { max_retries = 0 })
  path = upload_file.write(letters)
  digests = {}
  for number = 1, 5 do digests[number] = upload_file.md5(letters:sub(2 * number - 1, 2 * number)) end
end)

teardown(function()
  client.close()
  upload_file.remove_all()
end)

-- The table of an Upload that has three of its five parts.
local function saved_table()
  service.reset()
  local fine = { call = "parts" }
  service.answer_next { fine, fine, fine, { call = "parts", status = 400 } }
  local _, failure = client.upload_file_chunked(upload_file.params(nil, { file = path, keep_on_failure = true }))
  id = failure.resume.upload_id
  return failure.resume
end

local function raise() error "a table that raises" end

local values = {
  function() return nil end, function() return true end, function() return 0 end, function() return -1 end,
  function() return 1.5 end, function() return 2 ^ 53 + 2 end, function() return 1 / 0 end,
  function() return 0 / 0 end, function() return "" end, function() return "x" end, function() return "\0" end,
  function() return "\255" end, function() return ".." end, function() return ("a"):rep(32) end,
  function() return ("a"):rep(70000) end, function() return {} end, function() return { {} } end,
  function() return { 1, 2 } end, function() return print end, function() return cjson.null end,
  function() return coroutine.create(print) end, function() return io.stdout end, function() return draw(7) end,
  function() return setmetatable({}, { __index = raise, __len = raise, __pairs = raise, __eq = raise }) end,
  function() return setmetatable({}, { __index = function() return draw(9) end }) end,
}

local names = { "upload_id", "filename", "purpose", "mime_type", "bytes", "expires_after", "part_size", "parts" }
local names_of_part = { "number", "id", "md5" }

local function any_part(saved)
  local list = saved.parts
  local part = type(list) == "table" and rawget(list, draw(3))
  return type(part) == "table" and part or {}
end

local changes = {
  function(saved) saved[one_of(names)] = one_of(values)() end,
  function(saved) any_part(saved)[one_of(names_of_part)] = one_of(values)() end,
  function(saved) saved[one_of(names)] = saved[one_of(names)] end,
  function(saved) -- two parts change what they hold
    local one, other, name = any_part(saved), any_part(saved), one_of(names_of_part)
    one[name], other[name] = other[name], one[name]
  end,
  function(saved) if type(saved.parts) == "table" then table.insert(saved.parts, any_part(saved)) end end,
  function(saved) if type(saved.parts) == "table" then saved.parts[draw(5)] = nil end end,
  function(saved) if type(saved.parts) == "table" then saved.parts[draw(5)] = one_of(values)() end end,
  function(saved) saved[one_of { 1, 1.5, -1, true, "more", "Purpose", "" }] = one_of(values)() end,
  function(saved)
    for _, name in ipairs(names_of_part) do any_part(saved)[name] = one_of(values)() end
  end,
}

-- Without metatables.
local function copied(value)
  if type(value) ~= "table" then return value end
  local copy = {}
  for name, field in next, value do copy[name] = copied(field) end
  return copy
end

-- Whether the table may be gone on with, as far as that can be known without the service.
local function may_go_on(saved)
  local filename = path:match "[^/]*$"
  if saved.filename ~= filename or saved.purpose ~= purpose or saved.bytes ~= 10 or saved.expires_after ~= nil then
    return false
  end
  for _, part in ipairs(saved.parts) do
    local size = saved.part_size
    local from = (part.number - 1) * size + 1
    local now = size == 2 and digests[part.number] or upload_file.md5(letters:sub(from, from + size - 1))
    if part.md5:lower() ~= now then return false end -- chance makes a digit of it a capital letter now and then
  end
  return true
end

-- Tries it, and looks at what became of it.
local function try(saved, keep)
  local before = select(2, service.requests())
  local fine, upload, failure = pcall(client.upload_file_chunked,
    { file = path, purpose = purpose, concurrency = 1, resume = saved, keep_on_failure = keep })
  local requests, count = service.requests()
  if not fine then
    check.holds("bad argument #1 to 'upload_file_chunked' (params.resume", upload)
    assert.are.equal(before, count)
    return "misuse"
  elseif count == before then
    check.failure("file", upload, failure)
    check.holds("cannot be resumed: ", failure.message)
    assert.are.equal("pending", service.upload(id).status)
    return "refusal"
  end
  assert.is_true(may_go_on(copied(saved)), "something was sent")
  if not upload then
    check.holds(failure.kind, "not_found bad_request")
    return "failure"
  end
  assert.are.equal(upload_file.md5(letters), cjson.decode(requests[count].body).md5) -- which the service compared
  return "success"
end

local function told(count)
  return ("%d misuses, %d refusals, %d failures, %d successes"):format(count.misuse, count.refusal, count.failure,
    count.success)
end

it(("a table to resume from that chance has changed is refused by name, or is one to go on with (seed %d)")
  :format(seed), function()
  local count = { misuse = 0, refusal = 0, failure = 0, success = 0 }
  local original
  for round = 1, rounds do
    original = (original and service.upload(id).status == "pending") and original or saved_table()
    local saved = copied(original)
    for _ = 1, draw(3) do pcall(one_of(changes), saved) end -- a table that raises is changed no further
    local fine, outcome = pcall(try, saved, draw(2) == 1)
    if not fine then error(("round %d of seed %d: %s"):format(round, seed, tostring(outcome)), 0) end
    count[outcome] = count[outcome] + 1
  end
  assert.is_true(count.misuse > rounds / 10 and count.refusal > rounds / 20 and count.success > 0, told(count))
end)

-- Changes of a text.
local edits = {
  function(text, at) return text:sub(1, at - 1) end,
  function(text, at) return text:sub(1, at - 1) .. string.char(draw(256) - 1) .. text:sub(at + 1) end,
  function(text, at) return text:sub(1, at - 1) .. text:sub(at + draw(40)) end,
  function(text, at)
    return text:sub(1, at) .. one_of { "{}", "null", "[", '"', "\n", "\0", "1e999", "x" } .. text:sub(at + 1)
  end,
  function(text, at) return text:sub(1, at) .. text end,
  function(text, at) return text .. (text:sub(at):match "[^\n]*\n" or "") end, -- a line once more
  function(text) return (text:gsub("%d", function(digit) return draw(20) == 1 and draw(10) - 1 or digit end)) end,
}

it(("a state file that chance has changed is refused by name and left as it is, or is one to go on with (seed %d)")
  :format(seed), function()
  local count = { misuse = 0, refusal = 0, failure = 0, success = 0, file = 0 }
  local original, text
  local place = upload_file.path "state"
  for round = 1, rounds do
    if not (original and service.upload(id).status == "pending") then
      original = saved_table()
      local last = table.remove(original.parts)
      os.remove(place)
      local state = assert(resume_state.open(place))
      assert(state:save(original))
      assert(state:save(original, last))
      text = upload_file.read(place)
      state:remove()
    end
    local changed = text
    for _ = 1, draw(2) do changed = one_of(edits)(changed, draw(math.max(#changed, 1))) end
    upload_file.overwrite(place, changed)
    local state, failure = resume_state.open(place)
    local outcome = "file"
    if not state then
      check.holds("file", failure.kind)
      check.holds(("state file '%s' "):format(place), failure.message)
      assert.is_true(upload_file.read(place) == changed)
    elseif state.resume then
      local fine
      fine, outcome = pcall(try, state.resume, true)
      if not fine then error(("round %d of seed %d: %s"):format(round, seed, tostring(outcome)), 0) end
    end
    if state then state:remove() end
    count[outcome] = count[outcome] + 1
  end
  assert.are.equal(0, count.misuse)
  assert.is_true(count.file > rounds / 10 and count.refusal > rounds / 20 and count.success > 0, told(count))
end)
