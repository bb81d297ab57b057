-- SPDX-License-Identifier: MIT
-- files.wait_until_processed: asks for a File until the service has processed it.
local add_call = require "openai_uploads.add_call"
local chain = require "openai_uploads.chain"
local compound = require "openai_uploads.compound"
local core = require "openai_uploads.core"
local split = require("openai_uploads.files.options").split

-- In seconds. The official clients ask every five seconds, for half an hour.
local OWN = { { "interval", 0.001, 0.5 }, { "max_interval", 0.001, 5 } }
local DEADLINE = 1800
local GROWTH = 1.5 -- of the interval, after each question

-- After these the next question may be answered.
local transient = { connection = true, timeout = true, rate_limit = true, server = true, conflict = true }

local ask

local function fail(self, failure, response)
  failure.file = self.file
  self:fail(failure, self.with_response and response or nil)
end

local function fail_late(self, response)
  local seconds = self.options.deadline:seconds()
  fail(self, core.failure("timeout", ("the File was not processed by the deadline of %g s"):format(seconds)), response)
end

-- Asks again after `seconds`, or, if the deadline comes before, ends with the failure of the last question, unless the
-- deadline itself has ended that.
local function ask_later(self, seconds, failure, response)
  local left = self.options.deadline:left()
  if seconds >= left then
    if failure and left > 0 then return fail(self, failure, response) end
    seconds = left
  end
  if seconds <= 0 then return fail_late(self, response) end
  self:begin(ask, self.await, -1, {}, seconds)
end

-- The seconds that an answer asks for, or 0.
local function wish(response)
  local headers = response and response.headers or {}
  local milliseconds = tonumber(headers["openai-poll-after-ms"] or headers["retry-after-ms"])
  return milliseconds and milliseconds / 1000 or tonumber(headers["retry-after"]) or 0
end

local function next_interval(self)
  local interval = self.interval
  self.interval = math.min(interval * GROWTH, math.max(self.own.max_interval, interval))
  return interval
end

local function fail_to_process(self, file, response)
  local details = file.status_details
  local failure = core.failure("processing", ("the service could not process the File: %s"):format(
    type(details) == "string" and details or "it does not say why"))
  failure.status_details = details
  fail(self, failure, response)
end

-- A File without a status counts as processed: the service calls the field deprecated.
local function on_file(self, file, failure, response)
  if failure then
    if not transient[failure.kind] then return fail(self, failure, response) end
    return ask_later(self, math.max(next_interval(self), failure.retry_after or 0), failure, response)
  end
  self.file = file
  if file.status == "error" then return fail_to_process(self, file, response) end
  if file.status == nil or file.status == "processed" then
    return self:finish(file, self.with_response and response or nil)
  end
  ask_later(self, math.max(next_interval(self), wish(response)), nil, response)
end

-- The handler of a wait that is over, or that failed, as after the client's `close`.
function ask(self, _, failure)
  if failure then return fail(self, failure) end
  local options = compound.copy_options(self.options)
  options.with_response = true
  self:begin(on_file, self.client.start.files.retrieve, self.id, options)
end

--- Adds files.wait_until_processed to a client. await: the client's.
return function(client, await, waits)
  local function begin(id, options)
    local of_each, own = split(options, 2, "files.wait_until_processed", OWN)
    local self = chain.new(client, waits)
    self.id, self.options, self.own, self.await = id, of_each, own, await
    self.with_response = of_each.with_response
    self.interval, self.file = own.interval, nil
    if of_each.deadline == nil then of_each.deadline = DEADLINE end
    compound.share_deadline(of_each)
    if of_each.with_response ~= nil and type(of_each.with_response) ~= "boolean" then
      error(("bad option 'with_response' (boolean expected, got %s)"):format(type(of_each.with_response)), 0)
    end
    ask(self)
    return self
  end
  add_call(waits, client.files, client.start.files, "wait_until_processed", begin)
end
