-- SPDX-License-Identifier: MIT
-- The commands that are one call of the service each. Every one takes (client, options, out) and returns an exit code.
local exit_codes = require "openai_uploads.cli.exit_codes"

local calls = {}

--- What to say when one of them is interrupted.
calls.left_open = {
  cancel = "those that no line told of may be cancelled or not",
  create = "an Upload may have been created; it expires by itself within an hour",
  part = "the Part may have been added to the Upload or not",
  complete = "the Upload may be completed or not",
}

local IN_DOUBT = "%s may have been completed: look for its File in the service's list of Files before you send it again"

function calls.cancel(client, options, out)
  local codes = {}
  client.cancel_all(options.ids, { on_result = function(id, upload, failure)
    if upload then
      out.result(upload, id .. "  " .. tostring(upload.status))
    else
      codes[id] = out.failure(id, failure)
    end
  end })
  for _, id in ipairs(options.ids) do
    if codes[id] then return codes[id] end
  end
  return exit_codes.success
end

--- `seconds` as the service wants it; nil for none.
function calls.expires_after(seconds)
  return seconds and { anchor = "created_at", seconds = seconds }
end

function calls.create(client, options, out)
  local upload, failure = client.create {
    filename = options.filename, purpose = options.purpose, bytes = options.bytes, mime_type = options.mime_type,
    expires_after = calls.expires_after(options.expires_after),
  }
  if not upload then return out.failure(nil, failure) end
  out.result(upload, upload.id)
  return exit_codes.success
end

function calls.part(client, options, out)
  local part, failure = client.parts.create(options.id,
    { file = options.file, offset = options.offset, length = options.length })
  if not part then return out.failure(options.file, failure) end
  out.result(part, part.id)
  return exit_codes.success
end

--- Tells of a completed Upload.
function calls.tell_completed(upload, out)
  out.result(upload, upload.file.id)
  return exit_codes.success
end

function calls.complete(client, options, out)
  local upload, failure = client.complete(options.id, { part_ids = options.part_ids, md5 = options.md5 })
  if not upload then
    if failure.may_have_applied then
      failure.may_be_completed, failure.aftermath = true, IN_DOUBT:format(options.id)
    end
    return out.failure(options.id, failure)
  end
  return calls.tell_completed(upload, out)
end

return calls
