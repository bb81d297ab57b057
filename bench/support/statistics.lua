-- SPDX-License-Identifier: MIT
local statistics = {}

function statistics.sorted(values)
  local copy = {}
  for index, value in ipairs(values) do copy[index] = value end
  table.sort(copy)
  return copy
end

--- Returns the lowest and the highest as well.
function statistics.median(values)
  local ordered = statistics.sorted(values)
  local count = #ordered
  local middle = (ordered[math.ceil(count / 2)] + ordered[math.floor(count / 2) + 1]) / 2
  return middle, ordered[1], ordered[count]
end

--- The middle value, the one that a thousandth exceeds, and the highest.
function statistics.spread(values)
  local ordered = statistics.sorted(values)
  local count = #ordered
  return ordered[math.ceil(count * 0.5)], ordered[math.ceil(count * 0.999)], ordered[count]
end

return statistics
