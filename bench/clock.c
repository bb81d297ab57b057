/* SPDX-License-Identifier: MIT */
/* require "bench.clock" is a function that returns seconds; Lua has no monotonic clock of its own. */
#include "base/monotonic_clock.h"

#include <lauxlib.h>
#include <lua.h>

static int seconds(lua_State *L) {
  lua_pushnumber(L, monotonic_clock_now());
  return 1;
}

int luaopen_bench_clock(lua_State *L);

int luaopen_bench_clock(lua_State *L) {
  lua_pushcfunction(L, seconds);
  return 1;
}
