-- SPDX-License-Identifier: MIT
-- `make coverage` puts this folder first in the path. All modules need the core, so each interpreter that runs any of
-- them, a child or nginx too, starts to note its lines here, and gets the real core.
local jit = rawget(_G, "jit")
if jit then jit.off() end -- compiled code calls no hooks
require "line_hook"

local name = "openai_uploads/core"
for template in package.cpath:gmatch "[^;]+" do
  local open = package.loadlib(template:gsub("?", name), "luaopen_openai_uploads_core")
  if open then return open(...) end
end
error("no core in " .. package.cpath)
