-- SPDX-License-Identifier: MIT
-- The commands on Files: `files list`, `show`, `delete`, `get` and `wait`. Each takes (client, options, out), and
-- returns an exit code.
local calls = require "openai_uploads.cli.calls"
local exit_codes = require "openai_uploads.cli.exit_codes"

local files = {}

local AT_A_TIME = 8 -- calls for several ids

-- "file-abc  1050000  2026-11-29 03:06:56Z  fine-tune  processed  train.jsonl"
local function describe(file)
  local created = type(file.created_at) == "number" and os.date("!%Y-%m-%d %H:%M:%SZ", file.created_at) or "-"
  return ("%s  %s  %s  %s  %s  %s"):format(file.id, file.bytes and ("%.0f"):format(file.bytes) or "-", created,
    tostring(file.purpose or "-"), tostring(file.status or "-"), tostring(file.filename or "-"))
end

function files.list(client, options, out)
  local left = options.limit or math.huge
  local params = {
    purpose = options.purpose, order = options.order, after = options.after,
    limit = options.limit and math.min(options.limit, 1000) or nil,
  }
  for file, failure in client.files.each(params, calls.telling_waits(out, options)) do
    if not file then return out:failure(nil, failure) end
    if left == 0 then break end
    out:result(file, describe(file))
    left = left - 1
    if left == 0 then break end
  end
  return exit_codes.success
end

local function abort_all(transfers)
  for _, transfer in pairs(transfers) do transfer:abort() end
end

-- Makes a call for each id, several at a time, and tells of each in the order of the ids. start(id) begins a call,
-- line(object) is what is printed of its result, and left_words what is said of the ids that an interruption leaves.
local function for_each_id(options, out, start, line, left_words)
  local ids, transfers, code, begun = options.ids, {}, nil, 0
  for index, id in ipairs(ids) do
    while begun < math.min(#ids, index + AT_A_TIME - 1) do
      begun = begun + 1
      transfers[begun] = start(ids[begun])
    end
    local object, failure, interrupted = calls.finish(transfers[index])
    transfers[index] = nil
    if interrupted then
      abort_all(transfers)
      return out:interrupted(interrupted, nil, left_words and
        ("%s: %s"):format(left_words, table.concat(ids, " ", index)) or nil, failure)
    end
    if object then out:result(object, line(object)) end
    local failed = failure and out:failure(id, failure)
    code = code or failed
  end
  return code or exit_codes.success
end

function files.show(client, options, out)
  local of_each = calls.telling_waits(out, options)
  return for_each_id(options, out, function(id) return client.start.files.retrieve(id, of_each) end, describe)
end

function files.delete(client, options, out)
  local of_each = calls.telling_waits(out, options)
  return for_each_id(options, out, function(id) return client.start.files.delete(id, of_each) end,
    function(deleted) return deleted.id .. "  deleted" end, "these may be deleted or not")
end

function files.wait(client, options, out)
  local of_each = calls.telling_waits(out, options)
  of_each.interval, of_each.deadline = options.interval, options.deadline
  return for_each_id(options, out, function(id) return client.start.files.wait_until_processed(id, of_each) end,
    function(file) return file.id .. "  " .. tostring(file.status or "processed") end)
end

--- Waits for a File that was uploaded. Returns nil, or the exit code of a failure and whether that is an interruption.
function files.wait_for_uploaded(client, file, subject, options, out)
  local of_call = calls.telling_waits(out, options)
  of_call.deadline = options.deadline
  local processed, failure, interrupted = calls.finish(client.start.files.wait_until_processed(file.id, of_call))
  if processed then return nil end
  failure.aftermath = "its File is " .. file.id
  if interrupted then return out:interrupted(interrupted, subject, failure.aftermath, failure), true end
  return out:failure(subject, failure), false
end

function files.get(client, options, out)
  local is_stdout = options.output == nil or options.output == "-"
  local content, failure, interrupted = calls.finish(client.start.files.content(options.id, {
    to = is_stdout and io.stdout or options.output, max_bytes = options.max_bytes,
  }, calls.telling_waits(out, options)))
  if interrupted then return out:interrupted(interrupted, nil, "nothing is left of it", failure) end
  if not content then return out:failure(options.id, failure) end
  if not is_stdout then out:result(content, options.output) end
  return exit_codes.success
end

return files
