/* SPDX-License-Identifier: MIT */
/* The calls of the service. A new one is a row here, its request in upload_request or file_request, its types
 * in types.lua. */
#ifndef BINDING_LUA_SERVICE_CALLS_H
#define BINDING_LUA_SERVICE_CALLS_H

#include "binding/lua_arguments.h"

/* Pushes a table that has `function` for each call, in a nested table where the name has a dot. The first
 * upvalue of the function is the userdata, and the second is for lua_service_calls_current. */
void lua_service_calls_push(lua_State *L, int userdata, lua_CFunction function);

/* The call whose function runs. */
const struct service_call *lua_service_calls_current(lua_State *L);

#endif
