-- SPDX-License-Identifier: MIT
-- A game that sends a replay when the match ends, and draws on meanwhile. Beside this file, its folder holds the folder
-- `openai_uploads` of the library's lua/, with core.so for LuaJIT in it. LÖVE loads no C module from within a .love.
local uploads = require "openai_uploads"

local replay = {}   -- what the match was
local message = "The match is on"
local sending

local function send_replay()
  sending = uploads.start.upload_file_chunked {
    data = table.concat(replay), filename = "replay.bin", purpose = "user_data",
  }
  message = "Sending the replay"
end

local seconds = 0

function love.update(dt)
  seconds = seconds + dt
  if not sending then
    replay[#replay + 1] = ("%f\n"):format(dt)
    if seconds > 1 then send_replay() end
    return
  end
  local done, upload, failure = sending:poll() -- steps the client, and waits for nothing
  if not done then return end
  message = upload and "The replay is " .. upload.file.id or tostring(failure)
  print(message)
  love.event.quit()
end

function love.draw() love.graphics.print(message, 20, 20) end

function love.quit() uploads.close() end -- gives up what still runs, at once
