-- SPDX-License-Identifier: MIT
-- The commands that make one call of the service each. Each takes (client, options, out) and returns an exit code.
local ending = require "openai_uploads.file_upload.ending"
local exit_codes = require "openai_uploads.cli.exit_codes"
local interruption = require "openai_uploads.cli.interruption"
local progress = require "openai_uploads.cli.progress"

local calls = {}

local MIN_WAIT = 1 -- seconds; a shorter wait is not reported

local IN_DOUBT = "%s may have been completed: look for its File in the service's list of Files before you send it again"

--- The text for an Upload whose completion was sent and whose answer did not arrive.
function calls.words_of_doubt(id) return IN_DOUBT:format(id) end

--- Waits for a call in flight. Returns the object; or nil and a failure. A signal aborts the call: then the third
--- result is the interruption, and the failure says whether the service may have acted on the call.
function calls.finish(transfer)
  local fine, raised = pcall(transfer.wait, transfer)
  if not fine then
    if not interruption.is(raised) then error(raised, 0) end
    transfer:abort()
  end
  local _, object, failure = transfer:poll()
  return object, failure, not fine and raised or nil
end

-- Reports a call that failed. `in_doubt` is the text where the service may have acted on it, `undone` the text for an
-- interrupted one on which it has not. Returns the exit code.
local function tell_failure(out, subject, failure, interrupted, in_doubt, undone)
  if not interrupted then
    if failure.may_have_applied then failure.aftermath = in_doubt end
    return out:failure(subject, failure)
  end
  return out:interrupted(interrupted, nil, failure.may_have_applied and in_doubt or undone, failure)
end

-- The ids without a reported result.
local function ids_left(ids, is_told)
  local left = {}
  for _, id in ipairs(ids) do
    if not is_told[id] then left[#left + 1] = id end
  end
  return left
end

-- Reports cancels that a signal ended, or that ended because their results cannot be written.
local function tell_raised(out, raised, ids, is_told)
  local left = table.concat(ids_left(ids, is_told), " ")
  local aftermath = left ~= "" and "these may be cancelled or not: " .. left or nil
  if interruption.is(raised) then return out:interrupted(raised, nil, aftermath) end
  if type(raised) == "table" then raised.aftermath = aftermath end
  error(raised, 0)
end

--- The options of a call: an on_retry that reports each wait long enough to be noticed.
function calls.telling_waits(out, options)
  local last
  if options.verbose then return {} end
  return { on_retry = function(info)
    local words = progress.words_of_wait(info)
    if info.wait >= MIN_WAIT and words ~= last then out:note(words) end
    last = words
  end }
end

function calls.cancel(client, options, out)
  local codes, is_told, of_each = {}, {}, calls.telling_waits(out, options)
  function of_each.on_result(id, upload, failure)
    is_told[id] = true
    if upload then
      out:result(upload, id .. "  " .. tostring(upload.status))
    else
      codes[id] = out:failure(id, failure)
    end
  end
  local fine, raised = pcall(client.cancel_all, options.ids, of_each)
  if not fine then return tell_raised(out, raised, options.ids, is_told) end
  for _, id in ipairs(options.ids) do
    if codes[id] then return codes[id] end
  end
  return exit_codes.success
end

--- `seconds` in the form that the service expects; nil for none.
function calls.expires_after(seconds)
  return seconds and { anchor = "created_at", seconds = seconds }
end

function calls.create(client, options, out)
  local upload, failure, interrupted = calls.finish(client.start.create({
    filename = options.filename, purpose = options.purpose, bytes = options.bytes, mime_type = options.mime_type,
    expires_after = calls.expires_after(options.expires_after),
  }, calls.telling_waits(out, options)))
  if not upload then
    return tell_failure(out, nil, failure, interrupted, ending.created_or_not, "no Upload was created")
  end
  out:result(upload, upload.id)
  return exit_codes.success
end

function calls.part(client, options, out)
  local part, failure, interrupted = calls.finish(client.start.parts.create(options.id,
    { file = options.file, offset = options.offset, length = options.length }, calls.telling_waits(out, options)))
  if not part then
    return tell_failure(out, failure.kind == "file" and options.file or options.id, failure, interrupted,
      ("the Part may have been added to %s or not"):format(options.id), ("no Part was added to %s"):format(options.id))
  end
  out:result(part, part.id)
  return exit_codes.success
end

--- Prints a completed Upload. path: that of its file, if there are several files.
function calls.tell_completed(upload, out, path)
  out:result(upload, upload.file.id, path)
  return exit_codes.success
end

function calls.complete(client, options, out)
  local id = options.id
  local upload, failure, interrupted = calls.finish(client.start.complete(id,
    { part_ids = options.part_ids, md5 = options.md5 }, calls.telling_waits(out, options)))
  if upload then return calls.tell_completed(upload, out) end
  local in_doubt = calls.words_of_doubt(id)
  if failure.may_have_applied then failure.may_be_completed = true end
  return tell_failure(out, id, failure, interrupted, in_doubt, ("%s was not completed"):format(id))
end

return calls
