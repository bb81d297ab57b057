-- SPDX-License-Identifier: MIT
-- Creates an Upload, cancels it, and shows what a failure looks like.
--
--   make demo                                                  on this machine, against the emulator
--   OPENAI_API_KEY=... lua5.4 examples/cancel.lua              against OpenAI; nothing is uploaded, nothing costs
local uploads = require "openai_uploads"

local function show(title, object)
  print(title)
  local names = {}
  for name in pairs(object) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    print(("  %-10s = %s"):format(name, tostring(object[name])))
  end
end

local upload = assert(uploads.create {
  filename = "training_examples.jsonl",
  purpose = "fine-tune",
  bytes = 2147483648,
  mime_type = "text/jsonl",
})
show("created:", upload)

local cancelled, failure = uploads.cancel(upload.id)
if not cancelled then
  print("not cancelled: " .. failure)
  os.exit(1)
end
show("cancelled:", cancelled)

-- A second cancel is refused. Such trouble is returned, not raised.
cancelled, failure = uploads.cancel(upload.id)
if not cancelled then
  print("once more:")
  print("  " .. failure)
  print("  kind = " .. failure.kind .. ", status = " .. failure.status ..
    ", may_have_applied = " .. tostring(failure.may_have_applied))
end
