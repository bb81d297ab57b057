-- SPDX-License-Identifier: MIT
-- Rows that every real host must pass, beside those of suspended.lua.

local assert = require "luassert"
local drive = require "spec.support.drive"
local upload_file = require "spec.support.upload_file"
local uploads = require "openai_uploads"

local rows = {}

local function row(name, proof) rows[#rows + 1] = { name, proof } end

-- The service that the environment names: the emulator.
row("a file of several MiB goes through, and reports its progress, whenever the collector runs", function(world)
  local path, reports, upload = upload_file.write(("0123456789abcdef"):rep(5 * 64 * 1024)), 0, nil
  world.run({ function()
    upload = assert(uploads.new({ loop = world.host.loop }).upload_file_chunked {
      file = path, purpose = "batch", on_progress = function() reports = reports + 1 end,
    })
  end }, drive.collect)
  upload_file.remove_all()
  assert.are.same({ 5 * 1024 * 1024, true }, { upload.file.bytes, reports > 0 })
end)

row("an error in a coroutine does not keep the others from going on", function(world)
  local transfer, ended = world.client().start.cancel "upload_1", 0
  world.run({ function()
    for index = 1, 5 do
      world.host.spawn(function()
        transfer:wait()
        if index % 2 == 0 then error "this error belongs to a spec" end
        ended = ended + 1
      end)
    end
    world.wait_for(function() return world.server.look() == 1 end)
    world.server.answer()
    world.wait_for(function() return ended == 3 end)
  end }, function() end)
end)

row("a file comes from a function that waits in the loop", function(world)
  local upload
  world.run { function()
    local pieces = 0
    upload = assert(uploads.new({ loop = world.host.loop }).upload_file_chunked {
      filename = "a.txt", purpose = "batch", bytes = 30, part_size = 10,
      data = function()
        world.host.pause()
        pieces = pieces + 1
        return pieces <= 3 and "0123456789" or nil
      end,
    })
  end }
  assert.are.equal(30, upload.file.bytes)
end)

row("a listener gets to know of a transfer that nothing else holds", function(world)
  local client, told = world.client(), nil
  world.run { function()
    client.start.cancel("upload_1"):on_done(function(transfer) told = select(2, transfer:poll()).id end)
    drive.collect()
    client.cancel "upload_2" -- whose wait steps the client
    world.wait_for(function()
      client.step()
      return told
    end)
  end }
  assert.are.equal("upload_1", told)
end)

return rows
