/* SPDX-License-Identifier: MIT */
#include "binding/lua_doorbell.h"

#include "base/doorbell.h"
#include "binding/lua_compat.h"

static const char doorbell_type[] = "openai_uploads.doorbell";

struct lua_doorbell {
  struct doorbell *bell; /* NULL once it is closed */
};

static int bell_arm(lua_State *L) {
  struct lua_doorbell *holder = luaL_checkudata(L, 1, doorbell_type);
  int descriptor = (int)luaL_checkinteger(L, 2);
  lua_pushboolean(L, holder->bell && doorbell_arm(holder->bell, descriptor));
  return 1;
}

static int bell_close(lua_State *L) {
  struct lua_doorbell *holder = luaL_checkudata(L, 1, doorbell_type);
  struct doorbell *bell = holder->bell;
  holder->bell = NULL;
  doorbell_delete(bell);
  return 0;
}

static const luaL_Reg doorbell_methods[] = {
    {"arm", bell_arm},
    {"close", bell_close},
    {"__gc", bell_close},
    {NULL, NULL},
};

void lua_doorbell_open(lua_State *L) {
  luaL_newmetatable(L, doorbell_type);
  compat_setfuncs(L, doorbell_methods, 0);
  lua_pushvalue(L, -1);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
}

int lua_doorbell_new(lua_State *L) {
  struct failure failure = {0};
  struct lua_doorbell *holder = compat_newuserdata(L, sizeof *holder);
  holder->bell = NULL;
  compat_setmetatable(L, doorbell_type);
  holder->bell = doorbell_new(&failure);
  if (!holder->bell) {
    lua_pushnil(L);
    lua_pushstring(L, failure.message);
    return 2;
  }
  lua_pushinteger(L, (lua_Integer)doorbell_port(holder->bell));
  lua_pushstring(L, doorbell_token(holder->bell));
  return 3;
}
