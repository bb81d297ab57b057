rockspec_format = "3.0"
package = "lua-openai-uploads"
version = "scm-1"

source = {
  url = "git+https://github.com/lua-openai-uploads/lua-openai-uploads.git",
  branch = "main",
}

description = {
  summary = "A client of OpenAI's Uploads API, in C on libcurl",
  detailed = [[
uploads.cancel("upload_abc123") makes the HTTP call in C and returns the Upload as a Lua table: with retries,
deadlines, readable failures, and a word on whether a call whose answer was lost may have been carried out.]],
  homepage = "https://github.com/lua-openai-uploads/lua-openai-uploads",
  license = "MIT",
  labels = { "openai", "http", "upload" },
}

supported_platforms = { "unix" }

dependencies = {
  "lua >= 5.1, < 5.6",
  "lua-cjson >= 2.1.0",
  "argparse >= 0.7", -- for the command
}

-- The library alone: on systems that keep headers in a folder for each architecture, LuaRocks does not find
-- curl/curl.h, though the compiler does.
external_dependencies = {
  CURL = { library = "curl" },
}

-- The Makefile, for it alone knows all sources and the flags that keep our symbols to ourselves.
build = {
  type = "make",
  build_target = "rock",
  build_variables = {
    CC = "$(CC)",
    CFLAGS = "$(CFLAGS)",
    LUA_INCDIR = "$(LUA_INCDIR)",
    CURL_LIBDIR = "$(CURL_LIBDIR)",
  },
  install_target = "install-rock",
  install_variables = {
    INSTALL_LMOD = "$(LUADIR)",
    INSTALL_CMOD = "$(LIBDIR)",
    INSTALL_BIN = "$(BINDIR)",
    LUA_INCDIR = "$(LUA_INCDIR)",
  },
  copy_directories = { "man", "completions" },
}
