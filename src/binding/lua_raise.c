/* SPDX-License-Identifier: MIT */
#include "binding/lua_raise.h"

#include "binding/lua_compat.h"

#include <stdlib.h>
#include <string.h>

void lua_raise_out_of_memory(lua_State *L) {
  lua_pushliteral(L, LUA_RAISE_OUT_OF_MEMORY);
  lua_error(L);
  abort(); /* Lua's headers do not say that it never returns */
}

/* The status is another one for an error that was caught and raised again. */
bool lua_raise_is_out_of_memory(lua_State *L, int status) {
  if (status == LUA_ERRMEM) return true;
  return lua_type(L, -1) == LUA_TSTRING && strcmp(lua_tostring(L, -1), LUA_RAISE_OUT_OF_MEMORY) == 0;
}

bool lua_raise_is_interruption(lua_State *L) {
  static const char end[] = "interrupted!"; /* a position may stand before it */
  size_t length = 0;
  const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &length) : "";
  return length >= strlen(end) && strcmp(text + length - strlen(end), end) == 0;
}

bool lua_raise_concerns_caller(lua_State *L, int status) {
  return status != 0 && (lua_raise_is_out_of_memory(L, status) || lua_raise_is_interruption(L));
}

void lua_raise_describe(lua_State *L) {
  if (lua_type(L, -1) == LUA_TSTRING) return;
  lua_getglobal(L, "tostring");
  lua_insert(L, -2);
  if (lua_pcall(L, 1, 1, 0) == 0 && lua_type(L, -1) == LUA_TSTRING) return;
  lua_pop(L, 1);
  lua_pushliteral(L, "an error that cannot be described");
}
