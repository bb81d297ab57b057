/* SPDX-License-Identifier: MIT */
/* The service's objects as plain Lua tables. */
#ifndef BINDING_LUA_OBJECT_H
#define BINDING_LUA_OBJECT_H

#include "http/transfer.h"
#include <lua.h>
#include <stdbool.h>

/* Pushes the object that a transfer's 2xx brought: a table that is as expected, without the nulls of objects,
 * integers as integers. Of an answer that went into a sink: `id`, `bytes` and `mime_type`. When it brought
 * none, pushes the reason and returns false. */
bool lua_object_push_decoded(lua_State *L, const struct transfer *transfer);

/* Drops the nulls of objects and all metatables in the table on top of the stack, and makes integers of
 * floats that are whole. False when it is nested so deep that it cannot be an answer of the service. */
bool lua_object_normalize(lua_State *L);

#endif
