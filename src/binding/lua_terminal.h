/* SPDX-License-Identifier: MIT */
/* The properties of the command's terminal. */
#ifndef BINDING_LUA_TERMINAL_H
#define BINDING_LUA_TERMINAL_H

#include <lua.h>

/* is_terminal(descriptor) -> whether it is one */
int lua_terminal_is(lua_State *L);

/* terminal_columns(descriptor) -> its current width; nil when that is not known */
int lua_terminal_columns(lua_State *L);

/* text_columns(text) -> its columns on a terminal */
int lua_terminal_text_columns(lua_State *L);

#endif
