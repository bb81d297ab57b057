-- SPDX-License-Identifier: MIT
-- Every Lua program in a document runs as it stands, and prints what the document says it prints.
local documents = require "spec.support.documents"

for _, path in ipairs(documents.all()) do
  it(path .. " has code in fences alone, whose language is known, and links that lead somewhere", function()
    documents.check_form(path)
  end)
  documents.add(path, "lua", { describe = describe, setup = setup, teardown = teardown, it = it, pending = pending })
end
