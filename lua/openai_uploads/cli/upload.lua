-- SPDX-License-Identifier: MIT
-- `upload FILE...`: one file after the other, each by upload_file_chunked.
local core = require "openai_uploads.core"
local calls = require "openai_uploads.cli.calls"
local exit_codes = require "openai_uploads.cli.exit_codes"
local interruption = require "openai_uploads.cli.interruption"
local progress = require "openai_uploads.cli.progress"
local resume_state = require "openai_uploads.cli.resume_state"

local SECONDS_TO_CLEAN_UP = 10 -- after a signal
local UNKNOWN_UPLOAD = "whether an Upload was created is not known; one that was expires by itself within an hour"

local function begin_leaving(run, raised)
  run.interruption = raised
  run.display.erase()
  run.out.note "stopping; Ctrl-C once more leaves at once"
end

local function tell_once_of_state(run, problem)
  if run.told_of_state then return end
  run.told_of_state = true
  run.display.erase()
  run.out.failure(run.path, problem) -- which is no reason to give up what is under way
end

local function save(run, resume, part)
  if not run.state then return end
  local saved, problem = run.state.save(resume, part)
  if not saved then tell_once_of_state(run, problem) end
end

local function params_of(run, options)
  return {
    file = run.path, purpose = options.purpose, mime_type = options.mime_type, filename = options.filename,
    part_size = options.part_size, concurrency = options.concurrency, md5 = options.md5 and "compute" or nil,
    expires_after = calls.expires_after(options.expires_after),
    resume = run.state and run.state.resume, keep_on_failure = run.state ~= nil,
    on_checkpoint = run.state and function(resume, part) save(run, resume, part) end,
    on_progress = function(sent, total)
      run.total = total
      if not run.interruption then run.display.show(sent, total) end
    end,
  }
end

-- What is said of the arguments, in the words of the command line; nil when that is not what was raised.
local function misuse_in(raised)
  local said = type(raised) == "string" and raised:match("bad argument .-%((.*)%)$")
  return said and said:gsub("params%.([%w_]+)", function(name) return "--" .. name:gsub("_", "-") end)
end

-- Waits for the end of a job. Returns true and what the job came to; or false and what was raised meanwhile.
local function try_to_wait(job, seconds)
  local fine, done, upload, failure = pcall(job.wait, job, seconds)
  if fine then return done, upload, failure end
  return false, done
end

-- Gives a job that was aborted the time to cancel its Upload; a second signal ends that.
local function wait_for_cleaning(run, job)
  local done, upload, failure = try_to_wait(job, SECONDS_TO_CLEAN_UP)
  if done then return upload, failure end
  if interruption.is(upload) then run.interruption, run.is_left = upload, true end
  run.gave_up = run.is_left and "left at once" or ("no answer within %d s"):format(SECONDS_TO_CLEAN_UP)
  job:abort()
  return select(2, job:poll())
end

-- Waits for the end of a job, and through a signal: then the job ends in its own order, and leaves nothing behind.
-- Returns the Upload; or nil and a failure.
local function wait(run, job)
  local done, upload, failure = try_to_wait(job)
  if done then return upload, failure end
  local raised = upload
  if interruption.is(raised) then begin_leaving(run, raised) end
  if not job.failure then job:abort() end -- else it would give up on the cancel
  upload, failure = wait_for_cleaning(run, job)
  if not run.interruption then error(raised, 0) end
  return upload, failure
end

-- A state that is not of this file is put aside, or the same command would fail for ever.
local function tell_of_refused_state(run)
  local state = run.state
  local aside = state.set_aside()
  if aside then
    run.out.note(("what was saved is in %s now; to start over, give the same command once more"):format(aside))
  else
    run.out.note(("to start over, remove %s first"):format(state.path))
  end
end

-- A refusal of these kinds is the answer to the same request again, whenever that comes.
local final_kinds = { bad_request = true, not_found = true, gone = true, unprocessable_entity = true }

-- Brings the state up to date with a failure. Returns whether nothing can be sent for it any more.
local function settle_state(run, failure)
  local state = run.state
  local is_over = failure.may_be_completed and not failure.resume
  if failure.resume then save(run, failure.resume) end
  if is_over and state.resume and not state.verdict then
    local closed, problem = state.close { kind = failure.kind, aftermath = failure.aftermath }
    if not closed then tell_once_of_state(run, problem) end
  end
  return is_over
end

