/* SPDX-License-Identifier: MIT */
#include "binding/lua_refusal.h"

#include "binding/lua_compat.h"

enum { DEEPEST_WORDS = 4, MAX_LISTED = 8 };

static bool push_words_of_value(lua_State *L, int depth);

/* Whether the value on top of the stack is a text that is not empty. */
static bool is_text(lua_State *L) {
  size_t length = 0;
  if (lua_type(L, -1) == LUA_TSTRING) lua_tolstring(L, -1, &length);
  return length > 0;
}

static bool is_list(lua_State *L, int table) {
  bool is;
  lua_rawgeti(L, table, 1);
  is = !lua_isnil(L, -1);
  lua_pop(L, 1);
  return is;
}

/* Makes one text of the two on top of the stack. */
static void join(lua_State *L, const char *between) {
  lua_pushstring(L, between);
  lua_insert(L, -2);
  lua_concat(L, 3);
}

/* Pushes the words of the first of the fields, up to a NULL, that has any. */
static bool push_first(lua_State *L, int object, const char *const *fields, int depth) {
  for (; *fields; fields++) {
    lua_getfield(L, object, *fields);
    if (push_words_of_value(L, depth)) return true;
  }
  return false;
}

/* "one; two; three" */
static bool push_list(lua_State *L, int list, int depth) {
  bool any = false;
  for (int i = 1; i <= MAX_LISTED; i++) {
    lua_rawgeti(L, list, i);
    if (lua_isnil(L, -1)) {
      lua_pop(L, 1);
      break;
    }
    if (!push_words_of_value(L, depth)) continue;
    if (any) join(L, "; ");
    any = true;
  }
  return any;
}

/* {"Field": ["text"]} -> "Field: text" */
static bool push_by_field(lua_State *L, int map, int depth) {
  int joined = lua_gettop(L) + 1, count = 0;
  lua_pushliteral(L, "");
  lua_pushnil(L);
  while (lua_next(L, map)) {
    bool is_named = lua_type(L, -2) == LUA_TSTRING;
    if (!push_words_of_value(L, depth)) continue;
    if (is_named && count < MAX_LISTED) {
      lua_pushfstring(L, "%s%s%s: %s", lua_tostring(L, joined), count++ > 0 ? "; " : "", lua_tostring(L, -2),
                      lua_tostring(L, -1));
      lua_replace(L, joined);
    }
    lua_pop(L, 1);
  }
  if (count == 0) lua_pop(L, 1);
  return count > 0;
}

/* Pushes the place of FastAPI's error, as "body.purpose". */
static bool push_location(lua_State *L, int object) {
  int list;
  bool any = false;
  lua_getfield(L, object, "loc");
  list = lua_gettop(L);
  for (int i = 1; i <= MAX_LISTED && lua_type(L, list) == LUA_TTABLE; i++) {
    lua_rawgeti(L, list, i);
    if (!lua_isstring(L, -1)) {
      lua_pop(L, 1);
      break;
    }
    if (any) join(L, ".");
    any = true;
  }
  lua_remove(L, list);
  return any;
}

/* The headline, followed by its explanation. */
static bool push_object(lua_State *L, int object, int depth) {
  static const char *const headlines[] = {"message", "msg", "error_description", "title", "error", NULL};
  static const char *const explanations[] = {"detail", "details", "errors", "innererror", NULL};
  bool is_placed = push_location(L, object);
  bool has_headline = push_first(L, object, headlines, depth);
  if (is_placed && has_headline) join(L, ": ");
  if (is_placed && !has_headline) lua_pop(L, 1);
  if (!push_first(L, object, explanations, depth)) {
    lua_getfield(L, object, "errors");
    if (lua_type(L, -1) != LUA_TTABLE || !push_by_field(L, lua_gettop(L), depth)) {
      lua_pop(L, 1);
      return has_headline;
    }
    lua_remove(L, -2);
  }
  if (has_headline && lua_rawequal(L, -1, -2))
    lua_pop(L, 1);
  else if (has_headline)
    join(L, ": ");
  return true;
}

/* Replaces the value on top of the stack by its words, or pops it and returns false. */
static bool push_words_of_value(lua_State *L, int depth) {
  int value = lua_gettop(L);
  bool found = false;
  if (is_text(L)) return true;
  luaL_checkstack(L, 12, "too many words");
  if (lua_type(L, value) == LUA_TTABLE && depth > 0)
    found = is_list(L, value) ? push_list(L, value, depth - 1) : push_object(L, value, depth - 1);
  lua_remove(L, value);
  return found;
}

/* Pushes the table that holds the error: `error` where that is one, else the body. */
static void push_error(lua_State *L, int body) {
  lua_getfield(L, body, "error");
  if (lua_type(L, -1) == LUA_TTABLE) return;
  lua_pop(L, 1);
  lua_pushvalue(L, body);
}

bool lua_refusal_push_words(lua_State *L, int body) {
  push_error(L, body);
  return push_words_of_value(L, DEEPEST_WORDS);
}

/* Sets a field of the failure at `failure`, unless it is set, from one of the table on top of the stack. */
static void copy_detail(lua_State *L, int failure, const char *to, const char *from, bool may_be_number) {
  bool is_set;
  lua_getfield(L, failure, to);
  is_set = !lua_isnil(L, -1);
  lua_pop(L, 1);
  lua_getfield(L, -1, from);
  if (!is_set && (is_text(L) || (may_be_number && lua_type(L, -1) == LUA_TNUMBER)))
    lua_setfield(L, failure, to);
  else
    lua_pop(L, 1);
}

/* From the table on top of the stack, or the first of the list that it is. */
static void copy_all(lua_State *L, int failure) {
  if (lua_type(L, -1) == LUA_TTABLE) {
    if (is_list(L, lua_gettop(L))) {
      lua_rawgeti(L, -1, 1);
      lua_replace(L, -2);
    }
  }
  if (lua_type(L, -1) != LUA_TTABLE) return;
  copy_detail(L, failure, "type", "type", false);
  copy_detail(L, failure, "param", "param", false);
  copy_detail(L, failure, "param", "target", false);
  copy_detail(L, failure, "code", "code", true);
}

void lua_refusal_copy_details(lua_State *L, int body) {
  static const char *const inner[] = {"detail", "errors"};
  int failure = lua_gettop(L);
  bool has_error;
  push_error(L, body);
  has_error = !lua_rawequal(L, -1, body);
  copy_all(L, failure);
  for (int i = 0; i < 2 && !has_error; i++) {
    lua_getfield(L, body, inner[i]);
    copy_all(L, failure);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
}
