/* SPDX-License-Identifier: MIT */
/* The signals that ask the program to end, for a program that asked for them: the command. */
#ifndef BINDING_LUA_SIGNALS_H
#define BINDING_LUA_SIGNALS_H

#include <lua.h>

/* signals() -> an object that has the SIGINT, SIGTERM and SIGHUP of the process until it is closed; nil and a
 * failure. Its methods:
 *
 *     take()                     -> the number of the next signal; nil when there is none
 *     wait(descriptor, seconds)  waits until a signal has arrived, or the descriptor (or nil) is readable
 *     read(descriptor, size)     -> at most `size` bytes; "" at the end; nil: none yet; nil and a failure
 *     close()
 */
int lua_signals_new(lua_State *L);

/* missed_interrupt() -> whether Ctrl-C came before the signals were taken over, under Lua's own program */
int lua_signals_missed_interrupt(lua_State *L);

void lua_signals_open(lua_State *L);

#endif
