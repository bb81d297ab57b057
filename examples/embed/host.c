/* SPDX-License-Identifier: MIT */
/* A game that embeds Lua 5.4 and brings openai_uploads along, its C and its Lua, inside its own program. Made
 * to be copied from: a host needs bring_core, load_carried with bring_carried, and the step in run_frames. */
#include "carried.h"

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

enum { MAX_FRAMES = 60 * 60, FRAME_NANOSECONDS = 1000000000 / 60 };

/* The module's C, linked into this program. No header of it is needed. */
int luaopen_openai_uploads_core(lua_State *L);

/* --- what `require` finds ----------------------------------------------------------------------------------
 */

/* Called by `require` with the module's name. */
static int load_carried(lua_State *L) {
  const struct carried_module *module = lua_touserdata(L, lua_upvalueindex(1));
  if (luaL_loadbufferx(L, module->bytes, module->length, module->chunk, "t") != LUA_OK) return lua_error(L);
  lua_pushvalue(L, 1);
  lua_call(L, 1, 1);
  return 1;
}

/* For both: the table package.preload is on top of the stack. What the core requires in its turn, lua-cjson,
 * is found through package.cpath as ever; a host that links it too puts luaopen_cjson there as "cjson". */
static void bring_core(lua_State *L) {
  lua_pushcfunction(L, luaopen_openai_uploads_core);
  lua_setfield(L, -2, "openai_uploads.core");
}

static void bring_carried(lua_State *L) {
  for (const struct carried_module *module = carried_modules; module->name; module++) {
    lua_pushlightuserdata(L, (void *)module);
    lua_pushcclosure(L, load_carried, 1);
    lua_setfield(L, -2, module->name);
  }
}

/* --- the game ----------------------------------------------------------------------------------------------
 */

static int add_traceback(lua_State *L) {
  luaL_traceback(L, L, luaL_tolstring(L, 1, NULL), 1);
  return 1;
}

static void push_module(lua_State *L, const char *name) {
  lua_getglobal(L, "require");
  lua_pushstring(L, name);
  lua_call(L, 1, 1);
}

/* A real game has its display to wait for. */
static void wait_for_next_frame(void) {
  struct timespec rest = {.tv_nsec = FRAME_NANOSECONDS};
  nanosleep(&rest, NULL);
}

/* `frame` and `step`: where the script's function and uploads.step stand on the stack. The step drives every
 * transfer, waits for none, and says how many still run; how they ended, the script asks them itself. */
static void run_frames(lua_State *L, int frame, int step) {
  lua_Integer running = 0;
  bool goes_on = true;
  int number = 0;
  while (goes_on && number < MAX_FRAMES) {
    lua_pushvalue(L, step);
    lua_call(L, 0, 1);
    running = lua_tointeger(L, -1);
    lua_pushvalue(L, frame);
    lua_pushinteger(L, ++number);
    lua_call(L, 1, 1);
    goes_on = lua_toboolean(L, -1);
    lua_pop(L, 2);
    if (goes_on) wait_for_next_frame();
  }
  printf("closing while %d transfers run\n", (int)running);
}

/* All that may raise, so that one protected call catches it. */
static int play(lua_State *L) {
  luaL_openlibs(L);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  bring_core(L);
  bring_carried(L);
  push_module(L, "game");
  push_module(L, "openai_uploads");
  lua_getfield(L, -1, "step");
  run_frames(L, lua_gettop(L) - 2, lua_gettop(L));
  return 0;
}

int main(void) {
  lua_State *L = luaL_newstate();
  bool went_well;
  if (!L) return 1;
  lua_pushcfunction(L, add_traceback);
  lua_pushcfunction(L, play);
  went_well = lua_pcall(L, 0, 0, 1) == LUA_OK;
  if (!went_well) fprintf(stderr, "%s\n", lua_tostring(L, -1));
  lua_close(L); /* what still runs is aborted and freed with the state */
  if (went_well) printf("closed\n");
  return went_well ? 0 : 1;
}
