/* SPDX-License-Identifier: MIT */
/* Calls of the program's functions. */
#ifndef BINDING_LUA_PROGRAM_H
#define BINDING_LUA_PROGRAM_H

#include "http/http_client.h"
#include <lua.h>

/* Calls a function of the program, as lua_pcall does without a message handler. The function may use the
 * client: meanwhile the client counts how deep in the program's functions it is. */
int lua_program_call(lua_State *L, struct http_client *client, int arguments, int results);

/* Calls the function below the arguments on top of the stack, for that many results. False when it raised,
 * with `failure` filled as `aborted`; `name` is its name there. `*is_running`, if given, is false when it has
 * returned, also where memory ran out or Ctrl-C was raised, which are raised again. */
bool lua_program_ask(lua_State *L, struct http_client *client, const char *name, int arguments, int results,
                     bool *is_running, struct failure *failure);

#endif
