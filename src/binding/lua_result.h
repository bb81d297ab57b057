/* SPDX-License-Identifier: MIT */
/* The values that a call returns to Lua. */
#ifndef BINDING_LUA_RESULT_H
#define BINDING_LUA_RESULT_H

#include "binding/lua_transfer.h"
#include <lua.h>

/* Pushes the result of a transfer that is done: the object, or nil and the failure; after either the response
 * when the call asked for it. Returns how many values. A 2xx whose body is no such object becomes a failure
 * here. */
int lua_result_push(lua_State *L, const struct lua_transfer *holder);

#endif
