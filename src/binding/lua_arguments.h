/* SPDX-License-Identifier: MIT */
/* The arguments of a call of the service: what it takes, and how they are checked. What is wrong raises at
 * the caller's line and names the argument. */
#ifndef BINDING_LUA_ARGUMENTS_H
#define BINDING_LUA_ARGUMENTS_H

#include "binding/lua_part.h"
#include "uploads/upload_request.h"
#include <lua.h>

/* A field of a parameter table that it may inherit from a metatable's __index, as it may all fields of
 * lua_part's. */
struct param_field {
  const char *name; /* NULL ends a list */
  int type; /* LUA_TSTRING; LUA_TNUMBER: a whole number from 0 up; LUA_TTABLE: a list of strings, not empty;
               LUA_TNONE: it need not be there, and the service knows what it must be */
};

/* A call of the service, as Lua sees it: name([upload_id,] [params,] [options]). */
struct service_call {
  const char *name; /* with a dot: in a table of its own */
  bool takes_id;
  bool takes_part;                  /* its params are those of lua_part */
  const struct param_field *fields; /* of params that are sent as JSON; NULL: it takes none */
  upload_request_function *build;
  double usual_timeout; /* seconds, where neither the client nor the call sets one */
};

/* The arguments of one call, each read once. Their texts and values are kept alive by the Lua stack. */
struct lua_arguments {
  struct upload_arguments of_request;
  struct lua_part part; /* where the call takes one */
  int options;          /* where they stand; 0: there are none */
};

void lua_arguments_read(lua_State *L, const struct service_call *call, struct lua_arguments *arguments);

#endif
