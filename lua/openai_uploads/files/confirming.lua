-- SPDX-License-Identifier: MIT
-- The option `confirm_lost` of `complete` and `files.create`. With it such a call is a chain: the call itself, and
-- those of files.list if its answer was lost.
local add_call = require "openai_uploads.add_call"
local chain = require "openai_uploads.chain"
local compound = require "openai_uploads.compound"
local lost = require "openai_uploads.files.lost"
local plain = require "openai_uploads.plain"

-- Fields of an Upload that tell its File from others, and their types.
local of_upload = { { "filename", "string" }, { "bytes", "number" }, { "purpose", "string" },
  { "created_at", "number" } }

local function on_answer(self, result, failure, response)
  if result then return self:finish(result, response) end
  if not failure.may_have_applied then return self:fail(failure, response) end
  self.wanted = self.wanted or self.describe(self.answer.transfer)
  lost.confirm(self, failure, response, self.options)
end

local function wanted_of_upload(upload)
  if type(upload) == "table" then upload = plain(upload, "confirm_lost", 3, "complete") end
  for _, row in ipairs(of_upload) do
    local name, kind = row[1], row[2]
    if type(upload) ~= "table" or type(upload[name]) ~= kind then
      error(("bad option 'confirm_lost' (the Upload expected, as create gave it; its %s is missing)"):format(name), 0)
    end
  end
  return { filename = upload.filename, bytes = upload.bytes, purpose = upload.purpose, since = upload.created_at }
end

local function begin_complete(self, start, upload_id, params, options)
  self.wanted = wanted_of_upload(self.confirm_lost)
  self:begin(on_answer, start, upload_id, params, options)
end

-- Returns a copy of the params of files.create whose fields that we read, too, are read once.
local function copy_of(params)
  if type(params) ~= "table" then return params end -- refused by the call
  local copy = setmetatable({}, { __index = params })
  for name, value in next, params do copy[name] = value end
  for _, name in ipairs { "file", "filename", "purpose" } do copy[name] = params[name] end
  return copy
end

local function begin_create(self, start, params, options)
  if self.confirm_lost ~= true then
    error(("bad option 'confirm_lost' (boolean expected, got %s)"):format(type(self.confirm_lost)), 0)
  end
  local since = lost.by_our_clock(os.time())
  params = copy_of(params)
  function self.describe(transfer)
    local sent, total = transfer:progress()
    return { filename = params.filename or params.file:match "[^/]*$", bytes = total or sent,
      purpose = params.purpose, since = since }
  end
  self:begin(on_answer, start, params, options)
end

-- Returns confirm_lost and a copy of the options without it. They are read raw, as the calls read theirs.
local function split(options)
  if type(options) ~= "table" or rawget(options, "confirm_lost") == nil then return nil, options end
  local copy = {}
  for name, value in next, options do copy[name] = value end
  copy.confirm_lost = nil
  return rawget(options, "confirm_lost") or nil, copy
end

-- Returns a new chain for a call with that option, or nil if the options do not ask for it; and the call's options.
local function chain_of(client, waits, given)
  local confirm, options = split(given)
  if not confirm then return nil, options end
  local self = chain.new(client, waits)
  self.confirm_lost, self.options = confirm, options
  return self, options
end

--- Lets the calls of a client have the option. Called before `guard`, which replaces `complete`.
return function(client, waits)
  local complete, create = client.start.complete, client.start.files.create

  add_call(waits, client, client.start, "complete", function(upload_id, params, given)
    local self, options = chain_of(client, waits, given)
    if not self then return compound.begin(complete, upload_id, params, options) end
    begin_complete(self, complete, upload_id, params, options)
    return self
  end)

  add_call(waits, client.files, client.start.files, "create", function(params, given)
    local self, options = chain_of(client, waits, given)
    if not self then return compound.begin(create, params, options) end
    begin_create(self, create, params, options)
    return self
  end)
end
