/* SPDX-License-Identifier: MIT */
/* A block of bytes as a userdata, for our Lua modules: the buffer of a part that comes from a stream. Its
 * memory is outside Lua's, so that the collector does not wait for as much garbage again. */
#ifndef BINDING_LUA_BLOCK_H
#define BINDING_LUA_BLOCK_H

#include "base/byte_block.h"
#include <lua.h>

/* To be called once a Lua state, before the others. */
void lua_block_open(lua_State *L);

/* block(capacity) -> block; raises when memory runs out. block:append(text, first) -> how many bytes of the
 * text, from that one on, had room; block:size(); block:clear(), unless a part is being read from it;
 * block:close(). */
int lua_block_new(lua_State *L);

/* Returns the block at `index`, NULL when the value is not one, or is closed. It stays the userdata's. */
struct byte_block *lua_block_test(lua_State *L, int index);

#endif
