-- SPDX-License-Identifier: MIT
-- The rate of sending, averaged over the last few seconds. The caller supplies the time.

local transfer_rate = {}

local WINDOW = 5 -- seconds
local LEAST = 0.5 -- seconds of samples before there is a rate

function transfer_rate.new()
  local samples = {}
  local rate = {}

  -- Bytes that are sent twice count twice: the rate is that of the line.
  local function take_back(bytes)
    for _, sample in ipairs(samples) do sample.sent = sample.sent - bytes end
  end

  --- Notes the bytes sent by a time in seconds. The count falls when a Part is sent again.
  function rate.note(sent, now)
    local last = samples[#samples]
    if last and sent < last.sent then take_back(last.sent - sent) end
    samples[#samples + 1] = { sent = sent, time = now }
    while #samples > 2 and samples[2].time <= now - WINDOW do table.remove(samples, 1) end
  end

  --- Bytes a second; nil while there are too few samples.
  function rate.per_second()
    local first, last = samples[1], samples[#samples]
    if not first or last.time - first.time < LEAST then return nil end
    return (last.sent - first.sent) / (last.time - first.time)
  end

  return rate
end

return transfer_rate
