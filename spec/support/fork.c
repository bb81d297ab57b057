/* SPDX-License-Identifier: MIT */
/* fork, wait and _exit for Lua, compiled for the Lua that runs the specs. */
#include <lauxlib.h>
#include <lua.h>
#include <sys/wait.h>
#include <unistd.h>

/* fork() -> 0 in the child, its pid in the parent */
static int fork_fork(lua_State *L) {
  lua_pushinteger(L, fork());
  return 1;
}

/* wait(pid) -> exit status; -1 when a signal ended it */
static int fork_wait(lua_State *L) {
  int status = -1;
  waitpid((pid_t)luaL_checkinteger(L, 1), &status, 0);
  lua_pushinteger(L, WIFEXITED(status) ? WEXITSTATUS(status) : -1);
  return 1;
}

/* leave(): ends the process at once, without finalizers */
static int fork_leave(lua_State *L) {
  (void)L;
  _exit(0);
}

int luaopen_fork(lua_State *L) {
  lua_newtable(L);
  lua_pushcfunction(L, fork_fork);
  lua_setfield(L, -2, "fork");
  lua_pushcfunction(L, fork_wait);
  lua_setfield(L, -2, "wait");
  lua_pushcfunction(L, fork_leave);
  lua_setfield(L, -2, "leave");
  return 1;
}
