-- SPDX-License-Identifier: MIT
-- The file of `upload --resume`: what of an Upload has been sent, so that another process can go on.
local cjson = require("cjson.safe").new()

local resume_state = {}

local FORMAT = "openai-uploads resume 1"
local MOST_BYTES = 4 * 1024 * 1024 -- nothing of ours is longer
local ENOENT = 2

local function failure(path, format, ...)
  return { kind = "file", message = ("state file '%s' " .. format):format(path, ...) }
end

-- The text of the file; false where there is none; nil and a failure.
local function read(path)
  local file, why, number = io.open(path, "rb")
  if not file and number == ENOENT then return false end
  if not file then return nil, failure(path, "cannot be read: %s", why) end
  local text
  text, why = file:read(MOST_BYTES + 1)
  file:close()
  if not text and why then return nil, failure(path, "cannot be read: %s", why) end
  return text or ""
end

local function decode(path, text)
  local state = #text <= MOST_BYTES and cjson.decode(text)
  if type(state) == "table" and state.format == FORMAT and (state.resume == nil or type(state.resume) == "table") then
    return state
  end
  return nil, failure(path, "was not written by openai-uploads, and is left as it is")
end

-- Beside it first, so that whatever happens, the file is either the old one or the new one.
local function write(path, text)
  local beside = path .. ".new"
  local file, why = io.open(beside, "wb")
  if not file then return nil, why end
  local written, closed
  written, why = file:write(text)
  closed, why = file:close(), why
  if written and closed then
    written, why = os.rename(beside, path)
    if written then return true end
  end
  os.remove(beside)
  return nil, why or "it could not be closed"
end

--- A state, with `resume` when something has been sent before; nil and a failure when the file is none of ours, or
--- cannot be written: one is written here already, so that this is known before anything is sent.
function resume_state.open(path)
  local text, problem = read(path)
  if text == nil then return nil, problem end
  local state = { path = path }
  if text then
    local decoded
    decoded, problem = decode(path, text)
    if not decoded then return nil, problem end
    state.resume = decoded.resume
  end

  --- Returns true, or nil and a failure; then the file is what it was.
  function state.save(resume)
    local encoded, why = cjson.encode { format = FORMAT, resume = resume }
    if encoded then encoded, why = write(path, encoded .. "\n") end
    if not encoded then return nil, failure(path, "cannot be written: %s", why) end
    state.resume = resume
    return true
  end

  function state.remove() os.remove(path) end

  local saved
  saved, problem = state.save(state.resume)
  if not saved then return nil, problem end
  return state
end

return resume_state
