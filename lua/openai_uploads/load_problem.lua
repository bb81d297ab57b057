-- SPDX-License-Identifier: MIT
-- The reason why the C module, or the cjson that it needs, could not be loaded, in words that say what to do.
-- luacheck: read globals package.searchpath

local MARK = "openai_uploads core for (Lua[ %w.]+)" -- as core.c writes it into the file

local function is_luajit() return rawget(_G, "jit") ~= nil end

local function name_of_lua() return is_luajit() and "LuaJIT" or _VERSION end

local function number_of_lua() return _VERSION:match "%d%.%d" end

local function advice_to_build()
  return ("build it with 'make install-modules LUA=%s', and see that package.cpath finds that file first"):format(
    is_luajit() and "luajit" or "lua" .. number_of_lua())
end

local function advice_to_install_cjson()
  return ("install lua-cjson for %s: Debian has it as lua-cjson, LuaRocks by 'luarocks --lua-version=%s install "
    .. "lua-cjson'"):format(name_of_lua(), number_of_lua())
end

-- The file of Lua itself, as Debian names it.
local function file_of_lua()
  return is_luajit() and "libluajit-5.1.so.2" or ("liblua%s.so.0"):format(number_of_lua())
end

-- Lua 5.1 cannot load a library for others to use.
local function advice_to_share_lua()
  local call = ('Call package.loadlib("%s", "*") before the first require, with the very file that the program has '
    .. "loaded (another version's file crashes), or start"):format(file_of_lua())
  return ("this program keeps its %s to itself, so a C module cannot use it. %s the program with LD_PRELOAD=%s"):format(
    name_of_lua(), name_of_lua() == "Lua 5.1" and "Start" or call, file_of_lua())
end

-- The Lua that a file of ours was built for, or nil if the file cannot be read. Some hosts have no `io`.
local function lua_of(path)
  local file = path and rawget(_G, "io") and io.open(path, "rb")
  if not file then return nil end
  local bytes = file:read "*a"
  file:close()
  return bytes and bytes:match(MARK)
end

local function core_path()
  local found, path = pcall(function() return (package.searchpath("openai_uploads.core", package.cpath)) end)
  return found and path or nil -- Lua 5.1 has no searchpath
end

local function built_for_another(path, built_for)
  return ("'%s' is built for %s, and this is %s: %s"):format(path or "openai_uploads/core.so",
    built_for or "another Lua", name_of_lua(), advice_to_build())
end

-- LuaJIT runs what is built for Lua 5.1, but not the other way round.
local function is_for_this_lua(built_for)
  return built_for == _VERSION or built_for == "LuaJIT" and is_luajit()
end

-- No function of Lua was there for the core of this path.
local function without_lua(path)
  local built_for = lua_of(path)
  if is_for_this_lua(built_for) then return advice_to_share_lua() end
  local text = built_for_another(path, built_for)
  return built_for and text or text .. ". Or " .. advice_to_share_lua()
end

-- Returns the words for what `require` raised, or nil if they would add nothing.
local function words_for(raised)
  local name, path = raised:match "error loading module '([^']*)' from file '([^']*)'"
  local lacks_lua = raised:find "[Ss]ymbol" and raised:find "%f[%w_]_?luaL?_%w"
  if name == "cjson" and lacks_lua then
    return ("'%s' is built for another Lua, and this is %s: %s"):format(path, name_of_lua(), advice_to_install_cjson())
  elseif name and lacks_lua then
    return without_lua(path)
  elseif raised:find "version mismatch" then
    return built_for_another(core_path(), lua_of(core_path()))
  elseif raised:find "module 'cjson' not found" then
    return "no module 'cjson' was found: " .. advice_to_install_cjson()
  elseif raised:find "module 'openai_uploads.core' not found" then
    return "its C module, openai_uploads/core.so, is nowhere on package.cpath: " .. advice_to_build()
  end
end

--- Returns the error to raise in place of the one that `require` raised. Its first line says what to do, and what Lua
--- said stands below.
return function(raised)
  local words = type(raised) == "string" and words_for(raised)
  return words and ("openai_uploads cannot be loaded: %s.\n%s"):format(words, raised) or raised
end
