-- SPDX-License-Identifier: MIT
-- Loads the C module. Where that fails, says what to do about it.
local loaded, core = pcall(require, "openai_uploads.core")
if loaded then return core end

-- Otherwise Lua 5.1 and LuaJIT would report a loop at the next attempt, and no longer the reason.
local modules = type(package) == "table" and package.loaded or {}
for _, name in ipairs { "core", "load_core", "cli" } do modules["openai_uploads." .. name] = nil end
modules["openai_uploads"] = nil

error(require "openai_uploads.load_problem"(core), 0)
