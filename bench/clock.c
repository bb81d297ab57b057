/* SPDX-License-Identifier: MIT */
/* require "bench.clock" has functions that return seconds, which Lua has not: `monotonic`; `cpu`, of this
 * process's CPU to the nanosecond; and `cpu_of_children`, of those that have ended. */
#include "base/monotonic_clock.h"

#include <lauxlib.h>
#include <lua.h>
#include <sys/resource.h>
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

static double seconds_of(struct timeval time) {
  return (double)time.tv_sec + (double)time.tv_usec * 1e-6;
}

static int cpu_of_children(lua_State *L) {
  struct rusage used;
  getrusage(RUSAGE_CHILDREN, &used);
  lua_pushnumber(L, seconds_of(used.ru_utime) + seconds_of(used.ru_stime));
  return 1;
}

int luaopen_bench_clock(lua_State *L);

int luaopen_bench_clock(lua_State *L) {
  lua_newtable(L);
  lua_pushcfunction(L, monotonic);
  lua_setfield(L, -2, "monotonic");
  lua_pushcfunction(L, cpu);
  lua_setfield(L, -2, "cpu");
  lua_pushcfunction(L, cpu_of_children);
  lua_setfield(L, -2, "cpu_of_children");
  return 1;
}
