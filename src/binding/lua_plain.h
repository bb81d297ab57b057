/* SPDX-License-Identifier: MIT */
/* Plain copies of tables that a program hands over: each field is read once, so that what is checked is what
 * is used, whatever the table's metamethods or other coroutines do to it meanwhile. */
#ifndef BINDING_LUA_PLAIN_H
#define BINDING_LUA_PLAIN_H

#include <lua.h>
#include <stdbool.h>

/* Pushes a copy of the table at `index`, as deep as it goes, made without metamethods. Or pushes what is
 * wrong with it, which begins with `what`, and returns false: it contains itself, or is deeper or larger than
 * anything that is sent. Values that are no tables are the same ones, of whatever type. */
bool lua_plain_push(lua_State *L, int index, const char *what);

/* plain(table, what) -> the same copy, or nil and what is wrong */
int lua_plain_copy(lua_State *L);

#endif
