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
  int type;         /* LUA_TSTRING, or LUA_TNUMBER for a whole number from 0 up */
};

/* A call of the service, as Lua sees it: name([upload_id,] [params,] [options]). */
struct service_call {
  const char *name;
  bool takes_id;
  const struct required_field *required; /* of its params; NULL: it takes none */
  upload_request_function *build;
};

/* Fills `arguments` with texts that the Lua stack keeps alive. Returns where the options stand, 0 when there
 * are none. */
int lua_arguments_read(lua_State *L, const struct service_call *call, struct upload_arguments *arguments);

#endif
