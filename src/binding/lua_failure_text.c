/* SPDX-License-Identifier: MIT */
#include "binding/lua_failure_text.h"

#include "binding/lua_compat.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

void lua_failure_text_push_line(lua_State *L, const char *text, size_t length) {
  luaL_Buffer line;
  luaL_buffinit(L, &line);
  for (size_t i = 0; i < length; i++)
    luaL_addchar(&line, (unsigned char)text[i] < ' ' || text[i] == 127 ? ' ' : text[i]);
  luaL_pushresult(&line);
}

/* Pushes `before` and a field of the failure at index 1, as one line; nothing when there is no such field.
 * Returns how many values it pushed. */
static int push_field(lua_State *L, const char *before, const char *field) {
  size_t length;
  const char *text;
  lua_pushstring(L, before);
  lua_getfield(L, 1, field);
  text = lua_tolstring(L, -1, &length);
  if (!text) {
    lua_pop(L, 2);
    return 0;
  }
  lua_failure_text_push_line(L, text, length);
  lua_remove(L, -2);
  return 2;
}

/* The same for what `may_have_applied` means. */
static int push_doubt(lua_State *L) {
  bool in_doubt;
  lua_getfield(L, 1, "may_have_applied");
  in_doubt = lua_toboolean(L, -1);
  lua_pop(L, 1);
  if (in_doubt) lua_pushliteral(L, "; the service may have acted on it");
  return in_doubt ? 1 : 0;
}

/* Pushes "after 3 attempts", where there were several. Returns how many pieces were pushed. */
static int push_attempts(lua_State *L, const char *before) {
  lua_Integer attempts;
  lua_getfield(L, 1, "attempts");
  attempts = lua_tointeger(L, -1);
  lua_pop(L, 1);
  if (attempts < 2) return 0;
  lua_pushfstring(L, "%safter %d attempts", before, (int)attempts);
  return 1;
}

/* Whether the message names the status itself, as ours for an answer without words do. */
static bool message_has_status(lua_State *L) {
  const char *message, *status;
  bool has_status;
  lua_getfield(L, 1, "message");
  lua_getfield(L, 1, "status");
  message = lua_tostring(L, -2);
  status = lua_tostring(L, -1) ? lua_pushfstring(L, "HTTP %s", lua_tostring(L, -1)) : NULL;
  has_status = message && status && strstr(message, status);
  lua_pop(L, status ? 3 : 2);
  return has_status;
}

enum { MAX_TOLD_WAIT = 1000000000 }; /* seconds; beyond it the number says nothing */

/* Pushes "retry after 30 s", where the service asked for that. Returns how many pieces were pushed. */
static int push_wait(lua_State *L, const char *before) {
  char seconds[32];
  lua_Number wait;
  lua_getfield(L, 1, "retry_after");
  wait = lua_tonumber(L, -1);
  lua_pop(L, 1);
  if (!(wait > 0 && wait <= MAX_TOLD_WAIT)) return 0;
  snprintf(seconds, sizeof seconds, "%.10g", (double)wait);
  lua_pushfstring(L, "%sretry after %s s", before, seconds);
  return 1;
}

/* "not_found: No such Upload (HTTP 404, request req_7f3a)"; and what was done about it, where that is told.
 */
static int text_tostring(lua_State *L) {
  int pieces, notes;
  luaL_checktype(L, 1, LUA_TTABLE);
  pieces = push_field(L, "", "kind");
  pieces += push_field(L, ": ", "message");
  notes = message_has_status(L) ? 0 : push_field(L, " (HTTP ", "status");
  notes += push_field(L, notes ? ", request " : " (request ", "request_id");
  notes += push_attempts(L, notes ? ", " : " (");
  notes += push_wait(L, notes ? ", " : " (");
  if (notes) lua_pushliteral(L, ")");
  pieces += notes + (notes ? 1 : 0);
  pieces += push_doubt(L);
  pieces += push_field(L, "; ", "aftermath");
  lua_concat(L, pieces);
  return 1;
}

static void push_text_of(lua_State *L, int index) {
  lua_getglobal(L, "tostring");
  lua_pushvalue(L, index);
  lua_call(L, 1, 1);
}

static int text_concat(lua_State *L) {
  push_text_of(L, 1);
  push_text_of(L, 2);
  lua_concat(L, 2);
  return 1;
}

static const luaL_Reg text_methods[] = {
    {"__tostring", text_tostring},
    {"__concat", text_concat},
    {NULL, NULL},
};

void lua_failure_text_set(lua_State *L) {
  compat_setfuncs(L, text_methods, 0);
}
