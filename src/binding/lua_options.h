/* SPDX-License-Identifier: MIT */
/* Reads tables of settings and options into C structs; each option is a row of a table. A wrong option raises
 * an error at the line of the running C function's caller. */
#ifndef BINDING_LUA_OPTIONS_H
#define BINDING_LUA_OPTIONS_H

#include "uploads/client_config.h"
#include <lua.h>

/* Reads the table at `index` into `config`. Functions are stored in their slots of the table at
 * `client_slots`. */
void lua_options_read_client(lua_State *L, int index, struct client_config *config, int client_slots);

/* Reads the options of one call. `additions` must already belong to a userdata, because this may raise.
 * Functions are stored in their slots of the table at `call_slots`. An error of the environment rather than
 * of the program (a line break in a header) is left in `problem`. */
void lua_options_read_call(lua_State *L, int index, struct call_settings *settings,
                           struct request_additions *additions, int call_slots, struct failure *problem);

/* Pushes the problem of a field of params whose name, the value at `index`, no call knows. nearest: the field
 * that was probably meant; NULL: none. */
void lua_options_push_stray(lua_State *L, int index, const char *nearest);

/* is_option(name) -> whether that is an option of a call, which may have been put into its params */
int lua_options_is_option(lua_State *L);

#endif
