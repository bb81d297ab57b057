/* SPDX-License-Identifier: MIT */
/* What the command needs to know of its terminal. */
#ifndef BINDING_LUA_TERMINAL_H
#define BINDING_LUA_TERMINAL_H

#include <lua.h>

/* is_terminal(descriptor) -> whether somebody may be looking */
int lua_terminal_is(lua_State *L);

/* terminal_columns(descriptor) -> its width now; nil where that is not known */
int lua_terminal_columns(lua_State *L);

/* text_columns(text) -> the columns that it takes on a terminal */
int lua_terminal_text_columns(lua_State *L);

#endif
