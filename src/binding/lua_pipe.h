/* SPDX-License-Identifier: MIT */
/* A pipe that Lua's io library has open, as a userdata for our Lua modules, which read it without waiting. */
#ifndef BINDING_LUA_PIPE_H
#define BINDING_LUA_PIPE_H

#include <lua.h>

/* To be called once a Lua state, before the other. */
void lua_pipe_open(lua_State *L);

/* pipe(file) -> pipe, which keeps the file; nil when the value is no open file, or is one that cannot be read
 * so. pipe:read() -> bytes; "" when there are none for now; nil at the end; nil and a failure.
 * pipe:descriptor() -> one that is readable when `read` has something; -1 when it has at once. */
int lua_pipe_new(lua_State *L);

#endif
