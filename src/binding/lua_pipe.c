/* SPDX-License-Identifier: MIT */
#include "binding/lua_pipe.h"

#include "base/pipe_reader.h"
#include "binding/lua_compat.h"
#include "binding/lua_failure.h"

static const char pipe_type[] = "openai_uploads.pipe";

enum { MAX_BYTES_AT_A_TIME = 64 * 1024 };

/* The file is the only element of the user value. Returns NULL once the program has closed it. */
static FILE *open_file(lua_State *L) {
  FILE *file = NULL;
  luaL_checkudata(L, 1, pipe_type);
  compat_getuservalue(L, 1);
  lua_rawgeti(L, -1, 1);
  compat_is_file(L, -1, &file);
  return file;
}

static int push_failure(lua_State *L, const struct failure *failure) {
  lua_pushnil(L);
  lua_failure_push_plain(L, failure);
  return 2;
}

static int pipe_read(lua_State *L) {
  char bytes[MAX_BYTES_AT_A_TIME];
  FILE *file = open_file(L);
  struct failure failure = {0};
  size_t count = 0;
  if (!file) {
    failure_set(&failure, FAILURE_FILE, "the data cannot be read: its file was closed meanwhile");
    return push_failure(L, &failure);
  }
  switch (pipe_reader_read(file, bytes, sizeof bytes, &count, &failure)) {
  case PIPE_READER_BROKEN: return push_failure(L, &failure);
  case PIPE_READER_END: lua_pushnil(L); return 1;
  case PIPE_READER_READ:
  case PIPE_READER_EMPTY: break;
  }
  lua_pushlstring(L, bytes, count);
  return 1;
}

/* A closed file is found when it is read. */
static int pipe_descriptor(lua_State *L) {
  FILE *file = open_file(L);
  lua_pushinteger(L, !file || pipe_reader_has_read_ahead(file) ? -1 : fileno(file));
  return 1;
}

static const luaL_Reg pipe_methods[] = {{"read", pipe_read}, {"descriptor", pipe_descriptor}, {NULL, NULL}};

void lua_pipe_open(lua_State *L) {
  compat_newtype(L, pipe_type, pipe_methods);
}

int lua_pipe_new(lua_State *L) {
  FILE *file = NULL;
  if (!compat_is_file(L, 1, &file) || !file || !pipe_reader_takes(file)) return 0;
  compat_newuserdata(L, 1);
  compat_setmetatable(L, pipe_type);
  lua_createtable(L, 1, 0);
  lua_pushvalue(L, 1);
  lua_rawseti(L, -2, 1);
  compat_setuservalue(L, -2);
  return 1;
}
