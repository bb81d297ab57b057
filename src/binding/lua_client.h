/* SPDX-License-Identifier: MIT */
/* The client: a table of functions that share one userdata. Here Lua's arguments become requests, and here
 * the engine is driven. */
#ifndef BINDING_LUA_CLIENT_H
#define BINDING_LUA_CLIENT_H

#include <lua.h>

/* To be called once a Lua state, before lua_client_new. */
void lua_client_open(lua_State *L);

/* client([settings [, wait]]) -> table of functions, and await(descriptor, options), a
 * transfer that is done once the descriptor is readable.
 * With a table, the settings are read and completed from the environment now; without, at the first call.
 * `wait(transfer, seconds)` takes the place of that method for the client's transfers. */
int lua_client_new(lua_State *L);

#endif
