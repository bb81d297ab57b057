-- SPDX-License-Identifier: MIT
-- Neovim: loop = "neovim", and "luv", which picks that by itself.
-- Runs once: Neovim has a Lua of its own.

local host = require "spec.support.host"

if not host.has "nvim" then return pending "Neovim is not installed: make hosts" end

for _, name in ipairs { "neovim", "luv" } do
  describe(('in Neovim with loop = "%s"'):format(name), function()
    host.prove_rows("luajit", "nvim --headless -u NONE -i NONE -n -S spec/support/hosts/neovim.lua",
      { HOST_LOOP = name })
  end)
end
