-- SPDX-License-Identifier: MIT
-- The param `resume_file`: a file in which the library itself saves what was sent, as the command does for --resume.
-- The file is opened before anything is sent. Only one upload at a time can use it.
local core = require "openai_uploads.core"
local resume_state = require "openai_uploads.file_upload.resume_state"

local resume_file = {}

-- Returns the failure for a file with a verdict: an earlier completion may have succeeded, and cannot be sent again, so
-- nothing may be sent any more.
local function failure_of(verdict, path)
  local failure = core.failure(verdict.kind, "nothing was sent: " .. verdict.aftermath)
  failure.may_be_completed, failure.may_have_applied = true, true
  failure.aftermath = ("to send the file again all the same, remove '%s' first"):format(path)
  return failure
end

--- Opens the file. Returns its state, in which `resume` is the saved Upload, or nil and a failure.
function resume_file.open(path)
  local state, problem = resume_state.open(path)
  if not state then return nil, core.failure(problem.kind, problem.message) end
  if not state.verdict then return state end
  state:release()
  return nil, failure_of(state.verdict, path)
end

-- Moves the file aside. Otherwise the same call would be refused for ever.
local function put_aside(state, failure)
  state.aside = state.aside or state:set_aside() -- this function is called again if memory runs out below
  if state.aside then
    failure.aftermath = ("what was saved is now in '%s', and the same call starts over; to go on with the file as " ..
      "it was, pass that as resume_file"):format(state.aside)
  else
    failure.aftermath = ("to start over, remove '%s' first"):format(state.path)
  end
end

local function add_to_aftermath(failure, text)
  failure.aftermath = failure.aftermath and failure.aftermath .. "; " .. text or text
end

-- Keeps the saved Upload, unless the Upload has expired and cannot be resumed.
local function keep(state, failure)
  if failure.kind == "gone" then
    state:remove()
    add_to_aftermath(failure, "the same call starts over")
  elseif failure.resume then
    state:save(failure.resume)
    add_to_aftermath(failure, "the same call sends the rest")
  elseif failure.may_be_completed then
    state:close { kind = failure.kind, aftermath = failure.aftermath }
  end
end

--- Updates the file at the end of an upload and releases it. upload: the completed one. failure: the reason why there
--- is none. With neither, nothing was sent. May be called again.
function resume_file.settle(state, upload, failure)
  if state.is_settled then return end
  if failure and failure.refused_resume then
    put_aside(state, failure)
  elseif upload or not state.resume then
    state:remove()
  elseif failure then
    keep(state, failure)
  end
  state.is_settled = true
  state:release()
end

return resume_file
