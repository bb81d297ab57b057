/* SPDX-License-Identifier: MIT */
/* Tells the program what its calls are doing: on_retry, log, on_done, and OPENAI_LOG on stderr. No key
 * is in what is told, nor the query of a URL. */
#ifndef BINDING_LUA_CALLBACKS_H
#define BINDING_LUA_CALLBACKS_H

#include "binding/lua_transfer.h"
#include <lua.h>

/* Each looks up its function in the callbacks table of the call at `call` (0: it has none), then in the
 * client's at `client`; on_done is given the transfer at `userdata`. An error in on_retry ends the call as
 * `aborted`; one in log or on_done is told on stderr, and the call goes on. None raises but for want of
 * memory. */
void lua_callbacks_attempt(lua_State *L, int client_slots, int call_slots, const struct transfer *transfer);
void lua_callbacks_retry(lua_State *L, int client_slots, int call_slots, const struct lua_transfer *holder);
void lua_callbacks_done(lua_State *L, int client_slots, int call_slots, int userdata,
                        struct transfer *transfer);

/* Calls on_done alone, once: of a transfer that was done before there was one. */
void lua_callbacks_tell_waiter(lua_State *L, int call_slots, int userdata);

#endif
