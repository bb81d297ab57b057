/* SPDX-License-Identifier: MIT */
/* The key of an attempt: of the client, or of the program's api_key function. */
#ifndef BINDING_LUA_API_KEY_H
#define BINDING_LUA_API_KEY_H

#include "http/transfer_state.h"
#include <lua.h>

/* Finds the key, which the stack of Lua keeps alive if it comes from the function. It is empty when a header
 * of the call takes its place. False, with the failure, when there is none that can be sent. */
bool lua_api_key_find(lua_State *L, int client_slots, const struct transfer *transfer, const char **key,
                      size_t *length, struct failure *failure);

#endif
