/* SPDX-License-Identifier: MIT */
#include "binding/lua_json.h"

#include "base/json_text.h"
#include "base/utf8.h"
#include "binding/lua_compat.h"
#include "binding/lua_raise.h"

#include <locale.h>
#include <string.h>

static const char decode_key[] = "openai_uploads.json.decode";
static const char encode_key[] = "openai_uploads.json.encode";
static const char new_key[] = "openai_uploads.json.new";

/* Metatables of arrays, by their names in cjson; the older versions have none. */
static const char *const array_marks[][2] = {
    {"array_mt", "openai_uploads.json.array_mt"},
    {"empty_array_mt", "openai_uploads.json.empty_array_mt"},
};
enum { ARRAY_MARKS = sizeof array_marks / sizeof *array_marks };

/* Pushes a function of the table on top of the stack. */
static void push_function(lua_State *L, const char *name) {
  lua_getfield(L, -1, name);
  if (!lua_isfunction(L, -1))
    luaL_error(L, "the module 'cjson' lacks the function '%s': 'decode', 'encode' and 'new' are needed",
               name);
}

/* lua-cjson reads NaN, Infinity and 0x10 unless it is told not to. Others have no such setting. */
static void refuse_invalid_numbers(lua_State *L) {
  lua_getfield(L, -1, "decode_invalid_numbers");
  if (lua_isfunction(L, -1)) {
    lua_pushboolean(L, 0);
    lua_call(L, 1, 0);
  } else {
    lua_pop(L, 1);
  }
}

static void push_cjson(lua_State *L) {
  lua_getglobal(L, "require");
  lua_pushliteral(L, "cjson");
  lua_call(L, 1, 1);
  if (!lua_istable(L, -1)) luaL_error(L, "the module 'cjson' is a %s, not a table", luaL_typename(L, -1));
}

/* Pushes an instance whose settings are ours alone. */
static void push_instance(lua_State *L) {
  push_function(L, "new");
  lua_pushvalue(L, -1);
  lua_setfield(L, LUA_REGISTRYINDEX, new_key);
  lua_call(L, 0, 1);
  if (!lua_istable(L, -1)) luaL_error(L, "the function 'new' of the module 'cjson' returned no table");
}

void lua_json_open(lua_State *L) {
  push_cjson(L);
  push_instance(L);
  refuse_invalid_numbers(L);
  push_function(L, "decode");
  lua_setfield(L, LUA_REGISTRYINDEX, decode_key);
  push_function(L, "encode");
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

/* Calls the function below the argument on top of the stack. Pushes its result; or pushes the text of its
 * error and returns false. */
static bool call_protected(lua_State *L) {
  int status = lua_pcall(L, 1, 1, 0);
  if (lua_raise_concerns_caller(L, status)) lua_error(L);
  if (status != 0) lua_raise_describe(L);
  return status == 0;
}

/* cjson learns the locale's decimal point when an instance is made. Where the host has set another locale
 * since, it reads no fraction, and writes 1.5 as 1,5. Instances made before learn it, too. (Of a decimal
 * point of several bytes it would end the process.) */
static bool learn_decimal_point(lua_State *L) {
  if (strlen(localeconv()->decimal_point) != 1) return false;
  lua_getfield(L, LUA_REGISTRYINDEX, new_key);
  lua_call(L, 0, 0);
  return true;
}

/* With the replacement character in place of each half of a surrogate pair: cjson takes none, where others
 * do. */
static void push_whole_characters(lua_State *L, const char *text, size_t length) {
  size_t at = 0, lone = json_text_lone_surrogate(text, length, 0);
  luaL_Buffer whole;
  if (lone == length) {
    lua_pushlstring(L, text, length);
    return;
  }
  luaL_buffinit(L, &whole);
  for (; lone < length; lone = json_text_lone_surrogate(text, length, at)) {
    luaL_addlstring(&whole, text + at, lone - at);
    luaL_addstring(&whole, "\\ufffd");
    at = lone + JSON_TEXT_ESCAPE_BYTES;
  }
  luaL_addlstring(&whole, text + at, length - at);
  luaL_pushresult(&whole);
}

/* Decodes the text on top of the stack. */
static bool decode_text(lua_State *L) {
  lua_getfield(L, LUA_REGISTRYINDEX, decode_key);
  lua_insert(L, -2);
  return call_protected(L);
}

bool lua_json_decode(lua_State *L, const char *text, size_t length) {
  size_t start = json_text_start(text, length);
  bool decoded;
  if (memchr(text, '\0', length)) { /* cjson would take it for the end */
    lua_pushliteral(L, "a NUL byte");
    return false;
  }
  push_whole_characters(L, text + start, length - start);
  lua_pushvalue(L, -1);
  decoded = decode_text(L);
  if (!decoded && learn_decimal_point(L)) {
    lua_pop(L, 1);
    lua_pushvalue(L, -1);
    decoded = decode_text(L);
  }
  lua_remove(L, -2);
  return decoded;
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
  if (*localeconv()->decimal_point != '.') learn_decimal_point(L);
  lua_getfield(L, LUA_REGISTRYINDEX, encode_key);
  lua_pushvalue(L, index);
  if (!call_protected(L)) return false;
  if (lua_type(L, -1) != LUA_TSTRING) {
    lua_pushfstring(L, "cjson.encode returned a %s, not a string", luaL_typename(L, -1));
    return false;
  }
  lua_json_push_utf8(L, compat_absindex(L, -1));
  lua_remove(L, -2);
  return true;
}
