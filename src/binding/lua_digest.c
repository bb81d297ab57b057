/* SPDX-License-Identifier: MIT */
#include "binding/lua_digest.h"

#include "base/file_digest.h"
#include "binding/lua_checks.h"
#include "binding/lua_compat.h"
#include "binding/lua_failure.h"
#include "binding/lua_file.h"

static const char digest_type[] = "openai_uploads.digest";

struct lua_digest {
  struct file_digest *digest; /* NULL once it is closed */
};

static int digest_wait(lua_State *L) {
  struct lua_digest *holder = luaL_checkudata(L, 1, digest_type);
  double seconds = luaL_checknumber(L, 2);
  struct failure failure;
  const char *hex;
  if (!holder->digest) luaL_error(L, "the digest is closed");
  switch (file_digest_wait(holder->digest, seconds, &hex, &failure)) {
  case FILE_DIGEST_READY: lua_pushstring(L, hex); return 1;
  case FILE_DIGEST_RUNNING: lua_pushnil(L); return 1;
  case FILE_DIGEST_FAILED: break;
  }
  lua_pushnil(L);
  lua_failure_push_plain(L, &failure);
  return 2;
}

static int digest_descriptor(lua_State *L) {
  const struct lua_digest *holder = luaL_checkudata(L, 1, digest_type);
  if (!holder->digest) luaL_error(L, "the digest is closed");
  lua_pushinteger(L, file_digest_descriptor(holder->digest));
  return 1;
}

static int digest_close(lua_State *L) {
  struct lua_digest *holder = luaL_checkudata(L, 1, digest_type);
  struct file_digest *digest = holder->digest;
  holder->digest = NULL;
  file_digest_delete(digest);
  return 0;
}

static const luaL_Reg digest_methods[] = {
    {"wait", digest_wait},  {"descriptor", digest_descriptor}, {"close", digest_close},
    {"__gc", digest_close}, {"__close", digest_close},         {NULL, NULL},
};

void lua_digest_open(lua_State *L) {
  compat_newtype(L, digest_type, digest_methods);
}

/* Ties the value at `source` to the userdata on top of the stack: a string's bytes are read where they are.
 */
static void keep(lua_State *L, int source) {
  lua_createtable(L, 1, 0);
  lua_pushvalue(L, source);
  lua_rawseti(L, -2, 1);
  compat_setuservalue(L, -2);
}

static struct file_digest *start(lua_State *L, int source, struct file_digest_pieces pieces,
                                 struct failure *failure) {
  const struct regular_file *file = lua_file_test(L, source);
  size_t length;
  const char *bytes;
  if (file) return file_digest_new_of_file(file, pieces, failure);
  bytes = lua_tolstring(L, source, &length);
  return file_digest_new_of_memory(bytes, length, pieces, failure);
}

#define LARGEST_PIECE 9e15 /* bytes: as many as a double counts */
#define MAX_PIECES 1e6

static double check_whole(lua_State *L, int index, double most) {
  double number = luaL_checknumber(L, index);
  luaL_argcheck(L, lua_checks_whole(number, 1, most), index, "not a number of bytes or pieces");
  return number;
}

/* What the arguments behind the source say. */
static struct file_digest_pieces check_pieces(lua_State *L) {
  struct file_digest_pieces pieces = file_digest_whole;
  if (lua_isnoneornil(L, 2)) return pieces;
  pieces.size = (int64_t)check_whole(L, 2, LARGEST_PIECE);
  pieces.count = (size_t)check_whole(L, 3, MAX_PIECES);
  return pieces;
}

int lua_digest_new(lua_State *L) {
  struct failure failure = {0};
  struct lua_digest *holder;
  struct file_digest_pieces pieces = check_pieces(L);
  luaL_argcheck(L, lua_type(L, 1) == LUA_TSTRING || lua_file_test(L, 1), 1,
                "a string or an open file expected");
  holder = compat_newuserdata(L, sizeof *holder);
  holder->digest = NULL;
  compat_setmetatable(L, digest_type);
  keep(L, 1);
  holder->digest = start(L, 1, pieces, &failure);
  if (holder->digest) return 1;
  lua_pushnil(L);
  lua_failure_push_plain(L, &failure);
  return 2;
}
