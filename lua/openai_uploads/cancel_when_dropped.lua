-- SPDX-License-Identifier: MIT
-- Cancels an Upload that the program no longer references. The garbage collector starts the cancel. It is sent while
-- the client is stepped for any reason. A forked child cancels nothing, because the Upload belongs to its parent.
local core = require "openai_uploads.core"
local when_collected = require "openai_uploads.when_collected"

-- The client holds the cancel, as long as the program still holds the client.
local function cancel(client, upload_id) core.hold(client.start.cancel(upload_id)) end

--- Returns an object that only the representative of the Upload may hold. If its field `is_armed` is set when the
--- object is collected, the Upload is cancelled.
return function(client, upload_id, is_armed)
  local self, process_id = { is_armed = false, watched = false }, core.process_id()
  self.watched = when_collected(function()
    if self.is_armed and core.process_id() == process_id then pcall(cancel, client, upload_id) end
  end)
  self.is_armed = is_armed
  return self
end
