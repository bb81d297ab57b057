/* SPDX-License-Identifier: MIT */
#include "binding/lua_arguments.h"

#include "base/path_segment.h"
#include "binding/lua_checks.h"
#include "binding/lua_compat.h"
#include "binding/lua_fields.h"
#include "binding/lua_form.h"
#include "binding/lua_json.h"
#include "binding/lua_plain.h"
#include "uploads/upload_request.h"

#include <float.h>
#include <stdio.h>
#include <string.h>

/* The problem is on top of the stack. luaL_argerror would not know the function's name behind a pcall. */
static void raise_argument(lua_State *L, const struct service_call *call, int index) {
  luaL_error(L, "bad argument #%d to '%s' (%s)", index, call->name, lua_tostring(L, -1));
}

static void check_type(lua_State *L, const struct service_call *call, int index, int type, const char *what) {
  if (lua_type(L, index) == type) return;
  lua_pushfstring(L, "%s must be a %s, got %s", what, lua_typename(L, type), luaL_typename(L, index));
  raise_argument(L, call, index);
}

/* uploads:cancel(id) gives the client itself. */
static void check_dot(lua_State *L, const struct service_call *call) {
  if (!lua_checks_client(L, 1)) return;
  lua_pushfstring(L, "it is a client: write client.%s(...), with a dot in place of the colon", call->name);
  raise_argument(L, call, 1);
}

static void read_id(lua_State *L, const struct service_call *call, int index,
                    struct service_arguments *arguments) {
  const char *refusal;
  check_type(L, call, index, LUA_TSTRING, call->id_name);
  arguments->id = lua_tolstring(L, index, &arguments->id_length);
  refusal = path_segment_refusal(arguments->id, arguments->id_length);
  if (!refusal) return;
  lua_pushfstring(L, "%s %s", call->id_name, refusal);
  raise_argument(L, call, index);
}

/* Pushes the problem of the list on top of the stack, if there is one. A list with holes or named keys would
 * be sent as something else, or not at all. */
static void check_list(lua_State *L, const char *name) {
  int list = lua_gettop(L);
  lua_Integer count = 0;
  lua_pushnil(L);
  while (lua_next(L, list)) {
    count++;
    if (lua_type(L, -1) != LUA_TSTRING) {
      lua_pushfstring(L, "params.%s must hold strings, and holds a %s", name, luaL_typename(L, -1));
      return;
    }
    lua_pop(L, 1);
    lua_rawgeti(L, list, (int)count);
    if (lua_isnil(L, -1)) {
      lua_pushfstring(L, "params.%s must be a list, without holes or names", name);
      return;
    }
    lua_pop(L, 1);
  }
  if (count == 0) lua_pushfstring(L, "params.%s is empty", name);
}

/* Copies a field that only the table's metatable has to the copy at `copy`. */
static void copy_inherited(lua_State *L, const struct service_call *call, int index, int copy,
                           const char *name) {
  lua_getfield(L, copy, name);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    lua_getfield(L, index, name);
    if (lua_type(L, -1) == LUA_TTABLE && !lua_plain_push(L, lua_gettop(L), "params"))
      raise_argument(L, call, index);
    lua_setfield(L, copy, name);
  }
  lua_settop(L, copy);
}

static void check_field(lua_State *L, const struct service_call *call, int index, int copy,
                        const struct param_field *field) {
  lua_getfield(L, copy, field->name);
  if (lua_isnil(L, -1) && field->is_optional) {
    lua_settop(L, copy);
    return;
  }
  if (lua_isnil(L, -1))
    lua_pushfstring(L, "params.%s is missing", field->name);
  else if (lua_type(L, -1) != field->type)
    lua_pushfstring(L, "params.%s must be a %s, got %s", field->name, lua_typename(L, field->type),
                    luaL_typename(L, -1));
  else if (field->type == LUA_TNUMBER && !lua_checks_whole(lua_tonumber(L, -1), 0, DBL_MAX))
    lua_pushfstring(L, "params.%s must be a whole number that is not negative, got %s", field->name,
                    lua_tostring(L, -1));
  else if (field->type == LUA_TTABLE)
    check_list(L, field->name);
  if (lua_gettop(L) > copy + 1) raise_argument(L, call, index);
  lua_settop(L, copy);
}

/* Pushes a copy of the params, which is checked. The copy is what is sent. */
static int push_params(lua_State *L, const struct service_call *call, int index) {
  int copy;
  check_type(L, call, index, LUA_TTABLE, "params");
  if (!lua_plain_push(L, index, "params")) raise_argument(L, call, index);
  copy = lua_gettop(L);
  for (const struct param_field *field = call->fields; field->name; field++) {
    copy_inherited(L, call, index, copy, field->name);
    if (field->type != LUA_TNONE) check_field(L, call, index, copy, field);
  }
  return copy;
}

