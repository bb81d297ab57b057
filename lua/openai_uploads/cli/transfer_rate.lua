-- SPDX-License-Identifier: MIT
-- How fast bytes go, smoothed over the last few seconds. The clock is the caller's.

local transfer_rate = {}

local WINDOW = 5 -- seconds that are looked back
local LEAST = 0.5 -- seconds before anything is said

function transfer_rate.new()
  local samples = {}
  local rate = {}

  -- What has to be sent once more was sent all the same: the rate is that of the line.
  local function take_back(bytes)
    for _, sample in ipairs(samples) do sample.sent = sample.sent - bytes end
  end

  --- So many bytes have been sent at that time, in seconds. There may be fewer than before: a part is sent again.
  function rate.note(sent, now)
    local last = samples[#samples]
    if last and sent < last.sent then take_back(last.sent - sent) end
    samples[#samples + 1] = { sent = sent, time = now }
    while #samples > 2 and samples[2].time <= now - WINDOW do table.remove(samples, 1) end
  end

  --- Bytes a second; nil while that cannot be told.
  function rate.per_second()
    local first, last = samples[1], samples[#samples]
    if not first or last.time - first.time < LEAST then return nil end
    return (last.sent - first.sent) / (last.time - first.time)
  end

  return rate
end

return transfer_rate
