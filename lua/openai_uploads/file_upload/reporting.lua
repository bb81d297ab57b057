-- SPDX-License-Identifier: MIT
-- What a file upload tells the program while it runs: the progress, and what to save in order to resume.
local core = require "openai_uploads.core"
local ending = require "openai_uploads.file_upload.ending"
local resume = require "openai_uploads.file_upload.resume"

local reporting = {}

local function call_program(name, action, ...)
  local fine, raised = pcall(action, ...)
  if fine then return end
  if core.is_interruption(raised) then error(raised, 0) end
  error(("the %s function raised an error: %s"):format(name, core.describe(raised)), 0)
end

--- Returns the bytes handed over so far, of finished and running parts, and the total.
function reporting.progress(self)
  local sent = self.bytes_done
  for transfer, call in self.calls:each() do
    if call.name == "part" then sent = sent + transfer:progress() end
  end
  return sent, self.plan.bytes
end

--- Calls the program's on_progress.
function reporting.report(self)
  local on_progress = self.plan.on_progress
  if not on_progress or self.failure or not self.plan.bytes then return end -- the total is not known yet
  self.reported_at = core.now()
  call_program("on_progress", on_progress, reporting.progress(self))
end

--- Saves the Upload in the file of `resume_file` and passes it to on_checkpoint. part: the part that was just sent. It
-- is nil after the creation and before the completion. The table grows with the parts. A new table for each part would
-- take time that grows with the square of their number.
function reporting.save(self, part, completing)
  local on_checkpoint, state = self.plan.on_checkpoint, self.plan.state
  if not on_checkpoint and not state then return end
  self.saved = self.saved or ending.describe(self)
  if completing then self.saved.completing = true end
  local kept, problem = true, nil
  if state then kept, problem = state:save(self.saved, part) end
  if not kept then return ending.fail(self, core.failure(problem.kind, problem.message)) end
  if on_checkpoint then call_program("on_checkpoint", on_checkpoint, self.saved, part) end
end

--- Notes a finished part, and saves it. part: { number, id, md5 }.
function reporting.note_part(self, part)
  local number = part.number
  self.parts[number] = self.parts[number] or false -- allocates its slot first, as memory may run out
  if not self.parts[number] and self.saved and part.md5 then resume.add(self.saved, part) end
  self.parts[number] = part
  reporting.save(self, part)
end

return reporting