static void read_json(lua_State *L, const struct service_call *call, int index,
                      struct service_arguments *arguments) {
  int copy = push_params(L, call, index);
  if (!lua_json_encode(L, copy)) raise_argument(L, call, index);
  arguments->json = lua_tolstring(L, -1, &arguments->json_length);
}

enum { MAX_QUERY_FIELDS = 8 };

/* A key that no field has is an error. */
static void check_query(lua_State *L, const struct service_call *call, int index, int copy) {
  const char *names[MAX_QUERY_FIELDS + 1] = {NULL};
  for (int i = 0; i < MAX_QUERY_FIELDS && call->fields[i].name; i++) names[i] = call->fields[i].name;
  if (!lua_fields_check_names(L, copy, names)) raise_argument(L, call, index);
}

/* Returns the stack index of the checked params; 0: there are none. */
static int read_query(lua_State *L, const struct service_call *call, int index) {
  int copy;
  if (lua_isnil(L, index)) return 0;
  copy = push_params(L, call, index);
  check_query(L, call, index, copy);
  return copy;
}

enum { WHOLE_NUMBER_SIZE = 320 }; /* the greatest double has 309 digits */

/* The value of a field, which is on top of the stack, as text. A whole number is written without a point. */
static const char *query_text(lua_State *L, char number[WHOLE_NUMBER_SIZE], size_t *length) {
  if (lua_type(L, -1) == LUA_TSTRING) return lua_tolstring(L, -1, length);
  *length = (size_t)snprintf(number, WHOLE_NUMBER_SIZE, "%.0f", lua_tonumber(L, -1));
  return number;
}

bool lua_arguments_add_query(lua_State *L, const struct service_call *call,
                             const struct lua_arguments *arguments, struct request_additions *additions,
                             struct failure *failure) {
  bool added = true;
  if (!arguments->query) return true;
  for (const struct param_field *field = call->fields; field->name && added; field++) {
    char number[WHOLE_NUMBER_SIZE];
    size_t length;
    const char *text;
    lua_getfield(L, arguments->query, field->name);
    if (!lua_isnil(L, -1)) {
      text = query_text(L, number, &length);
      added = request_additions_add_query(additions, field->name, strlen(field->name), text, length, failure);
    }
    lua_pop(L, 1);
  }
  return added;
}

static void read_part(lua_State *L, const struct service_call *call, int index, struct lua_part *part) {
  check_type(L, call, index, LUA_TTABLE, "params");
  if (!lua_part_read(L, index, lua_part_names, UPLOAD_REQUEST_MAX_PART_BYTES, part))
    raise_argument(L, call, index);
}

static void read_form(lua_State *L, const struct service_call *call, int index,
                      struct lua_arguments *arguments) {
  check_type(L, call, index, LUA_TTABLE, "params");
  if (!lua_form_read(L, index, &arguments->part, &arguments->of_request)) raise_argument(L, call, index);
}

static void read_receiver(lua_State *L, const struct service_call *call, int index,
                          struct lua_receiver *receiver) {
  check_type(L, call, index, LUA_TTABLE, "params");
  if (!lua_receiver_read(L, index, receiver)) raise_argument(L, call, index);
}

void lua_arguments_read(lua_State *L, const struct service_call *call, struct lua_arguments *arguments) {
  int index = 0;
  int options = 1 + (call->id_name ? 1 : 0) + (call->params != PARAMS_NONE ? 1 : 0);
  int count = lua_gettop(L);
  lua_settop(L, count < options
                    ? options
                    : count); /* a missing argument is nil, and not a value that is pushed later */
  check_dot(L, call);
  if (call->id_name) read_id(L, call, ++index, &arguments->of_request);
  if (!lua_isnil(L, options)) check_type(L, call, options, LUA_TTABLE, "options");
  switch (call->params) {
  case PARAMS_JSON: read_json(L, call, ++index, &arguments->of_request); break;
  case PARAMS_QUERY: arguments->query = read_query(L, call, ++index); break;
  case PARAMS_PART: read_part(L, call, ++index, &arguments->part); break;
  case PARAMS_FORM: read_form(L, call, ++index, arguments); break;
  case PARAMS_RECEIVER: read_receiver(L, call, ++index, &arguments->receiver); break;
  case PARAMS_NONE: break;
  }
  arguments->options = lua_isnil(L, options) ? 0 : options;
}
