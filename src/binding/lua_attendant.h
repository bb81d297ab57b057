/* SPDX-License-Identifier: MIT */
/* Attends the transfers of a client while the engine is stepped: gives them their key, tells the program of
 * retries, and waits for one of them to be done. */
#ifndef BINDING_LUA_ATTENDANT_H
#define BINDING_LUA_ATTENDANT_H

#include "binding/lua_transfer.h"
#include <lua.h>

/* Pushes a new, empty table for the functions of one client; lua_options fills in the client's own. */
void lua_attendant_push_callbacks(lua_State *L);

/* Lets the transfer in the userdata at `index` have callbacks of its own: the table in its user value. */
void lua_attendant_note_callbacks(lua_State *L, int callbacks, int index, const struct transfer *transfer);

/* Steps the engine until the transfer in `holder` is done. `callbacks`: where the client's table stands.
 * Raises when memory runs out, and when a signal's handler wants to (as Ctrl-C in lua does); that ends the
 * transfer. */
void lua_attendant_wait(lua_State *L, int callbacks, struct lua_transfer *holder);

#endif
