/* SPDX-License-Identifier: MIT */
/* A file of lines that only grows, as a userdata for our Lua modules. */
#ifndef BINDING_LUA_JOURNAL_H
#define BINDING_LUA_JOURNAL_H

#include <lua.h>

/* To be called once a Lua state, before lua_journal_new. */
void lua_journal_open(lua_State *L);

/* journal(path) -> journal, or nil and a failure whose message is the rest of a sentence that begins with the
 * path. No other program can open it until journal:close(). journal:read(max) -> its text, or nil and a
 * failure, also when it is longer. journal:append(text), journal:truncate(length) -> true, or nil and a
 * failure. */
int lua_journal_new(lua_State *L);

#endif
