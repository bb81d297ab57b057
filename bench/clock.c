/* SPDX-License-Identifier: MIT */
/* require "bench.clock" has two functions that return seconds, which Lua has not: `monotonic`, and `cpu`, of
 * this process's CPU to the nanosecond. */
#include "base/monotonic_clock.h"

#include <lauxlib.h>
#include <lua.h>
#include <time.h>

static int monotonic(lua_State *L) {
  lua_pushnumber(L, monotonic_clock_now());
  return 1;
}

static int cpu(lua_State *L) {
  struct timespec used;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  lua_pushnumber(L, (lua_Number)used.tv_sec + (lua_Number)used.tv_nsec * 1e-9);
  return 1;
}

int luaopen_bench_clock(lua_State *L);

int luaopen_bench_clock(lua_State *L) {
  lua_newtable(L);
  lua_pushcfunction(L, monotonic);
  lua_setfield(L, -2, "monotonic");
  lua_pushcfunction(L, cpu);
  lua_setfield(L, -2, "cpu");
  return 1;
}
