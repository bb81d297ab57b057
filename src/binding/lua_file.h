/* SPDX-License-Identifier: MIT */
/* A regular file as a userdata, for our Lua modules: it is opened once, and all parts are read from it. */
#ifndef BINDING_LUA_FILE_H
#define BINDING_LUA_FILE_H

#include "base/regular_file.h"
#include <lua.h>

/* To be called once a Lua state, before the others. */
void lua_file_open(lua_State *L);

/* open_file(path) -> file, or nil and a failure. file:size() -> bytes; file:problem() -> nil, or a failure
 * when the file has changed since it was opened; file:close(). */
int lua_file_new(lua_State *L);

/* spool() -> a temporary file without a name and of no bytes, or nil and a failure. Beside the above,
 * file:append(text) -> true, or nil and a failure. */
int lua_file_new_spool(lua_State *L);

/* Returns the file at `index`, NULL when the value is not one, or is closed. It stays the userdata's. */
const struct regular_file *lua_file_test(lua_State *L, int index);

#endif
