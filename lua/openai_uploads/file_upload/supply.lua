-- SPDX-License-Identifier: MIT
-- When the data of a stream is asked for. A job waits for it with a call `data` that sends nothing: it ends at once, or
-- when the stream's pipe is readable, or when the source is late.
--
-- In a client with a loop that can run another coroutine (`spawn`), a producer asks for the data, because the program's
-- function may then wait in that loop. Elsewhere it is asked for in the steps of the client, where nothing can wait.
local core = require "openai_uploads.core"
local when_collected = require "openai_uploads.when_collected"

local supply = {}

local SECONDS_BETWEEN_LOOKS = 1 -- for the end of a producer that cannot be noticed otherwise

-- What a producer waits for, in the form in which loops wait for transfers: that the stream wants data, or that the job
-- is over.
local room = {}
room.__index = room

function room:done() return self.is_over or self.is_open and self.stream:wants() end

function room:listen(listener)
  self.listener = listener
  if self:done() then self:wake() end
end

function room:wake()
  local listener = self.listener
  if not listener or not self:done() then return end
  self.listener = false
  listener(self)
end

-- Returns true, or false and the error that was raised. Where a coroutine cannot yield inside a pcall, an error of the
-- data function goes to the loop.
local function ask(stream, protects)
  if protects then return pcall(stream.ask, stream, true) end
  stream:ask()
  return true
end

-- The producer must not keep a job alive that the program has dropped. A chunk for which memory ran out is kept, and
-- taken when the job goes on.
local function produce(place, stream, held, waits)
  while not place.is_over do
    if place:done() then
      local fine, raised = ask(stream, waits.in_pcall)
      if held.job then held.job:go_on() end
      if not fine and core.is_interruption(raised) then error(raised, 0) end
    else
      waits.loop.wait(waits.client, place)
    end
  end
end

-- Lets a producer that waits for room end.
local function leave(place)
  place.is_over = true
  place:wake()
end

--- Starts the producer of a job, if its loop can run one. Called before the job has asked for data.
function supply.begin(job)
  local waits, stream = job.waiting, job.source
  local spawn = waits and waits.loop and waits.loop.spawn
  if not spawn or job:done() or not stream.reader or stream.reader.pipe or waits:refusal() then return end
  local place = setmetatable({
    stream = stream, is_open = false, is_over = false, listener = false, thread = false, stop = false,
    is_watched = not waits.in_pcall,
  }, room)
  local held = setmetatable({ job = job }, { __mode = "v" })
  job.producer = place -- before it runs: to begin it may let other coroutines run
  job.leash = when_collected(function() pcall(leave, place) end)
  place.stop = spawn(function()
    place.thread = coroutine.running()
    produce(place, stream, held, waits)
  end)
  if not place.stop then job.producer = false end
end

-- Returns how long the next call `data` may take.
local function seconds_to_wait(job, descriptor)
  local producer = job.producer
  if producer and producer.is_open then
    return math.min(job.source:seconds_left(), producer.is_watched and SECONDS_BETWEEN_LOOKS or math.huge)
  end
  return descriptor >= 0 and job.source:seconds_left() or 0
end

local function begin_waiting(job)
  local reader = job.source.reader
  local descriptor = reader:descriptor()
  job:begin("data", nil, job.await, descriptor, job.options, seconds_to_wait(job, descriptor))
end

-- Ends the call `data` of a producer that has given what was wanted.
local function end_waiting(job)
  for transfer, call in job.calls:each() do
    if call.name == "data" then
      transfer:abort()
      job.calls:remove(transfer)
    end
  end
  job.waits_for_data = false
end

--- Waits for data as long as the stream wants any.
function supply.go_on(job)
  local wants = job.source:wants()
  if job.waits_for_data and not wants then end_waiting(job) end
  if job.producer then job.producer:wake() end
  if job.waits_for_data or not wants then return end
  job.waits_for_data = true
  local fine, raised = pcall(begin_waiting, job)
  if fine then return end
  job.waits_for_data = false
  error(raised, 0)
end

--- Handles the end of a call `data`.
function supply.on_answer(job)
  local producer, stream = job.producer, job.source
  job.waits_for_data = false
  if not producer then
    if stream:wants() then stream:pull(job) end
    if stream.reader.pipe and stream:wants() then stream:check_time() end
  elseif not producer.is_open then
    producer.is_open = true
  elseif stream:wants() then
    stream:check_time()
    if producer.is_watched and coroutine.status(producer.thread) == "dead" then
      error("the data function raised an error, which went to its loop", 0)
    end
  end
end

--- Lets the producer end, because the job does.
function supply.close(job)
  if job.producer then leave(job.producer) end
end

--- Ends a producer that still waits in the program's function, where the loop can do that for its caller.
function supply.stop(job)
  local producer = job.producer
  if not producer or not job.source.is_asked or type(producer.stop) ~= "function" then return end
  pcall(producer.stop)
end

return supply
