/* SPDX-License-Identifier: MIT */
/* The values that a call returns to Lua. */
#ifndef BINDING_LUA_RESULT_H
#define BINDING_LUA_RESULT_H

#include "binding/lua_transfer.h"
#include <lua.h>

/* Decodes the 2xx of a done transfer, and keeps the object for lua_result_take. When it is not an answer to
 * the call, the transfer fails. Does nothing when that is decided. `userdata`: stack index of the transfer's.
 */
void lua_result_decide(lua_State *L, int userdata);

/* Decides the same if that has not been done, and pushes the call's return values: the object, or nil and the
 * failure; after either the response when the call asked for it. Returns how many. */
int lua_result_take(lua_State *L, int userdata);

#endif
