/* SPDX-License-Identifier: MIT */
#include "binding/lua_plain.h"

#include "binding/lua_compat.h"
#include "binding/lua_json.h"

#include <string.h>

enum {
  DEEPEST = 100,
  MAX_VALUES = 1000 * 1000, /* a table that is referenced many times is not a cycle, but its copy grows */
  MAX_TEXT_BYTES = 64 * 1024 * 1024 /* more than fits into a body, which is checked elsewhere */
};

/* The state of the copying. It refers to tables on the stack only. */
struct place {
  const char *what;
  const char *field; /* the field of the whole; NULL at its top, or for a key that is not a name */
  const void *tables[DEEPEST];
  int depth;
  size_t values, text_bytes;
};

static bool complain(lua_State *L, const struct place *place, const char *problem) {
  lua_pushfstring(L, place->field ? "%s.%s %s" : "%s%s %s", place->what, place->field ? place->field : "",
                  problem);
  return false;
}

static bool enter_table(lua_State *L, struct place *place, int index) {
  const void *table = lua_topointer(L, index);
  for (int i = 0; i < place->depth; i++)
    if (place->tables[i] == table) return complain(L, place, "contains itself");
  if (place->depth == DEEPEST) return complain(L, place, "is nested too deep");
  place->tables[place->depth++] = table;
  luaL_checkstack(L, 8, "no room for a copy");
  return true;
}

/* The string, if it is one, is left as it is. */
static bool count(lua_State *L, struct place *place, int index) {
  size_t length = 0;
  if (lua_type(L, index) == LUA_TSTRING) lua_tolstring(L, index, &length);
  place->text_bytes += length;
  if (++place->values > MAX_VALUES) return complain(L, place, "holds too many values");
  return place->text_bytes <= MAX_TEXT_BYTES || complain(L, place, "holds too much text");
}

/* NOLINTBEGIN(misc-no-recursion): DEEPEST bounds it */
static bool push_copy(lua_State *L, struct place *place, int from);

/* Pushes the copy of the value on top of the stack. */
static bool push_value(lua_State *L, struct place *place) {
  if (!count(L, place, -1)) return false;
  if (lua_type(L, -1) == LUA_TTABLE) return push_copy(L, place, lua_gettop(L));
  lua_pushvalue(L, -1);
  return true;
}

static bool push_copy(lua_State *L, struct place *place, int from) {
  int copy;
  if (!enter_table(L, place, from)) return false;
  lua_newtable(L);
  copy = lua_gettop(L);
  if (lua_json_is_array(L, from)) lua_setmetatable(L, copy);
  lua_pushnil(L);
  while (lua_next(L, from)) {
    if (place->depth == 1) place->field = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : NULL;
    if (!count(L, place, -2) || !push_value(L, place)) return false;
    lua_pushvalue(L, -3);
    lua_insert(L, -2);
    lua_rawset(L, copy);
    lua_pop(L, 1);
  }
  place->depth--;
  return true;
}
/* NOLINTEND(misc-no-recursion) */

bool lua_plain_push(lua_State *L, int index, const char *what) {
  struct place place = {.what = what};
  return push_copy(L, &place, index);
}

int lua_plain_copy(lua_State *L) {
  const char *what = luaL_checkstring(L, 2);
  luaL_checktype(L, 1, LUA_TTABLE);
  if (lua_plain_push(L, 1, what)) return 1;
  lua_pushnil(L);
  lua_insert(L, -2);
  return 2;
}
