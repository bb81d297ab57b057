-- SPDX-License-Identifier: MIT
-- Writes Lua files into one C file, for a host that has no file system to read them from.
--
--   lua carry.lua OUTPUT.c FOLDER/./NAME.lua ...
--
-- What follows the /./ names the module: lua/./openai_uploads/loop/nginx.lua is openai_uploads.loop.nginx, an init.lua
-- is its folder. The files are carried byte for byte; the same files always make the same output.

local BYTES_A_LINE = 24

local function read_file(path)
  local file = assert(io.open(path, "rb"))
  local bytes = assert(file:read("*a"))
  file:close()
  return bytes
end

local function described(path)
  local name = path:match("/%./(.+)$")
  if not name then error(path .. ": which part of it names the module? FOLDER/./NAME.lua", 0) end
  local module = name:gsub("%.lua$", ""):gsub("/init$", ""):gsub("/", ".")
  return { module = module, chunk = "@" .. name, bytes = read_file(path) }
end

-- As a C string; octal, for that ends after three digits whatever follows.
local function quoted(text)
  return '"' .. text:gsub("[^%w%._/@-]", function(byte) return ("\\%03o"):format(byte:byte()) end) .. '"'
end

-- As numbers, for compilers may cut long strings. The last is a 0 of our own: C has no empty arrays.
local function write_bytes(output, index, bytes)
  output:write(("\nstatic const unsigned char bytes_%d[] = {\n"):format(index))
  for from = 1, #bytes, BYTES_A_LINE do
    local line = bytes:sub(from, from + BYTES_A_LINE - 1)
    output:write("  ", (line:gsub(".", function(byte) return byte:byte() .. "," end)), "\n")
  end
  output:write("  0\n};\n")
end

local function write_all(output, modules)
  output:write('/* Made by carry.lua out of Lua files; not to be edited. */\n#include "carried.h"\n')
  for index, module in ipairs(modules) do write_bytes(output, index, module.bytes) end
  output:write("\nconst struct carried_module carried_modules[] = {\n")
  for index, module in ipairs(modules) do
    output:write(("  {%s, %s, (const char *)bytes_%d, sizeof bytes_%d - 1},\n"):format(
      quoted(module.module), quoted(module.chunk), index, index))
  end
  output:write("  {0, 0, 0, 0},\n};\n")
end

local modules = {}
for index = 2, #arg do modules[#modules + 1] = described(arg[index]) end
table.sort(modules, function(one, other) return one.module < other.module end)
local output = assert(io.open(arg[1], "wb"))
write_all(output, modules)
assert(output:close())
