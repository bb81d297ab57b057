/* SPDX-License-Identifier: MIT */
#include "binding/lua_md5.h"

#include "base/md5.h"
#include "binding/lua_compat.h"

static const char md5_type[] = "openai_uploads.md5";

static int update(lua_State *L) {
  struct md5 *md5 = luaL_checkudata(L, 1, md5_type);
  size_t length;
  const char *text = luaL_checklstring(L, 2, &length);
  md5_update(md5, text, length);
  return 0;
}

static int hex(lua_State *L) {
  struct md5 so_far = *(const struct md5 *)luaL_checkudata(L, 1, md5_type);
  char digits[MD5_HEX_SIZE];
  md5_finish_hex(&so_far, digits);
  lua_pushstring(L, digits);
  return 1;
}

static const luaL_Reg md5_methods[] = {{"update", update}, {"hex", hex}, {NULL, NULL}};

void lua_md5_open(lua_State *L) {
  compat_newtype(L, md5_type, md5_methods);
}

int lua_md5_new(lua_State *L) {
  md5_create(compat_newuserdata(L, sizeof(struct md5)));
  compat_setmetatable(L, md5_type);
  return 1;
}
