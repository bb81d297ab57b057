-- SPDX-License-Identifier: MIT
-- Every shell command and every configuration in a document works word for word. Documents that build all of it have
-- spec files of their own.
-- Without a sanitizer: the commands start many programs, most of them not ours.
-- Runs once: they are the same on every Lua.
if _VERSION ~= "Lua 5.4" then return pending "the commands of the documents: they name Lua 5.4" end

local documents = require "spec.support.documents"

local elsewhere = { ["README.md"] = true, ["docs/install.md"] = true, ["docs/embedding.md"] = true }

for _, path in ipairs(documents.all()) do
  if not elsewhere[path] then
    documents.add(path, "sh", { describe = describe, setup = setup, teardown = teardown, it = it, pending = pending })
  end
end
