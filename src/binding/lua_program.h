/* SPDX-License-Identifier: MIT */
/* Calls of the program's functions. */
#ifndef BINDING_LUA_PROGRAM_H
#define BINDING_LUA_PROGRAM_H

#include "http/http_client.h"
#include <lua.h>

/* lua_pcall, without a message handler, of a function that may use the client itself: while it runs, the
 * client knows how deep in the program's functions it is. */
int lua_program_call(lua_State *L, struct http_client *client, int arguments, int results);

#endif
