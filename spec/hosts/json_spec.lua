-- SPDX-License-Identifier: MIT
-- Neovim's own JSON in place of lua-cjson.
-- Runs once: Neovim has a Lua of its own.

local programs = require "spec.support.programs"
local with_service = require "spec.support.with_service"

local service = with_service.emulator()

describe("Neovim", function()
  local host = programs.find { program = "nvim", lua = "luajit" }

  programs.it(host, "needs no lua-cjson", function()
    programs.with_folder(function(folder)
      programs.write_file(folder .. "/run.lua", [[
        package.preload.cjson = function() return vim.json end
        local uploads = require "openai_uploads"
        local sent = assert(uploads.upload_file_chunked { data = "x", filename = "x", purpose = "batch" })
        local cancelled = assert(uploads.cancel(os.getenv "ID"))
        print(sent.file.id, cancelled.status, cancelled.file, select(2, uploads.cancel "upload_none").kind)
      ]])
      local environment = programs.environment(host, service)
      environment.ID = service.make_uploads(1)[1]
      service.answer_next { { call = "cancel", status = 200,
        body = ('{"id":"%s","object":"upload","status":"cancelled","file":null}'):format(environment.ID) } }
      local output, status = programs.run(environment,
        ("nvim --headless -u NONE -c 'luafile %s/run.lua' -c quitall"):format(folder))
      assert.are.equal(0, status, output)
      assert.matches("^file%-%x+ cancelled nil not_found", output)
    end)
  end)
end)
