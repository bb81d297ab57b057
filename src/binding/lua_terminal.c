/* SPDX-License-Identifier: MIT */
#include "binding/lua_terminal.h"

#include "base/terminal.h"
#include "binding/lua_compat.h"

#include <unistd.h>

int lua_terminal_is(lua_State *L) {
  lua_pushboolean(L, isatty((int)luaL_checkinteger(L, 1)));
  return 1;
}

int lua_terminal_columns(lua_State *L) {
  unsigned columns = terminal_columns((int)luaL_checkinteger(L, 1));
  if (columns == 0) return 0;
  lua_pushinteger(L, (lua_Integer)columns);
  return 1;
}

int lua_terminal_text_columns(lua_State *L) {
  size_t length;
  const char *text = luaL_checklstring(L, 1, &length);
  lua_pushinteger(L, (lua_Integer)terminal_text_columns(text, length));
  return 1;
}
