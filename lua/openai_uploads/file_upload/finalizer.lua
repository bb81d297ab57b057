-- SPDX-License-Identifier: MIT
-- What happens to the Upload of a file whose job nobody holds any more: its parts are aborted, as dropped transfers
-- are, and its cancel is begun. That goes out while the client is stepped, for whatever else.
local core = require "openai_uploads.core"

local finalizer = {
  last = nil, -- the youngest object of all that are watched; it is collected only when the whole state is closed
  is_closing = false,
}

local newproxy = rawget(_G, "newproxy")

-- The client, if anybody still has it, holds the cancel.
local function cancel(client, upload_id) core.hold(client.start.cancel(upload_id)) end

-- An object whose collection calls `action(object)`.
local function watch(action)
  if newproxy then -- Lua 5.1 and LuaJIT know finalizers of userdata only
    local proxy = newproxy(true)
    getmetatable(proxy).__gc = action
    return proxy
  end
  return setmetatable({}, { __gc = action })
end

--- From now on, the job's Upload is cancelled when the job is dropped, unless it shall be kept.
function finalizer.arm(job)
  local client, upload_id, process_id = job.client, job.upload_id, job.process_id
  if job.armed then return end
  local armed = { is_armed = false }
  job.watched = watch(function()
    if armed.is_armed and not finalizer.is_closing and core.process_id() == process_id then
      pcall(cancel, client, upload_id)
    end
  end)
  -- A state that is closed finalizes the youngest first, and no more what is made meanwhile: nothing may be begun then.
  finalizer.last = watch(function(object) if object == finalizer.last then finalizer.is_closing = true end end)
  job.armed = armed
  armed.is_armed = not job.plan.keeps_on_failure and not job.may_be_completed and not job.is_completing
end

--- A completion is sent: from now on a cancel would race with it.
function finalizer.stand_back(job)
  if job.armed then job.armed.is_armed = false end
end

--- The completion was refused, or has never left.
function finalizer.go_on(job)
  if job.armed then job.armed.is_armed = not job.plan.keeps_on_failure end
end

--- There is nothing left to cancel.
function finalizer.disarm(job)
  if job.armed then job.armed.is_armed = false end
end

return finalizer
