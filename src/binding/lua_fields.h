/* SPDX-License-Identifier: MIT */
/* Reads fields of params that C uses itself. Each is read once, because an __index may answer differently the
 * next time. What returns false has pushed the problem, a text. */
#ifndef BINDING_LUA_FIELDS_H
#define BINDING_LUA_FIELDS_H

#include <lua.h>
#include <stdbool.h>
#include <stdint.h>

/* Pushes a text; returns false. */
bool lua_fields_complain(lua_State *L, const char *what);

/* Whether the table at `index` has only keys that are among `names`, which NULL ends. */
bool lua_fields_check_names(lua_State *L, int index, const char *const names[]);

/* Pushes a field, and returns its stack index. */
int lua_fields_push(lua_State *L, int index, const char *name);

/* Reads a whole number, if the field is set; else `*number` is unchanged. */
bool lua_fields_read_whole(lua_State *L, int index, const char *name, int64_t *number);

/* Fills `*is_set`; an absent field is false. */
bool lua_fields_read_boolean(lua_State *L, int index, const char *name, bool *is_set);

/* Whether the value at `value`, that of the field `name`, is a text that is not empty and has no NUL in it.
 * `what` it must be: "a path". */
bool lua_fields_check_text(lua_State *L, int value, const char *name, const char *what);

#endif
