/* SPDX-License-Identifier: MIT */
#include "binding/lua_json.h"

#include "base/utf8.h"
#include "binding/lua_compat.h"

#include <string.h>

enum { DEEPEST_NESTING = 100 }; /* an Upload has three levels */

static const char decode_key[] = "openai_uploads.json.decode";
static const char encode_key[] = "openai_uploads.json.encode";

/* Metatables of arrays, by their names in cjson; the older versions have none. */
static const char *const array_marks[][2] = {
    {"array_mt", "openai_uploads.json.array_mt"},
    {"empty_array_mt", "openai_uploads.json.empty_array_mt"},
};
enum { ARRAY_MARKS = sizeof array_marks / sizeof *array_marks };

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
  for (int i = 0; i < ARRAY_MARKS; i++) {
    lua_getfield(L, -2, array_marks[i][0]);
    lua_setfield(L, LUA_REGISTRYINDEX, array_marks[i][1]);
  }
  lua_pop(L, 2);
}

bool lua_json_is_array(lua_State *L, int index) {
  if (!lua_getmetatable(L, index)) return false;
  for (int i = 0; i < ARRAY_MARKS; i++) {
    bool same;
    lua_getfield(L, LUA_REGISTRYINDEX, array_marks[i][1]);
    same = lua_rawequal(L, -1, -2);
    lua_pop(L, 1);
    if (same) return true;
  }
  lua_pop(L, 1);
  return false;
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

void lua_json_push_utf8(lua_State *L, int index) {
  size_t length, at;
  const char *text = lua_tolstring(L, index, &length);
  luaL_Buffer buffer;
  at = utf8_valid_length(text, length);
  if (at == length) {
    lua_pushvalue(L, index);
    return;
  }
  luaL_buffinit(L, &buffer);
  luaL_addlstring(&buffer, text, at);
  while (at < length) {
    bool is_valid;
    size_t count = utf8_sequence(text + at, length - at, &is_valid);
    luaL_addlstring(&buffer, is_valid ? text + at : UTF8_REPLACEMENT,
                    is_valid ? count : sizeof UTF8_REPLACEMENT - 1);
    at += count;
  }
  luaL_pushresult(&buffer);
}

/* cjson hands on the bytes of strings as they are. Outside of them it writes ASCII alone, so the encoding can
 * be mended as a whole. */
bool lua_json_encode(lua_State *L, int index) {
  index = compat_absindex(L, index);
  lua_getfield(L, LUA_REGISTRYINDEX, encode_key);
  lua_pushvalue(L, index);
  if (!call_protected(L)) return false;
  lua_json_push_utf8(L, compat_absindex(L, -1));
  lua_remove(L, -2);
  return true;
}
