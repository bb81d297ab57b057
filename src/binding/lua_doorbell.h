/* SPDX-License-Identifier: MIT */
/* The doorbell as a userdata, for the Lua side of hosts that need one. */
#ifndef BINDING_LUA_DOORBELL_H
#define BINDING_LUA_DOORBELL_H

#include <lua.h>

/* To be called once a Lua state, before lua_doorbell_new. */
void lua_doorbell_open(lua_State *L);

/* doorbell() -> bell, port, token; or nil and why. bell:arm(descriptor) -> whether it can ring for that;
 * bell:close(). */
int lua_doorbell_new(lua_State *L);

#endif
