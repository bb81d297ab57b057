-- SPDX-License-Identifier: MIT
-- How the calls of a client wait: in its loop, or by blocking. C never yields. In a loop, C starts a call, this file
-- waits for it, and C takes its result.
local core = require "openai_uploads.core"

-- A compiled LuaJIT trace keeps the client it was recorded with alive, and with it that client's connections.
local jit = rawget(_G, "jit")
if jit then jit.off(true, true) end

local waiting = {
  -- Whether a coroutine can suspend inside a pcall. Plain Lua 5.1 cannot. The version decides, because a trial would
  -- yield, which nginx forbids inside `require`.
  in_pcall = _VERSION ~= "Lua 5.1" or jit ~= nil,
}
waiting.__index = waiting

--- Creates the waiting of a client. The caller sets the field `client` later, and the field `begins`: the functions of
--- `start`, for calls that are waited for at once. loop: the client's loop, or nil if its calls block.
function waiting.new(loop) return setmetatable({ loop = loop or false, client = false, begins = false }, waiting) end

-- Returns the reason why no call can wait now, or nil if it can.
local function refusal(self) return self.loop and self.loop.refusal and self.loop.refusal() or nil end

--- Returns that reason as a failure of a call, or nil.
function waiting:refusal()
  local why = refusal(self)
  return why and core.failure("configuration", why)
end

-- Waits until `awaited` may have progressed, at most `seconds`.
local function turn(self, awaited, seconds)
  local client = self.client
  if not self.loop then return client.step(seconds) end
  if client.timeout() == 0 then -- `start` left work that is due: a turn of the loop would delay it
    client.step()
    if awaited:done() then return end
  end
  self.loop.wait(client, awaited, seconds < math.huge and seconds or nil)
end

--- Waits until `awaited:done()`, at most `seconds` if given. A turn takes at most `longest` seconds, and
--- after_turn(awaited) is called after each turn. Both are optional.
function waiting:wait(awaited, seconds, longest, after_turn)
  local last = seconds and core.now() + seconds
  while not awaited:done() do
    local left = last and last - core.now() or math.huge
    if left <= 0 then return end
    turn(self, awaited, math.min(left, longest or math.huge))
    if after_turn then after_turn(awaited) end
  end
end

--- Checks the argument of methods named wait. Raises, at their caller's line, if `seconds` is invalid or no call can
--- wait now.
function waiting:check(awaited, seconds)
  if seconds ~= nil and not (type(seconds) == "number" and seconds >= 0) then
    error("bad argument #1 to 'wait' (seconds must be a number that is not negative)", 3)
  end
  local why = seconds ~= 0 and not awaited:done() and refusal(self)
  if why then error(why, 3) end
end

--- Returns the function that is transfer:wait([seconds]) in a loop.
function waiting:method()
  return function(transfer, seconds)
    self:check(transfer, seconds)
    self:wait(transfer, seconds)
    return transfer:poll()
  end
end

--- Starts a call with start(...), to be waited for. Returns its transfer, or nil and a failure if no call can wait now.
--- Misuse raises at the line that called this function's caller.
function waiting:begin(start, ...)
  local failure = self:refusal()
  if failure then return nil, failure end
  local begun, transfer = pcall(start, ...)
  if not begun then error(transfer, 3) end
  return transfer
end

--- Takes the results of `begin`, waits for the transfer, and returns the results of the call.
function waiting:finish(transfer, failure)
  if not transfer then return nil, failure end
  self:wait(transfer)
  return core.take(transfer)
end

--- Returns the results of a call, without trailing nils.
function waiting.result(upload, failure, response)
  if response ~= nil then return upload, failure, response end
  if failure ~= nil then return nil, failure end
  return upload
end

-- Sets in `calls` a suspending call for each function of `starts`. Nested tables of functions are handled in the same
-- way.
local function suspend_all(self, starts, calls)
  for name, start in pairs(starts) do
    if type(start) == "table" then
      suspend_all(self, start, calls[name])
    else
      calls[name] = function(...)
        local transfer, failure = self:begin(start, ...)
        return self:finish(transfer, failure)
      end
    end
  end
end

--- Replaces the calls of the core's client by calls that wait in the loop. `close` first lets the loop forget the
--- client, because some loops must release a descriptor before it is closed.
function waiting:suspend()
  local client, loop = self.client, self.loop
  local close = client.close
  function client.close()
    if loop.forget then loop.forget(client) end
    close()
  end
  suspend_all(self, self.begins, client)
end

return waiting
