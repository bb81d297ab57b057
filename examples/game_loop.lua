-- SPDX-License-Identifier: MIT
-- A game's loop of 60 frames a second that creates and cancels an Upload without dropping a frame. It prints how long
-- the longest frame took, without its rest.
--
--   emulator/with lua5.4 examples/game_loop.lua
local uploads = require "openai_uploads"

local frame_seconds = 1 / 60
local frames, longest = 0, 0

-- A real game does the work of its frame here, then looks at the transfer once.
local function run_until_done(transfer)
  while true do
    local began = os.clock()
    local done, upload, failure = transfer:poll()
    local work = os.clock() - began
    frames, longest = frames + 1, math.max(longest, work)
    if done then return upload, failure end
    uploads.step(math.max(0, frame_seconds - work)) -- rests: a real game draws, and calls step() without arguments
  end
end

local upload = assert(run_until_done(uploads.start.create {
  filename = "replay.bin", purpose = "user_data", bytes = 4096, mime_type = "application/octet-stream",
}))
local cancelled = assert(run_until_done(uploads.start.cancel(upload.id)))

print(("%s in %d frames; the longest took %.2f ms of its %.2f"):format(cancelled.status, frames, longest * 1000,
  frame_seconds * 1000))
