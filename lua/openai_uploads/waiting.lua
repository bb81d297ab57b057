-- SPDX-License-Identifier: MIT
-- How the calls of a client wait: all of them, in its loop or by blocking. C never yields, so in a loop a call is begun
-- in C, waited for here, and its result is taken in C again.
local core = require "openai_uploads.core"

-- Code that LuaJIT compiles keeps the client that it was compiled for alive, and so its connections.
local jit = rawget(_G, "jit")
if jit then jit.off(true, true) end

local waiting = {
  -- Plain Lua 5.1 cannot suspend inside a pcall. (To try would be a yield, which nginx forbids inside `require`.)
  in_pcall = _VERSION ~= "Lua 5.1" or jit ~= nil,
}
waiting.__index = waiting

--- For a client that is set later, as its field `client`, with `begins`: what `start` has, for calls that are waited
--- for at once. loop: what its calls wait in; nil when they block.
function waiting.new(loop) return setmetatable({ loop = loop or false, client = false, begins = false }, waiting) end

-- Why nothing can wait just now; nil where it can.
local function refusal(self) return self.loop and self.loop.refusal and self.loop.refusal() or nil end

--- The same as a failure of a call.
function waiting:refusal()
  local why = refusal(self)
  return why and core.failure("configuration", why)
end

-- Lets no more than so many seconds pass, until something may have come about.
local function turn(self, awaited, seconds)
  local client = self.client
  if not self.loop then return client.step(seconds) end
  if client.timeout() == 0 then -- for what `start` has left, a turn of the loop would be long
    client.step()
    if awaited:done() then return end
  end
  self.loop.wait(client, awaited, seconds < math.huge and seconds or nil)
end

--- Waits until `awaited:done()`, no longer than so many seconds, where they are given. A turn takes no longer than
--- `longest`, and after_turn(awaited) is called then; both may be left out.
function waiting:wait(awaited, seconds, longest, after_turn)
  local last = core.now() + (seconds or math.huge)
  while not awaited:done() do
    local left = last - core.now()
    if left <= 0 then return end
    turn(self, awaited, math.min(left, longest or math.huge))
    if after_turn then after_turn(awaited) end
  end
end

--- For the methods named wait: raises, at their caller's line, where `seconds` are none, or nothing can wait.
function waiting:check(awaited, seconds)
  if seconds ~= nil and not (type(seconds) == "number" and seconds >= 0) then
    error("bad argument #1 to 'wait' (seconds must be a number that is not negative)", 3)
  end
  local why = seconds ~= 0 and not awaited:done() and refusal(self)
  if why then error(why, 3) end
end

--- What transfer:wait([seconds]) is in a loop.
function waiting:method()
  return function(transfer, seconds)
    self:check(transfer, seconds)
    self:wait(transfer, seconds)
    return transfer:poll()
  end
end

--- Begins a call that is to be waited for, start(...). Returns its transfer; nil and a failure where nothing can wait.
--- Misuse raises at the line of whoever called the function that calls this one.
function waiting:begin(start, ...)
  local failure = self:refusal()
  if failure then return nil, failure end
  local begun, transfer = pcall(start, ...)
  if not begun then error(transfer, 3) end
  return transfer
end

--- Waits for what `begin` has returned, and returns what the call comes to.
function waiting:finish(transfer, failure)
  if not transfer then return nil, failure end
  self:wait(transfer)
  return core.take(transfer)
end

--- What a call returns: no nils at its end.
function waiting.result(upload, failure, response)
  if response ~= nil then return upload, failure, response end
  if failure ~= nil then return nil, failure end
  return upload
end

-- Puts a suspending call into `calls` for each that `starts` can begin; of a table of them, a table.
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

--- Lets the calls of its client, one of the core, wait in the loop. Some loops have to let go of a descriptor before it
--- is closed.
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
