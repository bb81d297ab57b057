/* SPDX-License-Identifier: MIT */
/* The arguments of a call of the service, and their checks. A wrong argument raises an error at the caller's
 * line that names the argument. */
#ifndef BINDING_LUA_ARGUMENTS_H
#define BINDING_LUA_ARGUMENTS_H

#include "binding/lua_part.h"
#include "binding/lua_receiver.h"
#include "uploads/service_request.h"
#include <lua.h>

/* A field of a parameter table. It may be inherited through a metatable's __index, as may all fields of
 * lua_part's. */
struct param_field {
  const char *name; /* NULL ends a list */
  int type; /* LUA_TSTRING; LUA_TNUMBER: a whole number from 0 up; LUA_TTABLE: a list of strings, not empty;
               LUA_TNONE: it need not be there, and the service knows what it must be */
  bool is_optional;
};

/* How a call takes its params: sent as JSON, with fields that it does not know; as a query, which may be
 * absent and has only the fields that it knows; or those of lua_part, of lua_form or of lua_receiver. */
enum params_kind { PARAMS_NONE, PARAMS_JSON, PARAMS_QUERY, PARAMS_PART, PARAMS_FORM, PARAMS_RECEIVER };

/* A call of the service in Lua: name([id,] [params,] [options]). */
struct service_call {
  const char *name;    /* with a dot: in a table of its own */
  const char *id_name; /* of its first argument, in a message; NULL: it takes no id */
  enum params_kind params;
  const struct param_field *fields; /* of JSON or a query */
  service_request_function *build;
  double usual_timeout; /* seconds, when neither the client nor the call sets a timeout */
};

/* The arguments of one call, each read once. The Lua stack keeps their texts and values alive. */
struct lua_arguments {
  struct service_arguments of_request;
  struct lua_part part;         /* when the call takes one */
  struct lua_receiver receiver; /* the same */
  int query;                    /* stack index of the table that is sent as a query; 0: none */
  int options;                  /* stack index; 0: none */
};

void lua_arguments_read(lua_State *L, const struct service_call *call, struct lua_arguments *arguments);

/* Adds the params of a query, if there are any, to the additions of a call, which belong to a userdata. Fails
 * with `configuration` when they are too long. */
bool lua_arguments_add_query(lua_State *L, const struct service_call *call,
                             const struct lua_arguments *arguments, struct request_additions *additions,
                             struct failure *failure);

#endif
