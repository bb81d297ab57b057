-- SPDX-License-Identifier: MIT
-- A file on its way, as a program holds it: it is used as a transfer is.
local core = require "openai_uploads.core"
local ending = require "openai_uploads.file_upload.ending"
local flow = require "openai_uploads.file_upload.flow"

local job = {}
job.__index = job

--- Begins it. Misuse of an option raises. loop: what its client waits in; nil when it blocks.
function job.start(client, pause, loop, plan, options)
  local self = setmetatable(flow.new(client, pause, plan, options or {}), job)
  self.loop = loop
  local fine, raised = pcall(flow.begin, self)
  if fine then return self end
  pcall(ending.abandon, self)
  error(raised, 0)
end

--- One that has failed before anything was begun.
function job.failed(failure)
  local self = setmetatable(flow.new(nil, nil, {}, {}), job)
  self.is_done, self.has_told, self.failure = true, true, failure
  return self
end

local function result(self)
  if not self.is_done then return false end
  if self.failure then return true, nil, self.failure, self.response or nil end
  return true, self.upload, nil, self.response or nil
end

function job:done() return self.is_done end

function job:poll()
  if not self.is_done then
    self.client.step()
    flow.report_if_due(self)
  end
  ending.go_on(self)
  return result(self)
end

-- Lets time pass, but no more than `seconds`, until something may have come about.
local function pause(self, seconds)
  if self.plan.on_progress then seconds = math.min(seconds, flow.SECONDS_BETWEEN_REPORTS) end
  if self.loop then return self.loop.wait(self.client, self, seconds < math.huge and seconds or nil) end
  self.client.step(seconds)
end

function job:wait(seconds)
  if seconds ~= nil and not (type(seconds) == "number" and seconds >= 0) then
    error("bad argument #1 to 'wait' (seconds must be a number that is not negative)", 2)
  end
  local last = core.now() + (seconds or math.huge)
  while not self.is_done do
    local left = last - core.now()
    if left <= 0 then return self:poll() end
    pause(self, left)
    flow.report_if_due(self)
    ending.go_on(self)
  end
  return result(self)
end

--- Ends it, and cancels its Upload: it is done once that is over. While that is under way, gives up on it.
function job:abort()
  if self.is_done then return false end
  ending.abort(self)
  return true
end

job.__close = function(self)
  if self:abort() and not self.is_done then self:wait() end
end

--- The same as on_done, but the client does not hold the job for it.
function job:listen(listener)
  self.listener = listener
  if self.is_done then ending.tell_listener(self) end
end

function job:on_done(listener)
  if type(listener) ~= "function" then
    error(("bad argument #1 to 'on_done' (function expected, got %s)"):format(type(listener)), 2)
  end
  self.is_held = true
  self.batch:hold()
  self:listen(listener)
end

job.progress = flow.progress

function job:__tostring()
  return "openai_uploads.file_upload: " .. (self.is_done and "done" or self.failure and "cancelling" or "running")
end

return job
