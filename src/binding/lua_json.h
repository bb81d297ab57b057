/* SPDX-License-Identifier: MIT */
/* A lua-cjson of our own: other users of cjson in the process neither see our settings nor we theirs. */
#ifndef BINDING_LUA_JSON_H
#define BINDING_LUA_JSON_H

#include <lua.h>
#include <stdbool.h>

/* Loads cjson. Any table with the functions `decode`, `encode` and `new` serves, as docs/install.md tells.
 * Raises when there is none. To be called once a Lua state, before the others. */
void lua_json_open(lua_State *L);

/* Pushes the decoded value, which may be nested as deep as memory allows; or pushes cjson's error and returns
 * false. Raises only when memory runs out. */
bool lua_json_decode(lua_State *L, const char *text, size_t length);

/* Pushes the string at `index` (absolute) with U+FFFD for everything that is not UTF-8. */
void lua_json_push_utf8(lua_State *L, int index);

/* Pushes the encoding of the value at `index`, which is always UTF-8; or pushes cjson's error and returns
 * false. */
bool lua_json_encode(lua_State *L, int index);

/* Whether the table at `index` has the metatable by which some versions of cjson mark arrays, and pushes
 * that. */
bool lua_json_is_array(lua_State *L, int index);

#endif
