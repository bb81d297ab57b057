-- SPDX-License-Identifier: MIT
-- The file of `resume_file` and of `upload --resume`. It saves the sent parts of an Upload, so that another process can
-- resume it. It is a journal of lines of JSON. Each line is written once, so that the cost does not grow with the
-- square of the number of parts:
--
--   {"format":"openai-uploads resume 2"}
--   {"upload_id":...,"parts":[...]}         a table to resume from, absent until the Upload is created
--   {"number":...,"id":...,"md5":...}       a part that was sent since, one a line
--   {"completing":true}                     the completion may have been sent (false: it was refused)
--   {"verdict":{"kind":...,"aftermath":..}} nothing may be sent any more, and the reason
--
-- An incomplete last line comes from a program that was killed while it wrote. That part is sent again.
local cjson = require("cjson").new()
local core = require "openai_uploads.core"
local resume = require "openai_uploads.file_upload.resume"

local resume_state = {}

local FORMAT = "openai-uploads resume 2"
local FIRST_LINE = ('{"format":"%s"}\n'):format(FORMAT)
local ANY_FORMAT = "^openai%-uploads resume %d+$"
local MAX_BYTES = 32 * 1024 * 1024 -- no journal of this library is longer
local ENOENT = 2

local function failure(path, format, ...)
  return { kind = "file", message = ("state file '%s' " .. format):format(path, ...) }
end

-- Calls cjson's `encode` or `decode`. Returns the result, or nil and the reason if the value does not fit. Running out
-- of memory and Ctrl-C say nothing of the value, so they are raised.
local function convert(encode_or_decode, value)
  local converted, result = pcall(encode_or_decode, value)
  if converted then return result end
  if result == core.out_of_memory or core.is_interruption(result) then error(result, 0) end
  return nil, core.describe(result)
end

-- Returns whether the text is a state that holds nothing yet. An empty file counts too, because it holds nothing to
-- lose.
local function is_fresh(text, first)
  if text == FIRST_LINE:sub(1, #text) then return true end
  return type(first) == "table" and type(first.format) == "string" and first.format:find(ANY_FORMAT) ~= nil
    and first.resume == nil and not text:find "\n."
end

local function is_verdict(value)
  return type(value) == "table" and type(value.kind) == "string" and type(value.aftermath) == "string"
end

-- Parses the lines after the first. Returns the table to resume from, and the verdict if there is one. Returns nil and
-- the problem if the lines are not valid.
local function read_lines(text, from)
  local saved, verdict
  for line in text:sub(from):gmatch "([^\n]*)\n" do
    local decoded = convert(cjson.decode, line)
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

-- Parses the text. Returns the table to resume from, or nil if it holds none yet. The second result is the number of
-- bytes in whole lines, and the third is the verdict, if there is one. Returns false and the text of the failure if the
-- file is not valid.
local function decode(text)
  local first = convert(cjson.decode, text:match "^[^\n]*" or "")
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

-- Reads the journal, cuts it after its last whole line, and gives a new one its first line. Returns the saved table or
-- nil, and the verdict. Returns false, the reason, and whether the file was empty, if the journal cannot be used.
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

-- Appends one line. Returns true, or nil and a failure that leaves the file unchanged.
local function append(self, value)
  local encoded, unfit = convert(cjson.encode, value)
  if not encoded then return nil, failure(self.path, "cannot be written: %s", unfit) end
  local written, problem = self.journal:append(encoded .. "\n")
  if not written then return nil, failure(self.path, "%s", problem.message) end
  return true
end

local state = {}
state.__index = state

--- Appends a change of the table. part: the part that was added since the last save. Without it, `completing` may have
--- changed. Returns true, or nil and a failure that leaves the file unchanged.
function state:save(now, part)
  local completing, done, problem = now.completing == true, true, nil
  if not self.resume then
    done, problem = append(self, now)
  elseif part then
    done, problem = append(self, part)
  elseif completing ~= self.is_completing then
    done, problem = append(self, { completing = completing })
  end
  if done then self.resume, self.is_completing = now, completing end
  return done, problem
end

--- Notes that nothing may be sent any more. verdict: { kind, aftermath }. Returns as `save` does.
function state:close(verdict)
  self.verdict = verdict
  return append(self, { verdict = verdict })
end

--- Removes the file, because nothing is left to resume. The target of a link stays, as an empty file.
function state:remove()
  self.journal:truncate(0)
  os.remove(self.path)
  self.journal:close()
end

--- Closes the file and leaves it as it is.
function state:release() self.journal:close() end

--- Renames the file, so that a new one can take its place. Returns the new path, or nil if that path is taken or the
--- file cannot be renamed.
function state:set_aside()
  local aside = self.path .. ".old"
  if exists(aside) or not os.rename(self.path, aside) then return nil end
  self.journal:close()
  return aside
end

--- Returns a state, in which `resume` is set if something was sent before. Returns nil and a failure if the file has
--- another format, is in use, or cannot be written. This function already writes to the file, so that such a problem
--- shows before anything is sent.
function resume_state.open(path)
  local journal, problem = core.journal(path)
  if not journal then return nil, failure(path, "%s", problem.message) end
  local saved, why, is_new = load(journal)
  if saved == false then
    if is_new then os.remove(path) end
    journal:close()
    return nil, failure(path, "%s", why)
  end
  return setmetatable({
    path = path, journal = journal,
    resume = saved,                -- the saved table; nil before the Upload is created
    verdict = saved and why or nil, -- as `close` takes it
    is_completing = saved ~= nil and saved.completing == true, -- as the last saved line has it
  }, state)
end

return resume_state
