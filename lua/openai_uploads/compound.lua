-- SPDX-License-Identifier: MIT
-- What transfers share that consist of several calls: a chain, and the upload of a file. Each has `calls`, which is an
-- in_flight, and `listener`, which is false or the function of on_done.
local core = require "openai_uploads.core"

local compound = {}

--- Starts a call with start(...). Misuse raises, without the position of a line in this library.
function compound.begin(start, ...)
  local begun, transfer = pcall(start, ...)
  if not begun then error(transfer, 0) end
  return transfer
end

--- Returns the results of an ended call: result, failure, response. A program's call raises when it has run out of
--- memory. Here that is a failure too.
function compound.results(transfer)
  local result, failure, response = core.result(transfer)
  if result ~= false then return result, failure, response end
  local may_have_applied = response
  failure = core.failure("aborted", core.out_of_memory)
  failure.may_have_applied = may_have_applied
  return nil, failure
end

--- Returns the results of a transfer that is done, of one call or of several.
function compound.take(transfer)
  if type(transfer) == "userdata" then return core.take(transfer) end
  return select(2, transfer:poll())
end

--- Returns whether the service may have acted on an aborted call, and the result of its answer if one has come.
function compound.leaves_doubt(transfer)
  local result, failure, may_have_applied = core.result(transfer)
  if result == false then return may_have_applied end
  return result ~= nil or failure.may_have_applied, result
end

--- Returns a value for the running coroutine, which is never false.
function compound.running() return coroutine.running() or true end

--- Raises, at the line that called the method `wait`, where that would wait for itself: in a function of the program
--- that the transfer's own work calls. `is_working` is false, or what compound.running() gave when the work began.
function compound.refuse_own_wait(self, seconds)
  if seconds or not self.is_working or self.is_working ~= compound.running() or self:done() then return end
  error("a transfer cannot be waited for inside a function that it calls", 3)
end

--- Calls the listener of a transfer that is done, once. If memory runs out in it, the next step calls it again. Another
--- error in it is written to stderr.
function compound.tell_listener(self)
  local listener = self.listener
  if not listener then return end
  self.listener = false
  local fine, raised = pcall(listener, self)
  if fine then return end
  if raised == core.out_of_memory then self.listener = listener end
  if raised == core.out_of_memory or core.is_interruption(raised) then error(raised, 0) end
  io.stderr:write("openai_uploads: the on_done function raised an error: ", core.describe(raised), "\n")
end

--- The method on_done: sets the listener, and lets the client hold the running calls until they are done.
function compound.on_done(self, listener)
  if type(listener) ~= "function" then
    error(("bad argument #1 to 'on_done' (function expected, got %s)"):format(type(listener)), 2)
  end
  self.calls.is_held = true
  self.calls:hold()
  self:listen(listener)
end

--- Returns a copy of the program's options, for one of several calls.
function compound.copy_options(options)
  local copy = {}
  for name, value in pairs(options) do copy[name] = value end
  copy.with_response = nil
  return copy
end

--- Returns those of a call that is made after the others have failed: regardless of their deadline, and without its
--- retries being told.
function compound.options_of_ending(options)
  local copy = compound.copy_options(options)
  copy.deadline, copy.on_retry = nil, nil
  return copy
end

--- Lets the calls that get these options, or a copy, share their deadline. It counts from now. A call refuses a
--- deadline that is neither a number of seconds nor shared already.
function compound.share_deadline(options)
  options.deadline = core.deadline(options.deadline) or options.deadline
end

return compound
