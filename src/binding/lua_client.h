/* SPDX-License-Identifier: MIT */
/* The client: a table of functions that share one userdata. It turns Lua's arguments into requests, and
 * drives the engine. */
#ifndef BINDING_LUA_CLIENT_H
#define BINDING_LUA_CLIENT_H

#include <lua.h>

/* To be called once a Lua state, before lua_client_new. */
void lua_client_open(lua_State *L);

/* client([settings [, wait]]) -> table of functions, await(descriptor, options), a transfer that is done
 * once the descriptor is readable; and the functions of the table `start`, for callers that ask for timeout()
 * before they wait. With settings, the client is set up now, with the environment's values;
 * without, at the first call. `wait(transfer, seconds)` replaces that method of the client's transfers. */
int lua_client_new(lua_State *L);

#endif
