-- SPDX-License-Identifier: MIT
-- OpenAI's own client takes the emulator for the service. NODE_OPENAI is a folder where npm installed `openai`.
-- Runs once: no Lua of ours runs here.

local programs = require "spec.support.programs"
local with_service = require "spec.support.with_service"

local service = with_service.emulator()
local folder = os.getenv "NODE_OPENAI"

describe("OpenAI's Node client", function()
  it("makes each call of Uploads and Files to the emulator", function()
    if not folder then return pending "NODE_OPENAI names no folder where npm installed openai" end
    local output, status = programs.run({ OPENAI_BASE_URL = service.base_url, OPENAI_API_KEY = "sk-of-the-hosts" },
      ("node spec/support/hosts/official_client.mjs %s"):format(programs.quoted(folder)))
    assert.are.equal(0, status, output)
    assert.are.equal([[
files.create
files.retrieve
files.waitForProcessing
files.content
files.list
files.delete
uploads.create
uploads.parts.create
uploads.complete
uploads.cancel
]], output)
  end)
end)
