/* SPDX-License-Identifier: MIT */
/* What servers do to themselves after their configuration is loaded, for Lua. Compiled for the Lua that runs
 * the specs. */
#define _GNU_SOURCE
#include <lauxlib.h>
#include <lua.h>
#include <sys/resource.h>
#include <unistd.h>

enum { NOBODY = 65534 };

/* chroot(folder) -> whether the process has no other files from now on */
static int confinement_chroot(lua_State *L) {
  const char *folder = luaL_checkstring(L, 1);
  lua_pushboolean(L, chroot(folder) == 0 && chdir("/") == 0);
  return 1;
}

/* drop_rights() -> whether the process has nobody's rights from now on */
static int confinement_drop_rights(lua_State *L) {
  lua_pushboolean(L, setgid(NOBODY) == 0 && setuid(NOBODY) == 0);
  return 1;
}

/* forbid_threads() -> whether a process without root's rights may start no thread from now on */
static int confinement_forbid_threads(lua_State *L) {
  const struct rlimit none = {0, 0};
  lua_pushboolean(L, setrlimit(RLIMIT_NPROC, &none) == 0);
  return 1;
}

int luaopen_confinement(lua_State *L) {
  lua_newtable(L);
  lua_pushcfunction(L, confinement_chroot);
  lua_setfield(L, -2, "chroot");
  lua_pushcfunction(L, confinement_drop_rights);
  lua_setfield(L, -2, "drop_rights");
  lua_pushcfunction(L, confinement_forbid_threads);
  lua_setfield(L, -2, "forbid_threads");
  return 1;
}
