/* SPDX-License-Identifier: MIT */
/* The signals that ask the program to end, for a program that asked for them: the command. */
#ifndef BINDING_LUA_SIGNALS_H
#define BINDING_LUA_SIGNALS_H

#include <lua.h>

/* signals() -> an object that has the process' SIGINT, SIGTERM and SIGHUP until it is closed; nil and a
 * failure. take() -> the number of the next one, nil when there is none wait(descriptor or nil, seconds):
 * until a signal is there, or the descriptor is readable close() */
int lua_signals_new(lua_State *L);

void lua_signals_open(lua_State *L);

#endif
