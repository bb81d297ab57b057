-- SPDX-License-Identifier: MIT
-- Many cancels at once.
local core = require "openai_uploads.core"
local plain = require "openai_uploads.plain"

-- What is said to the program is said at its line: it called the function below, which called these.
local CALLERS_LINE = 3

local MAX_IDS = 1000 * 1000 -- a list whose __index always has one more must end

-- The ids, all of them read and checked before the first is sent.
local function read_ids(ids)
  if type(ids) ~= "table" then
    error(("bad argument #1 to 'cancel_all' (ids must be a table, got %s)"):format(type(ids)), CALLERS_LINE)
  end
  local list = {}
  for index = 1, math.huge do -- as ipairs does where it knows of an __index
    local id = ids[index]
    if id == nil then return list end
    local refusal = core.upload_id_refusal(id)
    if refusal then
      error(("bad argument #1 to 'cancel_all' (ids[%d]: upload id %s)"):format(index, refusal), CALLERS_LINE)
    end
    if index > MAX_IDS then
      error(("bad argument #1 to 'cancel_all' (ids has more than %d)"):format(MAX_IDS), CALLERS_LINE)
    end
    list[index] = id
  end
end

-- Splits our own option from those of each call.
local function split_options(options)
  if options == nil then return nil, nil end
  if type(options) ~= "table" then
    error(("bad argument #2 to 'cancel_all' (options must be a table, got %s)"):format(type(options)), CALLERS_LINE)
  end
  local copied, of_each = pcall(plain, options, "options", 2, "cancel_all")
  if not copied then error(of_each, CALLERS_LINE) end
  local on_result = of_each.on_result
  if on_result ~= nil and type(on_result) ~= "function" then
    error(("bad option 'on_result' (function expected, got %s)"):format(type(on_result)), CALLERS_LINE)
  end
  of_each.on_result = nil
  return of_each, on_result
end

-- Transfers on their way, told apart from those that are done and wait to be looked at. A loop can wait for it as
-- for a transfer: it is done when any of its own is.
local function new_batch()
  local batch = { running = {}, heard = {}, count = 0 }
  local finished, first, last, wake = {}, 1, 0, nil

  -- Where memory runs out in it, it is called again.
  local function finish(transfer)
    if not batch.heard[transfer] then
      finished[last + 1] = transfer
      last = last + 1
      batch.heard[transfer] = true
    end
    if wake then wake(batch) end
  end

  function batch.add(transfer, id)
    batch.running[transfer], batch.heard[transfer] = id, false
    batch.count = batch.count + 1
    if transfer:done() then finish(transfer) else core.listen(transfer, finish) end
  end

  -- One that is done, and its id; nil when there is none.
  function batch.take()
    local transfer = finished[first]
    if not transfer then return nil end
    local id = batch.running[transfer]
    finished[first], first = nil, first + 1
    batch.running[transfer], batch.heard[transfer], batch.count = nil, nil, batch.count - 1
    return transfer, id
  end

  function batch.abort()
    for transfer in pairs(batch.running) do transfer:abort() end
  end

  function batch.done() return first <= last end

  function batch.listen(_, woken)
    if batch.done() then woken(batch) else wake = woken end
  end

  -- Whoever waits by this alone is held by the transfers, and those by the client.
  function batch.on_done(_, woken)
    for transfer in pairs(batch.running) do core.hold(transfer) end
    batch.listen(batch, woken)
  end

  return batch
end

--- The cancel_all of a client, `most` at a time, in its loop, if it has one. One failure never stops the rest; an id
--- that stands there twice is sent once. An error in on_result, or misuse of an option, ends those under way and is
--- raised.
return function(client, loop, most)
  -- What ends it all, as when memory runs out, leaves nothing under way.
  local function protected(batch, action, ...)
    local fine, result, failure, response = pcall(action, ...)
    if fine then return result, failure, response end
    pcall(batch.abort)
    error(result, 0)
  end

  local function wait(batch)
    if loop then loop.wait(client, batch) else protected(batch, client.step, math.huge) end
  end

  return function(ids, options)
    ids = read_ids(ids)
    local of_each, on_result = split_options(options)
    local uploads, failures = {}, nil
    local seen, next_index, batch = {}, 1, new_batch()
    local refusal = loop and loop.refusal and loop.refusal()

    local function settle(id, upload, failure, response)
      if upload then
        uploads[id] = upload
      else
        failures = failures or {}
        failures[id] = failure
      end
      if not on_result then return end
      local succeeded, raised = pcall(on_result, id, upload, failure, response)
      if succeeded then return end
      batch.abort()
      error(raised, 0)
    end

    -- Begins one more; nil when there are no more ids, false when misuse of an option was found, and what it is.
    local function begin()
      local id = ids[next_index]
      if id == nil then return nil end
      next_index = next_index + 1
      if seen[id] then return true end
      seen[id] = true
      if refusal then
        settle(id, nil, core.failure("configuration", refusal))
        return true
      end
      local started, transfer = pcall(client.start.cancel, id, of_each)
      if not started then return false, transfer end
      protected(batch, batch.add, transfer, id)
      return true
    end

    repeat
      local more, misuse = true, nil
      while more and batch.count < most do more, misuse = begin() end
      if more == false then
        batch.abort()
        error(misuse, 2)
      end
      if batch.count > 0 and not batch.done() then wait(batch) end
      for transfer, id in batch.take do settle(id, protected(batch, core.take, transfer)) end
    until more == nil and batch.count == 0
    return uploads, failures
  end
end
