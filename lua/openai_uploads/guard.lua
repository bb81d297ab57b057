-- SPDX-License-Identifier: MIT
-- Guards for Uploads that a program drives itself: an Upload that is not completed when its scope ends is cancelled.
--
-- A guard learns of completions because it replaces `complete` and `start.complete`. It leaves `cancel` alone. If the
-- program cancelled the Upload itself, or if the guard did not see a completion, the service refuses the guard's
-- cancel, which does no harm. If a completion was sent and its outcome is unknown, the guard cancels nothing.
local cancel_when_dropped = require "openai_uploads.cancel_when_dropped"
local compound = require "openai_uploads.compound"
local core = require "openai_uploads.core"

local has_close = _VERSION >= "Lua 5.4"

-- Creates the state of one guarded Upload.
local function new_watch(client, waiting, upload_id)
  return {
    client = client, waiting = waiting, upload_id = upload_id, process_id = core.process_id(),
    completions = {}, -- transfers that run, or whose outcome was not read yet
    may_be_completed = false, is_over = false,
    dropped = cancel_when_dropped(client, upload_id, true),
  }
end

-- Notes the outcome of a completion. Once every completion has failed for certain, the collector may cancel the Upload
-- again.
local function note_outcome(watch, upload, failure)
  if upload or failure.may_have_applied then watch.may_be_completed = true end
  if not watch.may_be_completed and not next(watch.completions) then watch.dropped.is_armed = true end
end

-- Notes the outcomes of completions that were started and perhaps never waited for. With `is_last`, running completions
-- are aborted first.
local function look_at_completions(watch, is_last)
  local ended = {}
  for transfer in pairs(watch.completions) do
    if is_last or transfer:done() then ended[#ended + 1] = transfer end
  end
  for _, transfer in ipairs(ended) do
    watch.completions[transfer] = nil
    pcall(transfer.abort, transfer)
    local is_there, _, upload, failure = pcall(transfer.poll, transfer)
    if is_there then note_outcome(watch, upload, failure) else watch.may_be_completed = true end
  end
end

-- Raises if the loop cannot wait, as in a coroutine that is being closed. `is_armed` then stays set, and the collector
-- starts the cancel.
local function cancel(watch)
  watch.client.cancel(watch.upload_id)
  watch.dropped.is_armed = false
end

-- Ends the watch when the scope ends. A forked child cancels nothing, because the Upload belongs to its parent. Returns
-- true, or false and the error that the cancel raised. Plain Lua 5.1 in a loop raises that error directly. A failure
-- that the cancel returns is ignored.
local function finish(watch)
  if watch.is_over then return true end
  watch.is_over = true
  if core.process_id() == watch.process_id then look_at_completions(watch, true) end
  if watch.may_be_completed or core.process_id() ~= watch.process_id then
    watch.dropped.is_armed = false
    return true
  end
  if watch.waiting.loop and not watch.waiting.in_pcall then
    cancel(watch)
    return true
  end
  return pcall(cancel, watch)
end

-- Ends the watch, then returns the results of with_upload's function or raises its error. An error of the function
-- takes precedence over an error of the cancel.
local function leave(watch, fine, ...)
  local finished, raised = finish(watch)
  if not fine then error((...), 0) end
  if not finished then error(raised, 0) end
  return ...
end

-- Checks arguments that should be the results of `create`. Returns the problem, or nil and the Upload's id. A failure
-- has no id.
local function problem_of(upload, failure)
  if upload == nil and type(failure) == "table" then return nil end
  if type(upload) ~= "table" then return "an Upload, or nil and a failure, expected, got " .. type(upload) end
  local object, id = upload.object, upload.id -- read once, because __index may return another value the next time
  if object ~= nil and object ~= "upload" then
    return ("an Upload expected, got an object '%s'"):format(core.describe(object))
  end
  local refusal = core.upload_id_refusal(id)
  if refusal then return "upload id " .. refusal end
  return nil, id
end

-- Replaces the client's `complete` and `start.complete` by functions that note each completion in `watched`, a table of
-- watches by id.
local function note_completions(client, waiting, watched)
  local start = client.start.complete

  -- Starts a completion and adds its transfer to the watch, so that an error during the wait does not lose the
  -- transfer.
  local function begin(...)
    local transfer = compound.begin(start, ...)
    local watch = watched[(...)]
    if not watch then return transfer end
    look_at_completions(watch)
    watch.completions[transfer] = true
    watch.dropped.is_armed = false
    return transfer
  end

  function client.start.complete(...)
    local begun, transfer = pcall(begin, ...)
    if not begun then error(transfer, 2) end
    return transfer
  end

  function client.complete(...)
    local watch = watched[(...)]
    local transfer, refusal = waiting:begin(begin, ...)
    if not transfer then return nil, refusal end
    waiting:wait(transfer)
    if watch then watch.completions[transfer] = nil end
    local upload, failure, response = compound.take(transfer)
    if watch then note_outcome(watch, upload, failure) end
    return waiting.result(upload, failure, response)
  end
end

local function add_guard(client, watch_over)
  function client.guard(...)
    if not has_close then error("'guard' needs Lua 5.4 or newer: use with_upload", 2) end
    local upload, failure = ...
    local problem, id = problem_of(upload, failure)
    if problem then error(("bad argument #1 to 'guard' (%s)"):format(problem), 2) end
    if upload == nil then return ... end
    if not pcall(setmetatable, upload, getmetatable(upload)) then
      error("bad argument #1 to 'guard' (the metatable of the Upload is protected)", 2)
    end
    local watch = watch_over(id)
    setmetatable(upload, { __close = function(_, reason)
      local finished, raised = finish(watch)
      if not finished and reason == nil then error(raised, 0) end
    end })
    return ...
  end
end

local function add_with_upload(client, waiting, watch_over)
  function client.with_upload(params, action, options)
    if type(action) ~= "function" then
      error(("bad argument #2 to 'with_upload' (function expected, got %s)"):format(type(action)), 2)
    end
    local transfer, refusal = waiting:begin(client.start.create, params, options)
    local upload, failure, response = waiting:finish(transfer, refusal)
    if not upload then return waiting.result(upload, failure, response) end
    local watch = watch_over(upload.id)
    if waiting.loop and not waiting.in_pcall then return leave(watch, true, action(upload, response)) end
    return leave(watch, pcall(action, upload, response))
  end
end

--- Adds guard and with_upload to a client.
return function(client, waiting)
  local watched = setmetatable({}, { __mode = "v" }) -- id -> watch
  local function watch_over(upload_id)
    local watch = watched[upload_id]
    if not watch or watch.is_over then
      watch = new_watch(client, waiting, upload_id)
      watched[upload_id] = watch
    end
    return watch
  end
  note_completions(client, waiting, watched)
  add_guard(client, watch_over)
  add_with_upload(client, waiting, watch_over)
end
