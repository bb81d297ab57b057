/* SPDX-License-Identifier: MIT */
/* Calls of the program's functions. */
#ifndef BINDING_LUA_PROGRAM_H
#define BINDING_LUA_PROGRAM_H

#include "http/http_client.h"
#include <lua.h>

/* Calls a function of the program, as lua_pcall does without a message handler. The function may use the
 * client: meanwhile the client counts how deep in the program's functions it is. */
int lua_program_call(lua_State *L, struct http_client *client, int arguments, int results);

#endif
