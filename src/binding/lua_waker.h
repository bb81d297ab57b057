/* SPDX-License-Identifier: MIT */
/* The waker as a userdata, for hosts that need one. */
#ifndef BINDING_LUA_WAKER_H
#define BINDING_LUA_WAKER_H

#include <lua.h>

/* To be called once a Lua state, before lua_waker_new. */
void lua_waker_open(lua_State *L);

/* waker() -> bell, port, token; or nil and the reason. bell:arm(descriptor) -> whether it can ring for that
 * one; bell:close(). */
int lua_waker_new(lua_State *L);

#endif
