/* SPDX-License-Identifier: MIT */
#include "binding/lua_deadline.h"

#include "base/monotonic_clock.h"
#include "binding/lua_compat.h"
#include "binding/lua_failure.h"

static const char deadline_type[] = "openai_uploads.deadline";

struct lua_deadline {
  double seconds, at; /* at: on the monotonic clock */
};

static int deadline_left(lua_State *L) {
  const struct lua_deadline *deadline = luaL_checkudata(L, 1, deadline_type);
  lua_pushnumber(L, deadline->at - monotonic_clock_now());
  return 1;
}

static int deadline_seconds(lua_State *L) {
  const struct lua_deadline *deadline = luaL_checkudata(L, 1, deadline_type);
  lua_pushnumber(L, deadline->seconds);
  return 1;
}

static int deadline_tostring(lua_State *L) {
  const struct lua_deadline *deadline = luaL_checkudata(L, 1, deadline_type);
  char text[64];
  snprintf(text, sizeof text, "%s: %.3f s left", deadline_type, deadline->at - monotonic_clock_now());
  lua_pushstring(L, text);
  return 1;
}

static const luaL_Reg deadline_methods[] = {
    {"left", deadline_left},
    {"seconds", deadline_seconds},
    {"__tostring", deadline_tostring},
    {NULL, NULL},
};

void lua_deadline_open(lua_State *L) {
  compat_newtype(L, deadline_type, deadline_methods);
}

bool lua_deadline_read(lua_State *L, int index, struct call_settings *settings) {
  const struct lua_deadline *deadline = compat_testudata(L, index, deadline_type);
  if (!deadline) return false;
  settings->deadline = deadline->seconds;
  settings->deadline_at = deadline->at;
  return true;
}

int lua_deadline_late(lua_State *L) {
  const struct lua_deadline *deadline = compat_testudata(L, 1, deadline_type);
  struct failure failure = {0};
  if (!deadline || deadline->at > monotonic_clock_now()) return 0;
  failure_set_late(&failure, deadline->seconds);
  lua_failure_push_plain(L, &failure);
  return 1;
}

int lua_deadline_new(lua_State *L) {
  double seconds;
  struct lua_deadline *deadline;
  lua_settop(L, 1);
  if (compat_testudata(L, 1, deadline_type)) return 1;
  if (lua_type(L, 1) != LUA_TNUMBER) return 0;
  seconds = lua_tonumber(L, 1);
  if (!(seconds >= LUA_DEADLINE_MIN_SECONDS)) return 0;
  deadline = compat_newuserdata(L, sizeof *deadline);
  *deadline = (struct lua_deadline){seconds, monotonic_clock_now() + seconds};
  compat_setmetatable(L, deadline_type);
  return 1;
}
