/* SPDX-License-Identifier: MIT */
/* Two tables of a client's transfers, by their numbers, in client_slots. By the first its steps find the
 * userdata of a transfer, which it does not keep alive. The second keeps those alive that somebody waits
 * for. */
#ifndef BINDING_LUA_KNOWN_TRANSFERS_H
#define BINDING_LUA_KNOWN_TRANSFERS_H

#include "binding/lua_transfer.h"

/* Sets both tables in the client_slots on top of the stack. */
void lua_known_transfers_open(lua_State *L);

/* Makes the transfer of the userdata at `index` known, until it is collected or forgotten. */
void lua_known_transfers_note(lua_State *L, int client_slots, int index);

void lua_known_transfers_forget(lua_State *L, int client_slots, const struct lua_transfer *holder);

/* Makes the client keep the userdata at `index` alive until its transfer is done. */
void lua_known_transfers_hold(lua_State *L, int client_slots, int index);

/* Ends that. */
void lua_known_transfers_let_go(lua_State *L, int client_slots, const struct lua_transfer *holder);

/* Pushes the first table and the transfer's userdata, which then cannot be collected while its news is
 * handled, and its call_slots, if it has any. *call_slots is their stack index; 0: none. Returns the
 * userdata; NULL when it was collected. */
const struct lua_transfer *lua_known_transfers_push(lua_State *L, int client_slots,
                                                    const struct transfer *transfer, int *call_slots);

#endif
