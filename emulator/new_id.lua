-- SPDX-License-Identifier: MIT
-- Ids as the service gives them: a prefix and 32 digits.

math.randomseed(ngx.now() * 1000 + ngx.worker.pid())

return function(prefix)
  local digits = {}
  for index = 1, 4 do digits[index] = ("%08x"):format(math.random(0, 0xffffffff)) end
  return prefix .. table.concat(digits)
end
