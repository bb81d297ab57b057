-- SPDX-License-Identifier: MIT
-- The Files that the service has: those that Uploads became, and those that were sent in one call.

local clock = require "emulator.clock"

local file_store = {}

local files = {} -- id -> { object, contents: slices of request bodies, in order }
local ids = {} -- in the order of their creation; false for one that is gone

-- object: a File as the service answers with it. contents: what request_body keeps.
function file_store.add(object, contents)
  table.insert(ids, object.id)
  files[object.id] = { object = object, contents = contents, index = #ids }
end

local function discard(file)
  for _, content in ipairs(file.contents) do content:discard() end
end

-- Returns whether there was such a File.
function file_store.delete(id)
  local file = file_store.find(id)
  if not file then return false end
  discard(file)
  files[id], ids[file.index] = nil, false
  return true
end

-- The File, or nil where there is none, or none any more.
function file_store.find(id)
  local file = files[id]
  local expires_at = file and tonumber(file.object.expires_at)
  if not expires_at or clock.now() < expires_at then return file end
end

-- Calls visit(file) with the Files that there are, the oldest first, or the newest. It begins behind the File with the
-- id `after`, which may be nil, and ends when `visit` returns true. Returns false where there is no such File.
function file_store.each(is_newest_first, after, visit)
  local first, last, step = 1, #ids, 1
  if is_newest_first then first, last, step = #ids, 1, -1 end
  if after then
    local behind = file_store.find(after)
    if not behind then return false end
    first = behind.index + step
  end
  for index = first, last, step do
    local file = ids[index] and file_store.find(ids[index])
    if file and visit(file) then break end
  end
  return true
end

function file_store.reset()
  for _, file in pairs(files) do discard(file) end
  files, ids = {}, {}
end

return file_store
