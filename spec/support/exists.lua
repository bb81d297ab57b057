-- SPDX-License-Identifier: MIT

-- Whether there is a file of that name that can be opened.
return function(path)
  local file = io.open(path)
  if file then file:close() end
  return file ~= nil
end
