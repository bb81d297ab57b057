/* SPDX-License-Identifier: MIT */
#include "binding/lua_file.h"

#include "base/spool_file.h"
#include "binding/lua_checks.h"
#include "binding/lua_compat.h"
#include "binding/lua_failure.h"

static const char file_type[] = "openai_uploads.file";

static int push_failure(lua_State *L, const struct failure *failure) {
  lua_pushnil(L);
  lua_failure_push_plain(L, failure);
  return 2;
}

static struct regular_file *check_file(lua_State *L) {
  struct regular_file *file = luaL_checkudata(L, 1, file_type);
  if (file->descriptor < 0) luaL_error(L, "the file is closed");
  return file;
}

static int file_size(lua_State *L) {
  lua_checks_push_bytes(L, check_file(L)->size);
  return 1;
}

static int file_problem(lua_State *L) {
  struct failure failure = {0};
  if (regular_file_is_unchanged(check_file(L), &failure))
    lua_pushnil(L);
  else
    lua_failure_push_plain(L, &failure);
  return 1;
}

static int file_append(lua_State *L) {
  struct regular_file *file = check_file(L);
  struct failure failure = {0};
  size_t length;
  const char *text = luaL_checklstring(L, 2, &length);
  luaL_argcheck(L, file->is_private, 1, "not a temporary file");
  if (spool_file_append(file, text, length, &failure)) {
    lua_pushboolean(L, true);
    return 1;
  }
  return push_failure(L, &failure);
}

static int file_close(lua_State *L) {
  regular_file_close(luaL_checkudata(L, 1, file_type));
  return 0;
}

static const luaL_Reg file_methods[] = {
    {"__gc", file_close},    {"size", file_size},   {"problem", file_problem},
    {"append", file_append}, {"close", file_close}, {NULL, NULL},
};

void lua_file_open(lua_State *L) {
  compat_newtype(L, file_type, file_methods);
}

/* Pushes a userdata without a file. */
static struct regular_file *push_none(lua_State *L) {
  struct regular_file *file = compat_newuserdata(L, sizeof *file);
  *file = (struct regular_file){.descriptor = -1};
  compat_setmetatable(L, file_type);
  return file;
}

int lua_file_new(lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  struct failure failure = {0};
  return regular_file_open(push_none(L), path, &failure) ? 1 : push_failure(L, &failure);
}

int lua_file_new_spool(lua_State *L) {
  struct failure failure = {0};
  return spool_file_create(push_none(L), &failure) ? 1 : push_failure(L, &failure);
}

const struct regular_file *lua_file_test(lua_State *L, int index) {
  const struct regular_file *file = compat_testudata(L, index, file_type);
  return file && file->descriptor >= 0 ? file : NULL;
}
