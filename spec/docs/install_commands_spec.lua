-- SPDX-License-Identifier: MIT
-- Every shell command of docs/install.md works word for word.
-- Runs once: they are the same on every Lua.
if _VERSION ~= "Lua 5.4" then return end

require("spec.support.documents").add("docs/install.md", "sh",
  { describe = describe, setup = setup, teardown = teardown, it = it, pending = pending })
