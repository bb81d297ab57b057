/* SPDX-License-Identifier: MIT */
/* Handles the news of a client's transfers while the engine is stepped: gives them their key, calls the
 * program's functions, and waits until a transfer is done. */
#ifndef BINDING_LUA_DISPATCH_H
#define BINDING_LUA_DISPATCH_H

#include "binding/lua_transfer.h"
#include <lua.h>

/* Pushes new client_slots; lua_options sets the client's own functions. */
void lua_dispatch_push_slots(lua_State *L);

/* Handles all news. While transfers run, steps the engine until something happens or `seconds` have passed
 * (INFINITY: no limit), and handles the news again. `client_slots`: stack index. This and the next two
 * functions raise when memory runs out, and when the handler of a signal raises (as for Ctrl-C in lua). */
void lua_dispatch_step(lua_State *L, int client_slots, struct http_client *client, double seconds);

/* The same until the transfer in `holder` is done or the time is over. A function of the program may take or
 * finalize it meanwhile: then `holder` is empty. */
void lua_dispatch_wait(lua_State *L, int client_slots, const struct lua_transfer *holder, double seconds);

/* This function and the next one make a transfer known to every step of the client.
 *
 * Waits until the transfer in `holder`, whose userdata is on top of the stack, is done. Closes it when an
 * error is raised, because nobody could wait for it any more. */
void lua_dispatch_finish(lua_State *L, int client_slots, struct lua_transfer *holder);

/* Begins the transfer whose userdata is on top of the stack, and which keeps its client's userdata at
 * `client` alive. Closes it when an error is raised. Sends as much as can be sent at once. Calls no function
 * of the program: when the transfer needs one to begin, the next step calls it, and is due. `announces`: the
 * client's descriptor becomes readable then. Callers that ask for timeout() before they wait need no such
 * wake-up. */
void lua_dispatch_start(lua_State *L, int client_slots, int client, bool announces);

#endif
