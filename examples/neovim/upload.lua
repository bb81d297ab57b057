-- SPDX-License-Identifier: MIT
-- Neovim: `:Upload [FILE]` sends a file, by default that of the buffer, while you go on editing. The File's id goes to
-- the unnamed register. `:UploadStop` ends what is under way.
--
-- Copy it to ~/.config/nvim/plugin/. It needs the library for LuaJIT (`sudo make install-modules LUA=luajit`),
-- lua-cjson, and OPENAI_API_KEY in the environment of Neovim.
-- luacheck: read globals vim

local uploads = require("openai_uploads").new { loop = "neovim" }

local sending = {} -- path -> transfer

local function send(path)
  local name = vim.fn.fnamemodify(path, ":t")
  local transfer = uploads.start.upload_file_chunked({
    file = path, purpose = "user_data",
    on_progress = function(sent, total)
      vim.api.nvim_echo({ { ("%s: %d of %d bytes"):format(name, sent, total) } }, false, {})
    end,
  }, { deadline = 600 })
  sending[path] = transfer
  local _, upload, failure = transfer:wait() -- suspends this coroutine alone
  sending[path] = nil
  if not upload then return vim.notify(("%s was not sent: %s"):format(name, failure), vim.log.levels.ERROR) end
  vim.fn.setreg('"', upload.file.id)
  vim.notify(("%s is %s"):format(name, upload.file.id))
end

vim.api.nvim_create_user_command("Upload", function(command)
  local named = command.args ~= "" and command.args or vim.api.nvim_buf_get_name(0)
  if named == "" then return vim.notify("this buffer has no file", vim.log.levels.ERROR) end
  local path = vim.fn.fnamemodify(named, ":p")
  if sending[path] then return vim.notify(path .. " is being sent", vim.log.levels.WARN) end
  coroutine.wrap(send)(path)
end, { nargs = "?", complete = "file" })

vim.api.nvim_create_user_command("UploadStop", function()
  for _, transfer in pairs(sending) do transfer:abort() end
end, {})
