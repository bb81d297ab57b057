/* SPDX-License-Identifier: MIT */
#include "binding/lua_object.h"

#include "binding/lua_checks.h"
#include "binding/lua_compat.h"
#include "binding/lua_json.h"

#include <string.h>

enum { DEEPEST_NESTING = 100 }; /* an Upload has three levels */

/* The only userdata that a decoder makes. cjson's is light, Neovim's is not. */
static bool is_null(int type) {
  return type == LUA_TLIGHTUSERDATA || type == LUA_TUSERDATA;
}

/* Some decoders mark arrays or empty objects so. */
static void remove_metatable(lua_State *L) {
  if (!lua_getmetatable(L, -1)) return;
  lua_pushnil(L);
  lua_setmetatable(L, -3);
  lua_pop(L, 1);
}

/* NOLINTBEGIN(misc-no-recursion): DEEPEST_NESTING bounds it */
static bool normalize(lua_State *L, int depth);

/* The same for the field whose name and value are on top of the stack, above its table. A traversal may set
 * an existing field, also to nil. A null in an array stays cjson's null, because a hole would move the values
 * behind it. */
static bool normalize_field(lua_State *L, int depth) {
  lua_Integer integer;
  int type = lua_type(L, -1);
  if (type == LUA_TTABLE) return normalize(L, depth + 1);
  if (is_null(type) && lua_type(L, -2) == LUA_TSTRING) {
    lua_pushvalue(L, -2);
    lua_pushnil(L);
    lua_rawset(L, -5);
  } else if (type == LUA_TNUMBER && compat_float_is_integer(L, -1, &integer)) {
    lua_pushvalue(L, -2);
    lua_pushinteger(L, integer);
    lua_rawset(L, -5);
  }
  return true;
}

static bool normalize(lua_State *L, int depth) {
  if (depth > DEEPEST_NESTING) return false;
  luaL_checkstack(L, 5, "JSON nested too deep");
  remove_metatable(L);
  lua_pushnil(L);
  while (lua_next(L, -2)) {
    if (!normalize_field(L, depth)) {
      lua_pop(L, 2);
      return false;
    }
    lua_pop(L, 1);
  }
  return true;
}
/* NOLINTEND(misc-no-recursion) */

bool lua_object_normalize(lua_State *L) {
  return normalize(L, 1);
}

/* Returns the text in a field of the table at `table`, NULL when it has none. The text is valid as long as
 * the table. */
static const char *text_field(lua_State *L, int table, const char *name, size_t *length) {
  const char *text;
  lua_getfield(L, table, name);
  text = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, length) : NULL;
  lua_pop(L, 1);
  return text;
}

/* Whether the value on top of the stack is an object with an id. Pops it. */
static bool pop_identified(lua_State *L) {
  size_t length;
  bool has_id = lua_type(L, -1) == LUA_TTABLE && text_field(L, lua_gettop(L), "id", &length);
  lua_pop(L, 1);
  return has_id;
}

/* The reasons why the object has not the expected shape; NULL: it has. */

static const char *problem_of_completed(lua_State *L, int object) {
  size_t length;
  const char *status = text_field(L, object, "status", &length);
  if (!status || strcmp(status, "completed") != 0) return "its status is not 'completed'";
  lua_getfield(L, object, "file");
  return pop_identified(L) ? NULL : "it names no File";
}

static const char *problem_of_deleted(lua_State *L, int object) {
  bool is_deleted;
  lua_getfield(L, object, "deleted");
  is_deleted = lua_isboolean(L, -1) && lua_toboolean(L, -1);
  lua_pop(L, 1);
  return is_deleted ? NULL : "it does not say 'deleted'";
}

static const char *problem_of_list(lua_State *L, int object) {
  const char *problem = NULL;
  lua_getfield(L, object, "data");
  if (lua_type(L, -1) != LUA_TTABLE) {
    lua_pop(L, 1);
    return "it has no data";
  }
  for (size_t i = 1; i <= compat_rawlen(L, -1) && !problem; i++) {
    lua_rawgeti(L, -1, (int)i);
    if (!pop_identified(L)) problem = "an object in it has no id";
  }
  lua_pop(L, 1);
  return problem;
}

static const char *problem_of_shape(lua_State *L, int object, enum answer_shape shape) {
  switch (shape) {
  case ANSWER_COMPLETED: return problem_of_completed(L, object);
  case ANSWER_DELETED: return problem_of_deleted(L, object);
  case ANSWER_LIST: return problem_of_list(L, object);
  case ANSWER_OBJECT: break;
  }
  return NULL;
}

/* Compatible services omit the `upload_id` of a Part. */
static bool names_another(lua_State *L, int object, const struct expected_answer *expected) {
  size_t length;
  const char *id = expected->id_field ? text_field(L, object, expected->id_field, &length) : NULL;
  return id && (length != expected->id.length || memcmp(id, expected->id.bytes, length) != 0);
}

/* Pushes a text, and returns it. */
static const char *push_another(lua_State *L, const char *id_of) {
  return lua_pushfstring(L, "it belongs to another %s", id_of);
}

/* The reason why the value on top of the stack does not answer the call; NULL: it does. May push a text. */
static const char *problem_of(lua_State *L, const struct expected_answer *expected) {
  int object = lua_gettop(L);
  size_t length;
  const char *text;
  if (lua_type(L, object) != LUA_TTABLE) return "it is no JSON object";
  if (expected->shape != ANSWER_LIST && !text_field(L, object, "id", &length)) return "it has no id";
  text = text_field(L, object, "object", &length);
  if (text && strcmp(text, expected->type) != 0) return "it is an object of another type";
  if (names_another(L, object, expected)) return push_another(L, expected->id_of);
  return problem_of_shape(L, object, expected->shape);
}

static const char *name_of_shape(enum answer_shape shape) {
  return shape == ANSWER_COMPLETED ? "completed " : shape == ANSWER_DELETED ? "deleted " : "";
}

static bool decode(lua_State *L, const char *text, size_t length, const struct expected_answer *expected) {
  const char *problem;
  if (!lua_json_decode(L, text, length)) {
    lua_pushfstring(L, "the answer cannot be decoded: %s", lua_tostring(L, -1));
    return false;
  }
  problem = problem_of(L, expected);
  if (!problem && lua_object_normalize(L)) return true;
  lua_pushfstring(L, "the answer is no %s%s: %s", name_of_shape(expected->shape), expected->type,
                  problem ? problem : "it is nested too deep");
  return false;
}

/* Pushes the result of a call whose answer went into a sink. */
static void push_received(lua_State *L, const struct transfer *transfer) {
  const struct text_buffer *id = &transfer->request.expected.id;
  char type[1024];
  lua_createtable(L, 0, 3);
  lua_pushlstring(L, text_buffer_text(id), id->length);
  lua_setfield(L, -2, "id");
  lua_checks_push_bytes(L, byte_sink_taken(transfer->request.sink));
  lua_setfield(L, -2, "bytes");
  if (!http_response_header(&transfer->attempt->response, "content-type", type, sizeof type)) return;
  lua_pushstring(L, type);
  lua_setfield(L, -2, "mime_type");
}

bool lua_object_push_decoded(lua_State *L, const struct transfer *transfer) {
  const struct text_buffer *body = &transfer->attempt->response.body;
  if (transfer->request.sink) {
    push_received(L, transfer);
    return true;
  }
  return decode(L, text_buffer_text(body), body->length, &transfer->request.expected);
}
