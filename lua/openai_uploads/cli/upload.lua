-- SPDX-License-Identifier: MIT
-- `upload FILE...`: checks all files, then sends one after the other.
local calls = require "openai_uploads.cli.calls"
local exit_codes = require "openai_uploads.cli.exit_codes"
local files = require "openai_uploads.cli.files"
local file_params = require "openai_uploads.file_upload.params"
local interruption = require "openai_uploads.cli.interruption"
local resume_state = require "openai_uploads.file_upload.resume_state"
local upload_ending = require "openai_uploads.cli.upload_ending"
local upload_run = require "openai_uploads.cli.upload_run"
local upload_stdin = require "openai_uploads.cli.upload_stdin"

-- There is nothing to resume any more, whatever becomes of the File. Returns the exit code, and whether a signal ended
-- the wait for the File.
local function tell_upload(run, client, upload)
  run.display:finish(run.total or upload.bytes)
  if run.state then run.state:remove() end
  local code, was_interrupted
  if run.options.wait and not run.interruption then
    code, was_interrupted = files.wait_for_uploaded(client, upload.file, run.subject, run.options, run.out)
  end
  if code then return code, was_interrupted end
  return calls.tell_completed(upload, run.out, #run.options.files > 1 and run.path or nil), false
end

local function send(client, path, options, run)
  if path == "-" then return upload_stdin.send(client, options, run) end
  run:begin(client)
  return run:wait()
end

-- Returns the exit code, and whether a signal ended it.
local function upload_one(client, path, options, out)
  local state, problem
  interruption.check()
  if options.resume then
    state, problem = resume_state.open(options.resume)
    if not state then return out:failure(nil, problem), false end
  end
  local run = upload_run.new(path, options, out, state)
  if state and state.verdict then return upload_ending.tell_verdict(run), false end
  local upload, failure = send(client, path, options, run)
  local interrupted = run.interruption
  if not upload then return upload_ending.tell(run, client, failure), interrupted ~= nil end
  local code, was_interrupted = tell_upload(run, client, upload)
  if interrupted then code = out:interrupted(interrupted, run.subject, "but all was done already") end
  return code, was_interrupted or interrupted ~= nil
end

-- Returns the plan of a file; or nil and a failure.
local function plan_of(path, options)
  if path == "-" then return upload_stdin.plan(options) end
  local plan, failure = file_params.plan(upload_run.params_of(path, options))
  if plan then plan.source:close() end
  return plan, failure
end

-- Checks all files and reports each that cannot be sent. Returns the plans; or nil and the first failure's exit code.
local function look_at_all(options, out)
  local plans, code = {}, nil
  for index, path in ipairs(options.files) do
    local plan, failure = plan_of(path, options)
    plans[index] = plan
    local failed = failure and out:failure(path, failure)
    code = code or failed
  end
  if not code then return plans end
  if #options.files > 1 then out:note "nothing was sent: all files are looked at before the first one is sent" end
  return nil, code
end

local function describe(path, plan)
  local create = plan.create
  return ("%s: %.0f bytes as '%s', %s, for %s, in %d %s of %.0f bytes at most"):format(path, create.bytes,
    create.filename, create.mime_type, create.purpose, plan.part_count, plan.part_count == 1 and "part" or "parts",
    plan.part_size)
end

-- --dry-run: prints a line or an object for each file.
local function tell_plans(plans, options, out)
  for index, plan in ipairs(plans) do
    local path = options.files[index]
    out:result({ dry_run = true, file = path, create = plan.create, part_size = plan.part_size,
      part_count = plan.part_count }, describe(path, plan))
  end
  return exit_codes.success
end

-- Names the files behind the one at `index`.
local function tell_unsent(options, index, out)
  local left = table.concat(options.files, " ", index + 1)
  if left ~= "" then out:note("not sent: " .. left) end
end

--- After a failure the next file is sent; after a signal none. Returns the exit code of the first failure.
return function(client, options, out)
  local plans, first = look_at_all(options, out)
  if not plans then return first end
  if options.dry_run then return tell_plans(plans, options, out) end
  for index, path in ipairs(options.files) do
    local fine, code, is_over = pcall(upload_one, client, path, options, out)
    if is_over or not fine and not interruption.is(code) then tell_unsent(options, index, out) end
    if not fine then error(code, 0) end
    if is_over then return code end
    if code ~= exit_codes.success then first = first or code end
  end
  return first or exit_codes.success
end
