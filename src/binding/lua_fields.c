/* SPDX-License-Identifier: MIT */
#include "binding/lua_fields.h"

#include "base/nearest_name.h"
#include "binding/lua_checks.h"
#include "binding/lua_compat.h"
#include "binding/lua_options.h"

#include <string.h>

#define MAX_WHOLE 9e15 /* bytes: as many as a double counts */

bool lua_fields_complain(lua_State *L, const char *what) {
  lua_pushstring(L, what);
  return false;
}

/* Whether the key at `index`, which is a string, is among the names. */
static bool is_known(lua_State *L, int index, const char *const names[]) {
  size_t length;
  const char *name = lua_tolstring(L, index, &length);
  for (; *names; names++)
    if (strcmp(name, *names) == 0 && strlen(name) == length) return true;
  return false;
}

/* Pushes what is wrong with the key at `index`. */
static void push_stray(lua_State *L, int index, const char *const names[]) {
  struct nearest_name nearest = {0};
  if (lua_type(L, index) == LUA_TSTRING) {
    nearest = nearest_name_of(lua_tostring(L, index));
    for (; *names; names++) nearest_name_offer(&nearest, *names);
  }
  lua_options_push_stray(L, index, nearest.found);
}

bool lua_fields_check_names(lua_State *L, int index, const char *const names[]) {
  lua_pushnil(L);
  while (lua_next(L, index)) {
    if (lua_type(L, -2) != LUA_TSTRING || !is_known(L, -2, names)) {
      push_stray(L, -2, names);
      return false;
    }
    lua_pop(L, 1);
  }
  return true;
}

int lua_fields_push(lua_State *L, int index, const char *name) {
  lua_getfield(L, index, name);
  return lua_gettop(L);
}

bool lua_fields_read_whole(lua_State *L, int index, const char *name, int64_t *number) {
  lua_Number given;
  lua_getfield(L, index, name);
  if (!lua_isnil(L, -1)) {
    given = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : -1;
    if (!lua_checks_whole(given, 0, MAX_WHOLE)) {
      lua_pushfstring(L, "params.%s must be a whole number that is not negative", name);
      return false;
    }
    *number = (int64_t)given;
  }
  lua_pop(L, 1);
  return true;
}

bool lua_fields_read_boolean(lua_State *L, int index, const char *name, bool *is_set) {
  lua_getfield(L, index, name);
  if (!lua_isnil(L, -1) && !lua_isboolean(L, -1)) {
    lua_pushfstring(L, "params.%s must be a boolean", name);
    return false;
  }
  *is_set = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return true;
}

bool lua_fields_check_text(lua_State *L, int value, const char *name, const char *what) {
  size_t length;
  const char *text;
  if (lua_type(L, value) != LUA_TSTRING) {
    lua_pushfstring(L, "params.%s must be %s, got %s", name, what, luaL_typename(L, value));
    return false;
  }
  text = lua_tolstring(L, value, &length);
  if (length > 0 && strlen(text) == length) return true;
  lua_pushfstring(L, "params.%s %s", name, length == 0 ? "is empty" : "contains a NUL byte");
  return false;
}
