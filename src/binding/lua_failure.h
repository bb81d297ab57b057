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

/* The same for one that C met. Raises when it is want of memory. */
void lua_failure_push_plain(lua_State *L, const struct failure *failure);

/* Pushes the failure of a transfer that is waiting or done. Raises when that failure is want of memory. */
void lua_failure_push(lua_State *L, const struct transfer *transfer);

/* Replaces what a pcall caught, on top of the stack, by its text. */
void lua_failure_describe_raised(lua_State *L);

/* Running out of memory is raised, as Lua does it: without a position. */
_Noreturn void lua_failure_raise_out_of_memory(lua_State *L);

/* Whether it is what a pcall of that status caught, which is on top of the stack. */
bool lua_failure_is_out_of_memory(lua_State *L, int status);

/* Pushes the last answer's headers, names in lower case, several values of one joined by ", ". */
void lua_failure_push_headers(lua_State *L, const struct http_response *response);

#endif
