-- SPDX-License-Identifier: MIT
-- Every shell command of README.md works word for word.
-- Runs once: they are the same on every Lua.
-- Without a sanitizer: they compile the module by themselves.
if _VERSION ~= "Lua 5.4" then return pending "the commands of the documents: they name Lua 5.4" end

require("spec.support.documents").add("README.md", "sh",
  { describe = describe, setup = setup, teardown = teardown, it = it, pending = pending })
