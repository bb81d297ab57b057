/* SPDX-License-Identifier: MIT */
/* The userdata that owns one call, its methods, and what the call hands back to Lua. */
#ifndef BINDING_LUA_TRANSFER_H
#define BINDING_LUA_TRANSFER_H

#include "http/transfer.h"
#include <lua.h>

struct lua_transfer {
  struct transfer *transfer; /* NULL before it is begun and after it is over */
  struct request_additions additions;
  struct byte_source source; /* of a part's bytes; its transfer's request reads it */
  bool has_user_value;       /* a table: the call's own callbacks, and what else goes with it */
  bool is_held;              /* by its client, until it is done */
  bool is_waited_for;        /* its listener is no function of the program's, but of whoever waits */
};

/* To be called once a Lua state, before the others. */
void lua_transfer_open(lua_State *L);

/* Pushes an empty one, which already has its __gc: what is put into it from now on cannot leak. With a user
 * value, that is an empty table. */
struct lua_transfer *lua_transfer_push(lua_State *L, bool with_user_value);

/* listen(transfer, listener): what transfer:on_done is, but the client does not hold the transfer for it. */
int lua_transfer_listen(lua_State *L);

/* hold(transfer): the client holds it until it is done. */
int lua_transfer_hold(lua_State *L);

/* wind_down(transfer): it begins no further attempt, and ends now unless an answer is on its way. */
int lua_transfer_wind_down(lua_State *L);

/* take(transfer) -> what the call returns. The transfer is spent: what it owned serves the next call, and
 * need not wait for the collector. It must be done, and nobody further up the stack may use it. */
int lua_transfer_take(lua_State *L);

/* The same in two steps, where the result may have to be looked at again. result(transfer) -> what the call
 * returns; where memory ran out for the call itself: false, nil, and whether the service may have acted on
 * it. */
int lua_transfer_result(lua_State *L);
int lua_transfer_release(lua_State *L);

/* Lets the userdata at `transfer`, whose user value is a table, keep its client's userdata: its methods need
 * it. */
void lua_transfer_keep_client(lua_State *L, int transfer, int client);

/* Whether it is closed: a function of the program may take, or finalize, the very transfer that calls it. */
bool lua_transfer_is_spent(const struct lua_transfer *holder);

/* Stops and frees what it owns; may be called again. */
void lua_transfer_close(struct lua_transfer *holder);

/* Pushes what a transfer that is done came to: the object, or nil and the failure; and after either the
 * response when the call asked for it. Returns how many values. A 2xx that is no such object turns into a
 * failure here. */
int lua_transfer_push_result(lua_State *L, const struct lua_transfer *holder);

#endif
