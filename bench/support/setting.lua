-- SPDX-License-Identifier: MIT
-- What the user chose, by the environment.
local setting = {}

setting.interpreter = os.getenv("MAIN_LUA") or os.getenv("LUA") or "lua5.4"
setting.build = os.getenv("BUILD") or "build"
setting.core = ("%s/%s/openai_uploads/core.so"):format(setting.build, setting.interpreter:match("[^/]+$"))
setting.pair_count = tonumber(os.getenv("BENCH_PAIRS") or 7)
setting.before = os.getenv "BENCH_BEFORE"
setting.placement = os.getenv("BENCH_PLACEMENT") or "scheduler"
setting.pin = ({
  scheduler = { nginx = "", client = "" },
  apart = { nginx = "taskset -c 0 ", client = "taskset -c 1 " },
  together = { nginx = "taskset -c 0 ", client = "taskset -c 0 " },
})[setting.placement]

--- The topics that BENCH names; all of them when it names none.
function setting.choose(topics)
  local chosen, known = {}, {}
  for _, name in ipairs(topics) do known[name] = true end
  for name in (os.getenv("BENCH") or ""):gmatch("[^,%s]+") do
    if not known[name] then error(("BENCH knows no %s, but: %s"):format(name, table.concat(topics, ", ")), 0) end
    chosen[#chosen + 1] = name
  end
  return #chosen > 0 and chosen or topics
end

return setting
