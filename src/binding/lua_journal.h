/* SPDX-License-Identifier: MIT */
/* A file of lines that only grows, as a userdata for the Lua floor. */
#ifndef BINDING_LUA_JOURNAL_H
#define BINDING_LUA_JOURNAL_H

#include <lua.h>

/* To be called once a Lua state, before lua_journal_new. */
void lua_journal_open(lua_State *L);

/* journal(path) -> journal, or nil and a failure whose message goes on after the path. It is this program's
 * alone until journal:close(). journal:read(most) -> its text, or nil and a failure, where it is longer, too.
 * journal:append(text), journal:truncate(length) -> true, or nil and a failure. */
int lua_journal_new(lua_State *L);

#endif
