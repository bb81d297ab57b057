-- SPDX-License-Identifier: MIT
-- Many cancels at once.
local core = require "openai_uploads.core"

local function check_ids(ids)
  if type(ids) ~= "table" then
    error(("bad argument #1 to 'cancel_all' (ids must be a table, got %s)"):format(type(ids)), 4)
  end
  for index, id in ipairs(ids) do -- all of them, before the first is sent
    local refusal = core.upload_id_refusal(id)
    if refusal then error(("bad argument #1 to 'cancel_all' (ids[%d]: upload id %s)"):format(index, refusal), 4) end
  end
end

-- Splits our own option from those of each call.
local function split_options(options)
  if options == nil then return nil, nil end
  if type(options) ~= "table" then
    error(("bad argument #2 to 'cancel_all' (options must be a table, got %s)"):format(type(options)), 4)
  end
  local on_result = options.on_result
  if on_result ~= nil and type(on_result) ~= "function" then
    error(("bad option 'on_result' (function expected, got %s)"):format(type(on_result)), 4)
  end
  local of_each = {}
  for name, value in pairs(options) do
    if name ~= "on_result" then of_each[name] = value end
  end
  return of_each, on_result
end

local function abort_all(running)
  for transfer in pairs(running) do transfer:abort() end
end

--- Cancels the Uploads of `ids`, `most` at a time. One failure never stops the rest; an id that stands there twice
--- is sent once. An error in on_result, or misuse of an option, ends those under way and is raised.
return function(client, most, ids, options)
  check_ids(ids)
  local of_each, on_result = split_options(options)
  local uploads, failures = {}, nil
  local seen, running, count, next_index = {}, {}, 0, 1

  -- `level` says whose error it is: 5 for the program's misuse, 0 for what its own function raised.
  local function guarded(level, action, ...)
    local succeeded, result = pcall(action, ...)
    if succeeded then return result end
    abort_all(running)
    error(result, level)
  end

  local function begin_more()
    while count < most and ids[next_index] ~= nil do
      local id = ids[next_index]
      next_index = next_index + 1
      if not seen[id] then
        seen[id] = true
        running[guarded(5, client.start.cancel, id, of_each)] = id
        count = count + 1
      end
    end
  end

  local function settle(transfer, id)
    local _, upload, failure, response = transfer:poll()
    running[transfer] = nil
    count = count - 1
    if upload then
      uploads[id] = upload
    else
      failures = failures or {}
      failures[id] = failure
    end
    if on_result then guarded(0, on_result, id, upload, failure, response) end
  end

  -- Some may be done before any step: a call that cannot even begin, or one that a callback saw to its end.
  local function settle_done()
    local done = {}
    for transfer in pairs(running) do
      if transfer:done() then done[#done + 1] = transfer end
    end
    for _, transfer in ipairs(done) do settle(transfer, running[transfer]) end
    return #done > 0
  end

  begin_more()
  while count > 0 do
    if not settle_done() then client.step(math.huge) end
    begin_more()
  end
  return uploads, failures
end
