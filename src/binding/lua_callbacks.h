/* SPDX-License-Identifier: MIT */
/* Notifies the program of its calls' progress: on_retry, log, on_done, and OPENAI_LOG on stderr. No key is in
 * a notification, nor the query of a URL. */
#ifndef BINDING_LUA_CALLBACKS_H
#define BINDING_LUA_CALLBACKS_H

#include "binding/lua_transfer.h"
#include <lua.h>

/* Each looks for its function first in the call's slots (`call_slots` 0: none), then in the client's. on_done
 * is given the transfer at `userdata`. An error in on_retry ends the call as `aborted`; an error in log or
 * on_done is printed on stderr, and the call continues. They raise errors only when memory runs out, or
 * the program is interrupted. */
void lua_callbacks_attempt(lua_State *L, int client_slots, int call_slots, const struct transfer *transfer);
void lua_callbacks_retry(lua_State *L, int client_slots, int call_slots, const struct lua_transfer *holder);
void lua_callbacks_done(lua_State *L, int client_slots, int call_slots, int userdata,
                        struct transfer *transfer);

/* Calls only on_done, once: for a transfer that was done before it was set. */
void lua_callbacks_tell_waiter(lua_State *L, int call_slots, int userdata);

#endif
