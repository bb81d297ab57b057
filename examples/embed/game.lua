-- SPDX-License-Identifier: MIT
-- The game's own script, carried inside the host like the module. Returns the function that the host calls once a
-- frame, with the frame's number; it returns true for as long as the game goes on.
local uploads = require "openai_uploads"

local frame

local function tell(what) print(("frame %d: %s"):format(frame, tostring(what))) end

-- Lets frames pass. The host steps, so the script only looks.
local function finished(transfer)
  while not transfer:done() do frame = coroutine.yield(true) end
  return select(2, transfer:poll())
end

local function start_saving(replay)
  return uploads.start.create {
    filename = replay, purpose = "user_data", bytes = 4096, mime_type = "application/octet-stream",
  }
end

local function play()
  local upload, failure = finished(start_saving "first.replay")
  tell(upload and upload.status or failure)
  if not upload then return end

  local cancelled
  cancelled, failure = finished(uploads.start.cancel(upload.id))
  tell(cancelled and cancelled.status or failure)

  -- The player leaves a few frames after asking for two more. Somebody must hold them: a dropped transfer is aborted.
  local kept = { start_saving "second.replay", start_saving "third.replay" }
  for _ = 1, 5 do frame = coroutine.yield(true) end
  tell(("the player leaves, %d replays asked for"):format(#kept))
  coroutine.yield(false)
end

return coroutine.wrap(function(first)
  frame = first
  play()
  return false
end)
