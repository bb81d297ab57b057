-- SPDX-License-Identifier: MIT
-- What users read: the command's messages, C's and Lua's. MESSAGES=1 prints all of them, to be read aloud.
-- Runs once: sources do not depend on the interpreter.

local messages = require "spec.support.messages"

describe("The messages", function()
  local all = messages.collect()

  if os.getenv "MESSAGES" then
    for _, message in ipairs(all) do
      io.stderr:write(("%s:%d: %s\n"):format(message.path, message.line, message.text))
    end
  end

  it("are found in C and in Lua", function()
    local by_language = { c = 0, lua = 0 }
    for _, message in ipairs(all) do
      local language = message.path:match "%.(c)$" or "lua"
      by_language[language] = by_language[language] + 1
    end
    assert.is_true(by_language.c > 100 and by_language.lua > 200)
  end)

  -- A sentence of our own dialect, and the plain word for it.
  for pattern, plain in pairs {
    ["%f[%a]anew%f[%A]"] = "again", ["%f[%a]want of%f[%A]"] = "no", ["%f[%a]whoever%f[%A]"] = "name the actor",
    ["%f[%a]are but%f[%A]"] = "only", ["told of"] = "named", ["%f[%a]nobody%f[%A]"] = "name the actor",
    ["%f[%a]bell%f[%A]"] = "waker", ["is none$"] = "say what it has to be",
  } do
    it(("say '%s' in plain words: %s"):format(pattern:gsub("%%f%b[]", ""), plain), function()
      local said = {}
      for _, message in ipairs(all) do
        if message.text:find(pattern) then said[#said + 1] = message.path .. ": " .. message.text end
      end
      assert.are.same({}, said)
    end)
  end

  it("of the command name no setting of a Lua program", function()
    for _, message in ipairs(all) do
      if message.path:find "/cli/" then assert.is_nil(message.text:find "params%.", nil, message.text) end
    end
  end)
end)
