-- SPDX-License-Identifier: MIT
-- Loops on a system where client.fd() gives nothing, as with poll(2): those that cannot do without say so.
-- Without a descriptor: alone

local check = require "spec.support.check"
local uploads = require "openai_uploads"

if uploads.new({ api_key = "sk-1" }).fd() then
  return pending "loops without a descriptor: this build has one"
end

describe("without a descriptor, the loop", function()
  for _, name in ipairs { "copas", "luv" } do
    it(name .. " says that it needs one", function()
      if not pcall(require, name) then return pending(name .. " is not installed for this Lua") end
      local client = uploads.new { base_url = check.dead_url, api_key = "sk-1", proxy = "", loop = name }
      local raised
      local thread = coroutine.create(function() raised = select(2, pcall(client.cancel, "upload_1")) end)
      assert(coroutine.resume(thread))
      check.holds(("loop '%s' needs a system on which client.fd() gives a descriptor"):format(name), raised)
    end)
  end
end)
