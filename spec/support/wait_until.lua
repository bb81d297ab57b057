-- SPDX-License-Identifier: MIT

local socket = require "socket"

local PATIENCE = 30 -- seconds; only what is broken takes so long

-- Waits until `condition()` holds, and returns what it returned. what: the condition in words.
return function(condition, what)
  local last = socket.gettime() + PATIENCE
  repeat
    local value = condition()
    if value then return value end
    socket.sleep(0.01)
  until socket.gettime() > last
  error("waited in vain until " .. what, 2)
end
