/* SPDX-License-Identifier: MIT */
/* Checks of values that C and our Lua modules share. */
#ifndef BINDING_LUA_CHECKS_H
#define BINDING_LUA_CHECKS_H

#include <lua.h>
#include <stdbool.h>
#include <stdint.h>

/* Whether `number` is whole, and from `min` to `max`. */
bool lua_checks_whole(lua_Number number, lua_Number min, lua_Number max);

/* Pushes a number of bytes: an integer where Lua's have room for it. */
void lua_checks_push_bytes(lua_State *L, int64_t bytes);

/* is_whole(value [, min [, max]]) -> whether it is a whole number from min (0) to max (no limit) */
int lua_checks_is_whole(lua_State *L);

/* Whether the value at `index` is a client: a colon was written in place of a dot. */
bool lua_checks_client(lua_State *L, int index);

/* is_client(value) -> the same */
int lua_checks_is_client(lua_State *L);

/* nearest_name(name, known) -> the key of `known` that the name was probably meant to be; nil: none is near
 */
int lua_checks_nearest_name(lua_State *L);

#endif
