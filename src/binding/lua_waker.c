/* SPDX-License-Identifier: MIT */
#include "binding/lua_waker.h"

#include "base/waker.h"
#include "binding/lua_compat.h"

static const char waker_type[] = "openai_uploads.waker";

struct lua_waker {
  struct waker *bell; /* NULL once it is closed */
};

static int bell_arm(lua_State *L) {
  struct lua_waker *holder = luaL_checkudata(L, 1, waker_type);
  int descriptor = (int)luaL_checkinteger(L, 2);
  lua_pushboolean(L, holder->bell && waker_arm(holder->bell, descriptor));
  return 1;
}

static int bell_close(lua_State *L) {
  struct lua_waker *holder = luaL_checkudata(L, 1, waker_type);
  struct waker *bell = holder->bell;
  holder->bell = NULL;
  waker_delete(bell);
  return 0;
}

static const luaL_Reg waker_methods[] = {
    {"arm", bell_arm},
    {"close", bell_close},
    {"__gc", bell_close},
    {NULL, NULL},
};

void lua_waker_open(lua_State *L) {
  compat_newtype(L, waker_type, waker_methods);
}

int lua_waker_new(lua_State *L) {
  struct failure failure = {0};
  struct lua_waker *holder = compat_newuserdata(L, sizeof *holder);
  holder->bell = NULL;
  compat_setmetatable(L, waker_type);
  holder->bell = waker_new(&failure);
  if (!holder->bell) {
    lua_pushnil(L);
    lua_pushstring(L, failure.message);
    return 2;
  }
  lua_pushinteger(L, (lua_Integer)waker_port(holder->bell));
  lua_pushstring(L, waker_token(holder->bell));
  return 3;
}
