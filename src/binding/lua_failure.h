/* SPDX-License-Identifier: MIT */
/* Failures as Lua tables, with a metatable that makes one line of them. */
#ifndef BINDING_LUA_FAILURE_H
#define BINDING_LUA_FAILURE_H

#include "http/transfer.h"
#include <lua.h>

/* To be called once a Lua state, before the others. */
void lua_failure_open(lua_State *L);

/* failure(kind, message) -> a failure of a call for which nothing was begun */
int lua_failure_new(lua_State *L);

/* The same for a failure in C. Raises when memory ran out. */
void lua_failure_push_plain(lua_State *L, const struct failure *failure);

/* Pushes the failure of a transfer that is waiting or done. Raises when memory ran out for the call. */
void lua_failure_push(lua_State *L, const struct transfer *transfer);

/* Pushes the last answer's headers, names in lower case, several values of one joined by ", ". */
void lua_failure_push_headers(lua_State *L, const struct http_response *response);

#endif
