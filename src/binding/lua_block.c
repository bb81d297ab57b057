/* SPDX-License-Identifier: MIT */
#include "binding/lua_block.h"

#include "binding/lua_checks.h"
#include "binding/lua_compat.h"
#include "binding/lua_raise.h"

#include <stdint.h>

static const char block_type[] = "openai_uploads.block";

struct lua_block {
  struct byte_block *block; /* NULL once it is closed */
};

static struct byte_block *check_block(lua_State *L) {
  struct lua_block *holder = luaL_checkudata(L, 1, block_type);
  if (!holder->block) luaL_error(L, "the block is closed");
  return holder->block;
}

/* Others may read the block as it is, and only add to it. */
static void check_unread(lua_State *L, const struct byte_block *block) {
  if (block->refs > 1) luaL_error(L, "the block is being read");
}

static int block_append(lua_State *L) {
  struct byte_block *block = check_block(L);
  size_t length;
  const char *text = luaL_checklstring(L, 2, &length);
  lua_Number first = luaL_checknumber(L, 3);
  size_t skipped;
  luaL_argcheck(L, lua_checks_whole(first, 1, (double)length + 1), 3, "not a position in the text");
  check_unread(L, block);
  skipped = (size_t)first - 1;
  lua_pushinteger(L, (lua_Integer)byte_block_append(block, text + skipped, length - skipped));
  return 1;
}

static int block_size(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)check_block(L)->length);
  return 1;
}

static int block_clear(lua_State *L) {
  struct byte_block *block = check_block(L);
  check_unread(L, block);
  block->length = 0;
  return 0;
}

static int block_close(lua_State *L) {
  struct lua_block *holder = luaL_checkudata(L, 1, block_type);
  struct byte_block *block = holder->block;
  holder->block = NULL;
  if (block) byte_block_unref(block);
  return 0;
}

static const luaL_Reg block_methods[] = {
    {"append", block_append}, {"size", block_size},  {"clear", block_clear},
    {"close", block_close},   {"__gc", block_close}, {NULL, NULL},
};

void lua_block_open(lua_State *L) {
  compat_newtype(L, block_type, block_methods);
}

int lua_block_new(lua_State *L) {
  lua_Number capacity = luaL_checknumber(L, 1);
  struct lua_block *holder;
  luaL_argcheck(L, lua_checks_whole(capacity, 1, INT32_MAX), 1, "not a number of bytes");
  holder = compat_newuserdata(L, sizeof *holder);
  holder->block = NULL;
  compat_setmetatable(L, block_type);
  holder->block = byte_block_new((size_t)capacity);
  if (!holder->block) lua_raise_out_of_memory(L);
  return 1;
}

struct byte_block *lua_block_test(lua_State *L, int index) {
  const struct lua_block *holder = compat_testudata(L, index, block_type);
  return holder ? holder->block : NULL;
}
