/* SPDX-License-Identifier: MIT */
/* The values that a call returns to Lua. */
#ifndef BINDING_LUA_RESULT_H
#define BINDING_LUA_RESULT_H

#include "binding/lua_transfer.h"
#include <lua.h>

/* Decodes the 2xx of a done transfer and keeps the object for lua_result_take. When it is no answer to the
 * call, the transfer fails. Does nothing where that is decided. `userdata`: where the transfer's stands. */
void lua_result_decide(lua_State *L, int userdata);

/* Decides the same where that has not been done, and pushes what the call returns: the object, or nil and the
 * failure; after either the response when the call asked for it. Returns how many values. */
int lua_result_take(lua_State *L, int userdata);

#endif
