/* SPDX-License-Identifier: MIT */
/* The MD5 of a file or a string, computed by a thread, as a userdata for our Lua modules. */
#ifndef BINDING_LUA_DIGEST_H
#define BINDING_LUA_DIGEST_H

#include <lua.h>

/* To be called once a Lua state, before lua_digest_new. */
void lua_digest_open(lua_State *L);

/* digest(source [, size, count]) -> digest, or nil and a failure. The source is a string, or a file of
 * open_file, which may be closed meanwhile. With `size` and `count` it is of each of the first `count` pieces
 * of `size` bytes. digest:wait(seconds) -> the MD5 in hexadecimal digits, of pieces one behind the other; nil
 * while it runs; nil and a failure where it failed. It blocks, for which 0 seconds are right in a host that
 * has more to do. digest:descriptor() -> one that is readable once it
 * has ended. digest:close() stops the thread. */
int lua_digest_new(lua_State *L);

#endif
