-- SPDX-License-Identifier: MIT
-- What specs need compiled: made once for each build, in its folder, and shared by suites that run side by side. Each
-- file is made under a name of its own and then renamed, so nobody finds half of one.

local built = {}

-- What a shell command prints, and whether it succeeded.
local function run(command)
  local pipe = assert(io.popen("unset LD_PRELOAD ASAN_OPTIONS LSAN_OPTIONS; { " .. command .. "\n} 2>&1; echo $?"))
  local output, status = pipe:read("*a"):match "^(.-)(%d+)\n$"
  pipe:close()
  return output, status == "0"
end

-- The absolute path of a folder for such files, which exists.
function built.folder(name)
  local path = (os.getenv "TEST_BUILD" or "build") .. "/spec/" .. name
  local output, made = run(("mkdir -p '%s' && cd '%s' && pwd"):format(path, path))
  assert(made, output)
  return output:match "[^\n]+"
end

-- The name of the interpreter that runs this, as pkg-config knows it.
local function interpreter()
  return os.getenv "TEST_LUA" or (rawget(_G, "jit") and "luajit" or "lua" .. _VERSION:match "%d%.%d")
end

-- Compiles a C file of spec/support with these words for the compiler. Returns the path; nil and the compiler's words
-- where it cannot be made.
local function compiled(name, folder, ending, words)
  local source, path = ("spec/support/%s.c"):format(name), ("%s/%s%s"):format(folder, name:gsub("/", "_"), ending)
  local output, made = run(([[
    [ '%s' -nt '%s' ] || {
      own=$(mktemp '%s.XXXXXX')
      cc -o "$own" '%s' %s -ldl && mv "$own" '%s' || { rm -f "$own"; false; }
    }]]):format(path, source, path, source, words, path))
  if made then return path end
  return nil, output
end

-- The path of the shared library that a C file of spec/support makes, to be preloaded, or, with `is_module`, to be
-- loaded by this Lua; nil and the compiler's words where it cannot be made. flags: more words for the compiler.
function built.library(name, is_module, flags)
  if is_module then flags = ("$(pkg-config --cflags %s)"):format(interpreter()) end
  return compiled(name, built.folder(is_module and interpreter() or "preloaded"), ".so",
    "-shared -fPIC " .. (flags or ""))
end

-- The path of the program that a C file of spec/support makes; nil and the compiler's words where it cannot be made.
function built.program(name) return compiled(name, built.folder "programs", "", "") end

return built
