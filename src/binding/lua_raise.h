/* SPDX-License-Identifier: MIT */
/* Errors that Lua raises, and those that a protected call has caught. */
#ifndef BINDING_LUA_RAISE_H
#define BINDING_LUA_RAISE_H

#include <lua.h>
#include <stdbool.h>

#define LUA_RAISE_OUT_OF_MEMORY "not enough memory" /* as Lua calls it, in all versions */

/* Raises that text as Lua does: without a position. */
_Noreturn void lua_raise_out_of_memory(lua_State *L);

/* Whether the error on top of the stack, caught by a pcall with this status, is that one. */
bool lua_raise_is_out_of_memory(lua_State *L, int status);

/* Whether the error on top of the stack is Ctrl-C, as lua, luajit and resty raise it from a hook: a text that
 * ends in "interrupted!". A hook of the program may raise such a text, too. */
bool lua_raise_is_interruption(lua_State *L);

/* Whether that error, caught by a pcall with this status, says nothing of the function that was called:
 * memory ran out, or the user interrupts the program. It is to be raised to the caller of ours. */
bool lua_raise_concerns_caller(lua_State *L, int status);

/* Replaces the error on top of the stack by its text. */
void lua_raise_describe(lua_State *L);

#endif
