/* SPDX-License-Identifier: MIT */
/* Plain copies of a program's tables. Each field is read once, so that the checked value is the value in use,
 * whatever metamethods or other coroutines do to the table meanwhile. */
#ifndef BINDING_LUA_PLAIN_H
#define BINDING_LUA_PLAIN_H

#include <lua.h>
#include <stdbool.h>

/* Pushes a deep copy of the table at `index`, made without metamethods. Or pushes the problem, as a text that
 * begins with `what`, and returns false: the table contains itself, or is deeper or larger than any request.
 * Values that are not tables are copied as they are. */
bool lua_plain_push(lua_State *L, int index, const char *what);

/* plain(table, what) -> the same copy, or nil and the problem */
int lua_plain_copy(lua_State *L);

#endif