-- How to go on, where there is a state.
local function tell_of_state(run, client, failure)
  local state = run.state
  if not state then return end
  local is_over = settle_state(run, failure)
  if not state.resume then
    state.remove()
    local is_lost = failure.upload_id and not failure.may_be_completed and not run.gave_up
    if is_lost then client.cancel(failure.upload_id) end
  elseif failure.refused_resume then
    tell_of_refused_state(run)
  elseif is_over or state.resume.completing and not failure.resume then
    run.out.note(("its File may be there already; to send it again all the same, remove %s first"):format(state.path))
  elseif failure.may_be_completed then
    run.out.note(("the same command completes the Upload, if that is still to do, and sends no part again; to send " ..
      "the file again all the same, remove %s first"):format(state.path))
  elseif not failure.resume or final_kinds[failure.kind] then
    run.out.note(("to begin anew, remove %s first"):format(state.path))
  else
    run.out.note(("to go on, give the same command once more; to begin anew, remove %s first"):format(state.path))
  end
end

-- What becomes of an Upload whose cancel nobody waits for any more.
local function words_of_giving_up(run, failure)
  local id = failure.upload_id
  if not id then return ("%s: %s"):format(run.gave_up, UNKNOWN_UPLOAD) end
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
  return UNKNOWN_UPLOAD
end

-- Returns the exit code.
local function tell_failure(run, client, failure)
  run.display.erase()
  local code
  if run.interruption then
    code = run.out.interrupted(run.interruption, run.path, aftermath_of(run, failure), failure)
  else
    code = run.out.failure(run.path, failure)
  end
  tell_of_state(run, client, failure)
  return code
end

local function tell_upload(run, upload)
  run.display.finish(run.total or upload.bytes)
  local code = calls.tell_completed(upload, run.out)
  if run.state then run.state.remove() end
  return code
end

-- What is known of one file, while it is under way; nil and an exit code where it cannot be begun.
local function prepare(path, options, out)
  local file, failure = core.open_file(path) -- what is no file is told of before all else that may be wrong
  if not file then return nil, out.failure(path, failure) end
  file:close()
  local run = { path = path, out = out, display = progress.new(path, options, out) }
  if not options.resume then return run end
  run.state, failure = resume_state.open(options.resume)
  if not run.state then return nil, out.failure(nil, failure) end
  return run
end

-- For a file whose Upload's completion was refused although an earlier one may have been done. Returns the exit code.
local function tell_verdict(run)
  local verdict = run.state.verdict
  local failure = { kind = verdict.kind, message = "nothing was sent: " .. verdict.aftermath, may_be_completed = true }
  local code = run.out.failure(run.path, failure)
  tell_of_state(run, nil, failure)
  return code
end

local function options_of(run, options)
  local all = { deadline = options.deadline }
  function all.on_retry(info)
    local is_patient = options.max_retries == nil and info.part_number ~= nil
    if not run.interruption then run.display.wait(progress.words_of_wait(info, is_patient), info.wait) end
  end
  if options.verbose then return all end -- the client's own log tells of each request
  local is_connected = false
  function all.log(event)
    if event.event ~= "done" or is_connected then return end
    is_connected = true
    run.display.wait(nil)
  end
  return all
end

local function begin(run, client, options)
  if not run.state or not run.state.resume then run.display.wait("connecting", math.huge) end
  local begun, job = pcall(client.start.upload_file_chunked, params_of(run, options), options_of(run, options))
  if begun then return job end
  local misuse = misuse_in(job)
  if not misuse then error(job, 0) end
  if run.state and not run.state.resume then run.state.remove() end
  return nil, run.out.misuse(("%s: %s"):format(run.path, misuse), "openai-uploads upload")
end

-- Returns the exit code, and whether it was interrupted.
local function upload_one(client, path, options, out)
  interruption.check()
  local run, code = prepare(path, options, out)
  if not run then return code, false end
  if run.state and run.state.verdict then return tell_verdict(run), false end
  local job, misuse_code = begin(run, client, options)
  if not job then return misuse_code, false end
  local upload, failure = wait(run, job)
  local interrupted = run.interruption
  if not upload then return tell_failure(run, client, failure), interrupted ~= nil end
  code = tell_upload(run, upload)
  if interrupted then code = out.interrupted(interrupted, path, "but all was done already") end
  return code, interrupted ~= nil
end

--- One that fails does not keep the others from being uploaded; a signal does. The exit code of the first failure.
return function(client, options, out)
  local first
  for _, path in ipairs(options.files) do
    local code, is_over = upload_one(client, path, options, out)
    if is_over then return code end
    if code ~= exit_codes.success then first = first or code end
  end
  return first or exit_codes.success
end
