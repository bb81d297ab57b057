/* SPDX-License-Identifier: MIT */
#include "binding/lua_signals.h"

#include "base/signal_queue.h"
#include "binding/lua_compat.h"
#include "binding/lua_failure.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static const char signals_type[] = "openai_uploads.signals";

static int signals_take(lua_State *L) {
  int number;
  luaL_checkudata(L, 1, signals_type);
  number = signal_queue_take();
  if (number == 0) return 0;
  lua_pushinteger(L, number);
  return 1;
}

static int signals_wait(lua_State *L) {
  luaL_checkudata(L, 1, signals_type);
  signal_queue_wait((int)luaL_optinteger(L, 2, -1), luaL_checknumber(L, 3));
  return 0;
}

enum { MAX_BYTES_AT_A_TIME = 64 * 1024 };

static int signals_read(lua_State *L) {
  char bytes[MAX_BYTES_AT_A_TIME];
  struct failure failure = {0};
  int descriptor = (int)luaL_checkinteger(L, 2);
  lua_Number wanted = luaL_checknumber(L, 3);
  ssize_t count = read(descriptor, bytes, wanted < MAX_BYTES_AT_A_TIME ? (size_t)wanted : sizeof bytes);
  if (count >= 0) {
    lua_pushlstring(L, bytes, (size_t)count);
    return 1;
  }
  lua_pushnil(L);
  if (errno == EAGAIN || errno == EINTR) return 1;
  failure_set(&failure, FAILURE_FILE, "standard input cannot be read: %s", strerror(errno));
  lua_failure_push_plain(L, &failure);
  return 2;
}

static int signals_close(lua_State *L) {
  luaL_checkudata(L, 1, signals_type);
  signal_queue_close();
  return 0;
}

static const luaL_Reg signals_methods[] = {
    {"take", signals_take},   {"wait", signals_wait}, {"read", signals_read},
    {"close", signals_close}, {NULL, NULL},
};

void lua_signals_open(lua_State *L) {
  compat_newtype(L, signals_type, signals_methods);
}

int lua_signals_new(lua_State *L) {
  struct failure failure = {0};
  compat_newuserdata(L, 1);
  compat_setmetatable(L, signals_type);
  if (signal_queue_open(&failure)) return 1;
  lua_pushnil(L);
  lua_failure_push_plain(L, &failure);
  return 2;
}

int lua_signals_missed_interrupt(lua_State *L) {
  lua_pushboolean(L, signal_queue_missed_interrupt());
  return 1;
}
