/* SPDX-License-Identifier: MIT */
#include "binding/lua_checks.h"

#include "base/nearest_name.h"
#include "binding/lua_compat.h"

#include <float.h>
#include <math.h>

bool lua_checks_whole(lua_Number number, lua_Number min, lua_Number max) {
  return number >= min && number <= max && number == floor(number);
}

void lua_checks_push_bytes(lua_State *L, int64_t bytes) {
  lua_Integer integer = (lua_Integer)bytes;
  if (integer == bytes)
    lua_pushinteger(L, integer);
  else
    lua_pushnumber(L, (lua_Number)bytes); /* when integers have 32 bits */
}

int lua_checks_is_whole(lua_State *L) {
  lua_Number min = luaL_optnumber(L, 2, 0), max = luaL_optnumber(L, 3, DBL_MAX);
  lua_pushboolean(L, lua_type(L, 1) == LUA_TNUMBER && lua_checks_whole(lua_tonumber(L, 1), min, max));
  return 1;
}

int lua_checks_nearest_name(lua_State *L) {
  struct nearest_name nearest = nearest_name_of(luaL_checkstring(L, 1));
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 2);
  lua_pushnil(L);
  while (lua_next(L, 2)) {
    lua_pop(L, 1);
    if (lua_type(L, -1) == LUA_TSTRING) nearest_name_offer(&nearest, lua_tostring(L, -1));
  }
  lua_pushstring(L, nearest.found);
  return 1;
}

bool lua_checks_client(lua_State *L, int index) {
  bool is_client;
  if (lua_type(L, index) != LUA_TTABLE) return false;
  lua_pushvalue(L, index);
  lua_pushliteral(L, "create"); /* of a client and of its parts; no params have a function there */
  lua_rawget(L, -2);
  is_client = lua_isfunction(L, -1);
  lua_pop(L, 2);
  return is_client;
}

int lua_checks_is_client(lua_State *L) {
  lua_pushboolean(L, lua_checks_client(L, 1));
  return 1;
}
