-- SPDX-License-Identifier: MIT
-- `upload -`: sends standard input, whose size the command line announces. Each Part is read whole before it is sent,
-- so that it can be sent again.
local core = require "openai_uploads.core"
local calls = require "openai_uploads.cli.calls"
local guess_mime_type = require "openai_uploads.file_upload.mime_types"
local interruption = require "openai_uploads.cli.interruption"

local upload_stdin = {}

local STDIN = 0
local SECONDS_BETWEEN_REPORTS = 0.1
local SECONDS_OF_PATIENCE = 30 -- with Parts and the completion, as for files
local SECONDS_TO_CLEAN_UP = 10

--- A plan as that of a file.
function upload_stdin.plan(options)
  local part_size = options.part_size or core.max_part_bytes
  return {
    part_size = part_size, part_count = math.ceil(options.bytes / part_size),
    create = {
      filename = options.filename, purpose = options.purpose, bytes = options.bytes,
      mime_type = options.mime_type or guess_mime_type(options.filename),
      expires_after = calls.expires_after(options.expires_after),
    },
  }
end

local function file_failure(format, ...)
  return core.failure("file", ("standard input " .. format):format(...))
end

-- Reads exactly `wanted` bytes; nil and a failure when there are fewer.
local function read(wanted, sent, total)
  local pieces, count = {}, 0
  while count < wanted do
    local piece, failure = interruption.read(STDIN, wanted - count)
    if failure then return nil, failure end
    if piece == "" then
      return nil, file_failure("ended after %.0f of the %.0f bytes of --bytes", sent + count, total)
    end
    pieces[#pieces + 1], count = piece, count + #piece
  end
  return table.concat(pieces)
end

-- Returns a failure when there are more bytes than announced.
local function check_end(total)
  local piece, failure = interruption.read(STDIN, 1)
  if failure or piece == "" then return failure end
  return file_failure("has more than the %.0f bytes of --bytes", total)
end

-- Makes a call with start(options). `sent`: bytes sent before this call; with it, the progress is shown.
local function call(run, start, sent)
  local options = { on_retry = run:showing_waits(), deadline = run.deadline }
  if not run.options.max_retries then options.patience = SECONDS_OF_PATIENCE end
  local done, object, failure
  run.job = start(options)
  repeat
    done, object, failure = run.job:wait(SECONDS_BETWEEN_REPORTS)
    if sent then run.display:show(sent + run.job:progress(), run.total) end
  until done
  return object, failure
end

local function send_part(client, run, plan, number)
  local total = plan.create.bytes
  local sent = (number - 1) * plan.part_size
  local bytes, failure = read(math.min(plan.part_size, total - sent), sent, total)
  if bytes and number == plan.part_count then failure = check_end(total) end
  if failure then return nil, failure end
  return call(run, function(options)
    return client.start.parts.create(run.upload_id, { data = bytes }, options)
  end, sent)
end

-- Returns the completed Upload; or nil and a failure.
local function send(client, run, plan)
  local upload, failure = call(run, function(options) return client.start.create(plan.create, options) end)
  if not upload then return nil, failure end
  run.upload_id = upload.id
  local part_ids = {}
  for number = 1, plan.part_count do
    local part
    part, failure = send_part(client, run, plan, number)
    if not part then
      failure.part_number = number
      return nil, failure
    end
    part_ids[number] = part.id
  end
  run.is_completing = true
  return call(run, function(options) return client.start.complete(run.upload_id, { part_ids = part_ids }, options) end)
end

-- Aborts the running call after a signal, and returns its failure.
local function failure_of_interruption(run, raised)
  if not interruption.is(raised) then error(raised, 0) end
  run:begin_leaving(raised)
  if run.job then run.job:abort() end
  local failure = run.job and select(3, run.job:poll())
  return failure or core.failure("aborted", "interrupted")
end

local function cancel(client, run, failure)
  local id, transfer = run.upload_id, client.start.cancel(run.upload_id)
  local fine, done, upload, problem = pcall(transfer.wait, transfer, SECONDS_TO_CLEAN_UP)
  failure.cancelled = upload ~= nil
  if not fine or not done then return run:give_up(done) end
  failure.aftermath = upload and id .. " was cancelled"
    or ("the cancel of %s was not confirmed: %s"):format(id, tostring(problem))
end

-- Cancels the Upload, unless it may have been completed.
local function clean_up(client, run, failure)
  if not run.upload_id then return end
  failure.upload_id = run.upload_id
  if run.is_completing and failure.may_have_applied then
    failure.may_be_completed, failure.aftermath = true, calls.words_of_doubt(run.upload_id)
  else
    cancel(client, run, failure)
  end
end

--- Sends standard input. Returns the Upload; or nil and a failure.
function upload_stdin.send(client, options, run)
  local plan = upload_stdin.plan(options)
  run.total = plan.create.bytes
  run.deadline = core.deadline(options.deadline)
  local fine, upload, failure = pcall(send, client, run, plan)
  if not fine then upload, failure = nil, failure_of_interruption(run, upload) end
  if failure then clean_up(client, run, failure) end
  return upload, failure
end

return upload_stdin
