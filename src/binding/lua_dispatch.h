/* SPDX-License-Identifier: MIT */
/* Attends the transfers of a client while the engine is stepped: gives them their key, tells the program of
 * retries, and waits for one of them to be done. */
#ifndef BINDING_LUA_DISPATCH_H
#define BINDING_LUA_DISPATCH_H

#include "binding/lua_transfer.h"
#include <lua.h>

/* Pushes a new, empty table for the functions of one client; lua_options fills in the client's own. */
void lua_dispatch_push_slots(lua_State *L);

/* A transfer that is begun by the last two functions is known to those who step, for as long as its userdata
 * is held, or until this: then it is not attended any more. */
void lua_dispatch_forget(lua_State *L, int client_slots, const struct lua_transfer *holder);

/* Lets the client hold the transfer in the userdata at `index` until it is done. */
void lua_dispatch_hold(lua_State *L, int client_slots, int index);

/* Attends every transfer that has changed; where any runs, steps the engine until something came of that or
 * `seconds` have passed (INFINITY: no limit), and attends again. `client_slots`: where the client's table
 * stands. This and the next two raise when memory runs out, and when a signal's handler wants to (as Ctrl-C
 * in lua does). */
void lua_dispatch_step(lua_State *L, int client_slots, struct http_client *client, double seconds);

/* The same until the transfer in `holder` is done or the time is up. A function of the program may take or
 * finalize it meanwhile: then `holder` is empty. */
void lua_dispatch_wait(lua_State *L, int client_slots, const struct lua_transfer *holder, double seconds);

/* Waits until the transfer in `holder`, whose userdata is on top of the stack, is done; closes it when that
 * raises, for nobody is left to attend it. */
void lua_dispatch_finish(lua_State *L, int client_slots, struct lua_transfer *holder);

/* Begins the transfer whose userdata is on top of the stack and will keep its client's, at `client`; closes
 * it when that raises. What can be sent at once is sent. No function of the program is called: where this
 * transfer's beginning needs one, that is left for the next step, as all news is, and the step is due. */
void lua_dispatch_start(lua_State *L, int client_slots, int client);

#endif
