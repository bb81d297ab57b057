/* SPDX-License-Identifier: MIT */
#include "binding/lua_object.h"

#include "binding/lua_compat.h"
#include "binding/lua_json.h"

#include <string.h>

/* Setting a field that exists, to nil too, is what a traversal allows. A null in an array stays cjson's null:
 * a hole would change the places of those behind it. The depth is bounded by the decoder. */
void lua_object_normalize(lua_State *L) {
  lua_Integer integer;
  luaL_checkstack(L, 4, "JSON nested too deep");
  lua_pushnil(L);
  while (lua_next(L, -2)) {
    int type = lua_type(L, -1);
    if (type == LUA_TTABLE) {
      lua_object_normalize(L);
    } else if (type == LUA_TLIGHTUSERDATA && lua_type(L, -2) == LUA_TSTRING) {
      lua_pushvalue(L, -2);
      lua_pushnil(L);
      lua_rawset(L, -5);
    } else if (type == LUA_TNUMBER && compat_float_is_integer(L, -1, &integer)) {
      lua_pushvalue(L, -2);
      lua_pushinteger(L, integer);
      lua_rawset(L, -5);
    }
    lua_pop(L, 1);
  }
}

/* NULL when the value on top of the stack is such an object. */
static const char *missing_of(lua_State *L, const char *type) {
  const char *missing = NULL;
  if (lua_type(L, -1) != LUA_TTABLE) return "it is no JSON object";
  lua_getfield(L, -1, "id");
  lua_getfield(L, -2, "object");
  if (lua_type(L, -2) != LUA_TSTRING)
    missing = "it has no id";
  else if (lua_type(L, -1) == LUA_TSTRING && strcmp(lua_tostring(L, -1), type) != 0)
    missing = "it is an object of another type";
  lua_pop(L, 2);
  return missing;
}

bool lua_object_decode(lua_State *L, const char *text, size_t length, const char *type) {
  const char *missing;
  if (!lua_json_decode(L, text, length)) {
    lua_pushfstring(L, "the answer cannot be decoded: %s", lua_tostring(L, -1));
    return false;
  }
  missing = missing_of(L, type);
  if (!missing) {
    lua_object_normalize(L);
    return true;
  }
  lua_pushfstring(L, "the answer is no %s: %s", type, missing);
  return false;
}

bool lua_object_push_answer(lua_State *L, struct transfer *transfer) {
  const struct text_buffer *body = &transfer->attempt->response.body;
  if (lua_object_decode(L, text_buffer_text(body), body->length, transfer->request.answer_type)) return true;
  transfer_reject_answer(transfer, lua_tostring(L, -1));
  return false;
}
