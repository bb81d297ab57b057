-- SPDX-License-Identifier: MIT
-- cancel_all: cancels many Uploads, several at a time.
local core = require "openai_uploads.core"
local in_flight = require "openai_uploads.in_flight"
local plain = require "openai_uploads.plain"

-- The level at which errors are raised, so that they name the program's line: the program called the function below,
-- which called these.
local CALLERS_LINE = 3

local MAX_IDS = 1000 * 1000 -- bounds a list whose __index never returns nil

-- Reads and checks every id before the first cancel is sent.
local function read_ids(ids)
  if type(ids) ~= "table" then
    error(("bad argument #1 to 'cancel_all' (ids must be a table, got %s)"):format(type(ids)), CALLERS_LINE)
  end
  if core.is_client(ids) then
    error("bad argument #1 to 'cancel_all' (it is a client: write client.cancel_all(...), with a dot in place of " ..
      "the colon)", CALLERS_LINE)
  end
  local list = {}
  for index = 1, math.huge do -- respects __index, as ipairs does since Lua 5.3
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

-- Separates on_result, our own option, from the options of each call.
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

local function note(self, id, upload, failure, response)
  self.uploads[id] = upload
  if not upload then
    self.failures = self.failures or {}
    self.failures[id] = failure
  end
  if self.on_result then self.on_result(id, upload, failure, response) end
end

local function is_new(self, id) return self.uploads[id] == nil and not (self.failures and self.failures[id]) end

-- Starts cancels until max_connections of them run. Returns whether ids may be left.
local function begin_more(self)
  local calls, ids = self.calls, self.ids
  while calls.count < self.max_connections do
    local id = ids[self.next_index]
    if id == nil then return false end
    self.next_index = self.next_index + 1
    if is_new(self, id) then
      self.uploads[id] = false -- a placeholder until the result arrives
      if self.refusal then
        note(self, id, nil, self.refusal)
      else
        local begun, transfer = pcall(self.start, id, self.options)
        if not begun then
          self.misuse = transfer
          return false
        end
        calls:add(transfer, id)
      end
    end
  end
  return true
end

local function note_ended(self)
  for transfer, id in self.calls.take, self.calls do note(self, id, core.take(transfer)) end
end

-- Calls action(...). An error in it, such as running out of memory, aborts every call in flight and is raised again.
local function protected(self, action, ...)
  local fine, result = pcall(action, ...)
  if fine then return result end
  pcall(self.calls.abort, self.calls)
  error(result, 0)
end

local function wait(self)
  local waiting, calls = self.waiting, self.calls
  if waiting.loop then waiting:wait(calls) else protected(self, waiting.wait, waiting, calls) end
end

--- Returns a client's cancel_all, which runs at most max_connections cancels at a time. A failure does not stop the
--- other cancels. An id that is listed twice is sent once. An error in on_result, or misuse of an option, aborts the
--- cancels in flight and is raised.
return function(waiting, max_connections)
  local start = waiting.begins.cancel
  return function(ids, options)
    ids = read_ids(ids)
    local of_each, on_result = split_options(options)
    local self = {
      waiting = waiting, max_connections = max_connections, start = start, ids = ids, options = of_each,
      on_result = on_result, refusal = waiting:refusal(), misuse = nil,
      next_index = 1, calls = in_flight.new(), uploads = {}, failures = nil,
    }
    repeat
      local has_more = protected(self, begin_more, self)
      if self.misuse then
        self.calls:abort()
        error(self.misuse, 2)
      end
      if self.calls.count > 0 then wait(self) end
      protected(self, note_ended, self)
    until not has_more and self.calls.count == 0
    return self.uploads, self.failures
  end
end
