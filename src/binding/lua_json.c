/* SPDX-License-Identifier: MIT */
#include "binding/lua_json.h"

#include "binding/lua_compat.h"

#include <string.h>

enum { DEEPEST_NESTING = 100 }; /* an Upload has three levels */

static const char decode_key[] = "openai_uploads.json.decode";
static const char encode_key[] = "openai_uploads.json.encode";

/* Calls an option setter of the cjson instance on top of the stack. */
static void set_option(lua_State *L, const char *name, int depth) {
  lua_getfield(L, -1, name);
  if (depth > 0)
    lua_pushinteger(L, depth);
  else
    lua_pushboolean(L, 0);
  lua_call(L, 1, 0);
}

void lua_json_open(lua_State *L) {
  lua_getglobal(L, "require");
  lua_pushliteral(L, "cjson");
  lua_call(L, 1, 1);
  lua_getfield(L, -1, "new");
  lua_call(L, 0, 1);
  set_option(L, "decode_max_depth", DEEPEST_NESTING);
  set_option(L, "encode_max_depth", DEEPEST_NESTING);
  set_option(L, "decode_invalid_numbers", 0);
  set_option(L, "encode_keep_buffer", 0);
  lua_getfield(L, -1, "decode");
  lua_setfield(L, LUA_REGISTRYINDEX, decode_key);
  lua_getfield(L, -1, "encode");
  lua_setfield(L, LUA_REGISTRYINDEX, encode_key);
  lua_pop(L, 2);
}

/* Calls the function below the argument on top of the stack. */
static bool call_protected(lua_State *L) {
  int status = lua_pcall(L, 1, 1, 0);
  if (status == LUA_ERRMEM) lua_error(L);
  return status == 0;
}

bool lua_json_decode(lua_State *L, const char *text, size_t length) {
  if (memchr(text, '\0', length)) { /* cjson would take it for the end */
    lua_pushliteral(L, "a NUL byte");
    return false;
  }
  lua_getfield(L, LUA_REGISTRYINDEX, decode_key);
  lua_pushlstring(L, text, length);
  return call_protected(L);
}

bool lua_json_encode(lua_State *L, int index) {
  index = compat_absindex(L, index);
  lua_getfield(L, LUA_REGISTRYINDEX, encode_key);
  lua_pushvalue(L, index);
  return call_protected(L);
}
