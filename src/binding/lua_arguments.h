/* SPDX-License-Identifier: MIT */
/* The arguments of a call of the service: what it takes, and how they are checked. What is wrong raises at
 * the caller's line and names the argument. */
#ifndef BINDING_LUA_ARGUMENTS_H
#define BINDING_LUA_ARGUMENTS_H

#include "client/upload_request.h"
#include <lua.h>

/* What a parameter table must have. */
struct required_field {
  const char *name; /* NULL ends a list */
  int type; /* LUA_TSTRING; LUA_TNUMBER: a whole number from 0 up; LUA_TTABLE: a list of strings, not empty */
};

/* A call of the service, as Lua sees it: name([upload_id,] [params,] [options]). */
struct service_call {
  const char *name; /* with a dot: in a table of its own */
  bool takes_id;
  bool takes_part;                       /* its params are those of lua_part */
  const struct required_field *required; /* of params that are sent as JSON; NULL: it takes none */
  upload_request_function *build;
};

/* Fills `arguments` with texts that the Lua stack keeps alive. Returns where the options stand, 0 when there
 * are none. */
int lua_arguments_read(lua_State *L, const struct service_call *call, struct upload_arguments *arguments);

/* Where the params of a call stand that takes a part. */
int lua_arguments_part(const struct service_call *call);

#endif
