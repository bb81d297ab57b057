/* SPDX-License-Identifier: MIT */
/* The arguments of a call of the service, and their checks. A wrong argument raises an error at the caller's
 * line that names the argument. */
#ifndef BINDING_LUA_ARGUMENTS_H
#define BINDING_LUA_ARGUMENTS_H

#include "binding/lua_part.h"
#include "uploads/upload_request.h"
#include <lua.h>

/* A field of a parameter table. It may be inherited through a metatable's __index, as may all fields of
 * lua_part's. */
struct param_field {
  const char *name; /* NULL ends a list */
  int type; /* LUA_TSTRING; LUA_TNUMBER: a whole number from 0 up; LUA_TTABLE: a list of strings, not empty;
               LUA_TNONE: it need not be there, and the service knows what it must be */
};

/* A call of the service in Lua: name([upload_id,] [params,] [options]). */
struct service_call {
  const char *name; /* with a dot: in a table of its own */
  bool takes_id;
  bool takes_part;                  /* its params are those of lua_part */
  const struct param_field *fields; /* of params that are sent as JSON; NULL: the call has none */
  upload_request_function *build;
  double usual_timeout; /* seconds, when neither the client nor the call sets a timeout */
};

/* The arguments of one call, each read once. The Lua stack keeps their texts and values alive. */
struct lua_arguments {
  struct upload_arguments of_request;
  struct lua_part part; /* when the call takes one */
  int options;          /* stack index; 0: none */
};

void lua_arguments_read(lua_State *L, const struct service_call *call, struct lua_arguments *arguments);

#endif
