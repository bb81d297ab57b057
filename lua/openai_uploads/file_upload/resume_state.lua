-- SPDX-License-Identifier: MIT
-- The file of `resume_file` and of `upload --resume`: what of an Upload has been sent, so that another process can go
-- on. It is a journal of lines of JSON, each written once, so that its cost does not grow with the square of the number
-- of parts:
--
--   {"format":"openai-uploads resume 2"}
--   {"upload_id":...,"parts":[...]}         a table to resume from; none before the Upload was created
--   {"number":...,"id":...,"md5":...}       a part that has come since, one a line
--   {"completing":true}                     the completion may have been sent; false: it was refused
--   {"verdict":{"kind":...,"aftermath":..}} nothing is to be sent any more, and why
--
-- A last line that is not whole is of a program that was killed while it wrote: that part is sent again.
local cjson = require("cjson.safe").new()
local core = require "openai_uploads.core"
local resume = require "openai_uploads.file_upload.resume"

local resume_state = {}

local FORMAT = "openai-uploads resume 2"
local FIRST_LINE = ('{"format":"%s"}\n'):format(FORMAT)
local ANY_FORMAT = "^openai%-uploads resume %d+$"
local MAX_BYTES = 32 * 1024 * 1024 -- nothing of ours is longer
local ENOENT = 2

local function failure(path, format, ...)
  return { kind = "file", message = ("state file '%s' " .. format):format(path, ...) }
end

-- Whether the text is that of a state in which nothing is kept yet: an empty file too, which nothing is lost with.
local function is_fresh(text, first)
  if text == FIRST_LINE:sub(1, #text) then return true end
  return type(first) == "table" and type(first.format) == "string" and first.format:find(ANY_FORMAT) ~= nil
    and first.resume == nil and not text:find "\n."
end

local function is_verdict(value)
  return type(value) == "table" and type(value.kind) == "string" and type(value.aftermath) == "string"
end

-- The table to resume from that the lines behind the first make up, and the verdict, if there is one; nil and what is
-- wrong with them.
local function read_lines(text, from)
  local saved, verdict
  for line in text:sub(from):gmatch "([^\n]*)\n" do
    local decoded = cjson.decode(line)
    if type(decoded) ~= "table" then return nil, "has a line that cannot be read" end
    if not saved then
      saved = decoded
      if type(saved.parts) ~= "table" then return nil, "has no list of parts" end
    elseif decoded.completing ~= nil then
      saved.completing = decoded.completing
    elseif decoded.verdict ~= nil then
      verdict = decoded.verdict
      if not is_verdict(verdict) then return nil, "has a verdict that cannot be read" end
    else
      saved.parts[#saved.parts + 1] = decoded
    end
  end
  if not saved then return nil, "keeps nothing" end
  local problem
  saved, problem = resume.read(saved)
  if not saved then return nil, problem end
  return saved, verdict
end

-- What the text keeps: nil where it is nothing yet; false and what the failure says. The second result otherwise: how
-- many of its bytes are whole lines; the third one the verdict, if there is one.
local function decode(text)
  local first = cjson.decode(text:match "^[^\n]*" or "")
  if is_fresh(text, first) then return nil, 0 end
  local format = type(first) == "table" and first.format
  if type(format) ~= "string" or not format:find(ANY_FORMAT) then
    return false, "was not written by openai-uploads, and is left as it is: name another file"
  end
  if format ~= FORMAT then
    return false, ("is of another version ('%s'), and is left as it is; remove it to start over"):format(format)
  end
  local whole = text:match "^.*\n"
  if #whole == #FIRST_LINE then return nil, 0 end
  local saved, more = read_lines(whole, #FIRST_LINE + 1)
  if not saved then return false, ("is damaged: it %s; remove it to start over"):format(more) end
  return saved, #whole, more
end

-- What is kept, with its journal at the end of the last whole line.
local function load(journal)
  local text, problem = journal:read(MAX_BYTES)
  if not text then return false, problem.message end
  local saved, length, verdict = decode(text)
  if saved == false then return false, length end
  local done
  done, problem = true, nil
  if #text > length then done, problem = journal:truncate(length) end
  if done and length == 0 then done, problem = journal:append(FIRST_LINE) end
  if not done then return false, problem.message, #text == 0 end
  return saved, verdict
end

local function exists(path)
  local file, _, number = io.open(path)
  if file then file:close() end
  return file ~= nil or number ~= ENOENT
end

--- A state, with `resume` when something has been sent before; nil and a failure when the file is none of ours, is in
--- use, or cannot be written: it is written to here already, so that this is known before anything is sent.
function resume_state.open(path)
  local journal, problem = core.journal(path)
  if not journal then return nil, failure(path, "%s", problem.message) end
  local saved, why, is_new = load(journal)
  if saved == false then
    if is_new then os.remove(path) end
    journal:close()
    return nil, failure(path, "%s", why)
  end
  local state = { path = path, resume = saved, verdict = saved and why or nil }
  local is_completing = saved ~= nil and saved.completing == true

  local function append(value)
    local encoded, unfit = cjson.encode(value)
    if not encoded then return nil, failure(path, "cannot be written: %s", unfit) end
    local written, problem_of_it = journal:append(encoded .. "\n")
    if not written then return nil, failure(path, "%s", problem_of_it.message) end
    return true
  end

  --- `part` is what has come to the table since it was saved last; without it, that may be `completing`. Returns true,
  --- or nil and a failure; then the file is what it was.
  function state.save(now, part)
    local completing, done, problem_of_it = now.completing == true, true, nil
    if not state.resume then
      done, problem_of_it = append(now)
    elseif part then
      done, problem_of_it = append(part)
    elseif completing ~= is_completing then
      done, problem_of_it = append { completing = completing }
    end
    if done then state.resume, is_completing = now, completing end
    return done, problem_of_it
  end

  --- Nothing is to be sent any more. verdict: { kind, aftermath }. Returns as `save` does.
  function state.close(verdict)
    state.verdict = verdict
    return append { verdict = verdict }
  end

  --- Nothing is to be resumed any more. What a link leads to is left with nothing in it.
  function state.remove()
    journal:truncate(0)
    os.remove(path)
    journal:close()
  end

  --- Lets go of the file, and leaves it as it is.
  function state.release() journal:close() end

  --- Puts the file aside, for another to take its place. Returns the path; nil where that is taken, or cannot be.
  function state.set_aside()
    local aside = path .. ".old"
    if exists(aside) or not os.rename(path, aside) then return nil end
    journal:close()
    return aside
  end

  return state
end

return resume_state
