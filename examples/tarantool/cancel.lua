-- SPDX-License-Identifier: MIT
-- Tarantool: cancels Uploads, a fiber for each, while other fibers go on.
--
--   export OPENAI_API_KEY=sk-...
--   tarantool examples/tarantool/cancel.lua upload_1 upload_2
--
-- It needs the library for LuaJIT: sudo make install-modules LUA=luajit

local fiber = require "fiber"
local uploads = require("openai_uploads").new { loop = "tarantool", deadline = 30 }

local ticks, left = 0, fiber.channel(#arg)

for _, id in ipairs(arg) do
  fiber.create(function()
    local upload, failure = uploads.cancel(id)
    print(upload and id .. " is " .. upload.status or id .. ": " .. tostring(failure))
    left:put(true)
  end)
end

local ticking = fiber.create(function() -- stands for the work of the database
  while true do
    fiber.sleep(0.001)
    ticks = ticks + 1
  end
end)

for _ = 1, #arg do left:get() end
ticking:cancel()
print(ticks .. " ticks meanwhile")
os.exit(0)
