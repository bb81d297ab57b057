-- SPDX-License-Identifier: MIT
-- Neovim: its own luv, which the luv loop treats as Neovim needs it.
local vim = rawget(_G, "vim")

if type(vim) ~= "table" or not vim.schedule then error("this program is not Neovim", 0) end

return require "openai_uploads.loop.luv"
