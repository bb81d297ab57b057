/* SPDX-License-Identifier: MIT */
/* The service's objects as plain Lua tables. */
#ifndef BINDING_LUA_OBJECT_H
#define BINDING_LUA_OBJECT_H

#include "http/transfer.h"
#include <lua.h>
#include <stdbool.h>

/* Pushes the object that a transfer's 2xx brought. When it brought none, pushes why, makes that the
 * transfer's failure, and returns false. */
bool lua_object_push_answer(lua_State *L, struct transfer *transfer);

/* Pushes the object that `text` holds: a table with a string `id` that is as expected; nulls of objects left
 * out; integers as integers. Else pushes what is wrong with it and returns false. */
bool lua_object_decode(lua_State *L, const char *text, size_t length, const struct expected_answer *expected);

/* Applies the same rules for nulls and integers to the table on top of the stack. */
void lua_object_normalize(lua_State *L);

#endif
