-- SPDX-License-Identifier: MIT
-- Reports a file that could not be sent: the state of its Upload, and how to go on.
local ending = require "openai_uploads.file_upload.ending"

local upload_ending = {}

-- Renames a state of another file, or the same command would fail each time.
local function tell_of_refused_state(run)
  local state = run.state
  local aside = state:set_aside()
  if aside then
    run.out:note(("what was saved is in %s now; to start over, give the same command once more; to go on with the " ..
      "file as it was, name %s after --resume"):format(aside, aside))
  else
    run.out:note(("to start over, remove %s first"):format(state.path))
  end
end

-- The service answers the same request with these kinds again, at any time.
local final_kinds = { bad_request = true, not_found = true, gone = true, unprocessable_entity = true }

-- Brings the state up to date with a failure. Returns whether nothing more can be sent for it.
local function settle_state(run, failure)
  local state = run.state
  local is_over = failure.may_be_completed and not failure.resume
  if failure.resume then run:save(failure.resume) end
  if is_over and state.resume and not state.verdict then
    local closed, problem = state:close { kind = failure.kind, aftermath = failure.aftermath }
    if not closed then run:tell_of_state(problem) end
  end
  return is_over
end

-- Says how to go on with --resume.
local function tell_of_state(run, client, failure)
  local state = run.state
  if not state then return end
  local is_over = settle_state(run, failure)
  if not state.resume then
    state:remove()
    local is_lost = failure.upload_id and not failure.may_be_completed and not run.gave_up
    if is_lost then client.cancel(failure.upload_id) end
  elseif failure.refused_resume then
    tell_of_refused_state(run)
  elseif is_over or state.resume.completing and not failure.resume then
    run.out:note(("the service may have its File already; to send it again anyway, remove %s first"):format(state.path))
  elseif failure.may_be_completed then
    run.out:note(("the same command completes the Upload, if that is still to do, and sends no part again; to send " ..
      "the file again all the same, remove %s first"):format(state.path))
  elseif not failure.resume or final_kinds[failure.kind] then
    run.out:note(("to start over, remove %s first"):format(state.path))
  else
    run.out:note(("to go on, give the same command once more; to start over, remove %s first"):format(state.path))
  end
end

-- The text for an Upload whose cancel was given up.
local function words_of_giving_up(run, failure)
  local id = failure.upload_id
  if not id then return ("%s: %s"):format(run.gave_up, ending.created_or_not) end
  return ("%s: %s may still be pending, which ends within an hour; to cancel it now: openai-uploads cancel %s"):format(
    run.gave_up, id, id)
end

local function aftermath_of(run, failure)
  local is_open = not failure.may_be_completed and not failure.resume and not failure.cancelled
  if run.gave_up and is_open and (failure.upload_id or failure.may_have_applied) then
    return words_of_giving_up(run, failure)
  end
  if failure.aftermath or failure.upload_id then return failure.aftermath end
  if not failure.may_have_applied then return "no Upload was created" end
  return ending.created_or_not
end

-- Adds how to cancel an Upload that may still be pending.
local function add_advice(failure)
  if failure.cancelled ~= false or not failure.aftermath then return end
  failure.aftermath = ("%s; it expires within an hour; to cancel it now: openai-uploads cancel %s"):format(
    failure.aftermath, failure.upload_id)
end

-- Names --resume when the connection was away for too long and nothing kept the Parts that were sent.
local function advise_state(run, failure)
  local is_away = failure.kind == "connection" or failure.kind == "timeout"
  if run.state or run.interruption or run.path == "-" or not is_away or not failure.upload_id then return end
  run.out:note("what was sent is lost; with --resume STATE the same command would go on where it stopped")
end

--- Reports why a file was not sent. Returns the exit code.
function upload_ending.tell(run, client, failure)
  run.display:erase()
  local code
  if run.interruption then
    code = run.out:interrupted(run.interruption, run.subject, aftermath_of(run, failure), failure)
  else
    add_advice(failure)
    code = run.out:failure(run.subject, failure)
  end
  tell_of_state(run, client, failure)
  if not failure.may_be_completed then advise_state(run, failure) end
  return code
end

--- Reports a state that may not be resumed: its completion was refused, but an earlier one may have succeeded. Returns
--- the exit code.
function upload_ending.tell_verdict(run)
  local verdict = run.state.verdict
  local failure = { kind = verdict.kind, message = "nothing was sent: " .. verdict.aftermath, may_be_completed = true }
  local code = run.out:failure(run.subject, failure)
  tell_of_state(run, nil, failure)
  return code
end

return upload_ending
