/* SPDX-License-Identifier: MIT */
/* The userdata that owns one call. Its metatable is made by lua_transfer_methods. */
#ifndef BINDING_LUA_TRANSFER_H
#define BINDING_LUA_TRANSFER_H

#include "http/transfer.h"
#include <lua.h>

#define LUA_TRANSFER_TYPE "openai_uploads.transfer"

struct lua_transfer {
  struct transfer *transfer; /* NULL before it is begun and after it is over */
  struct request_additions additions;
  struct byte_source source; /* of a part's bytes; its transfer's request reads it */
  bool has_user_value;       /* a table: the call's own callbacks, and what else goes with it */
  bool has_answer;           /* its 2xx is decoded and kept in CALL_SLOT_ANSWER */
  bool is_held;              /* by its client, until it is done */
  bool is_waited_for;        /* its listener is no function of the program's, but of whoever waits */
};

/* Pushes an empty one, which already has its __gc: what is put into it from now on cannot leak. With a user
 * value, that is an empty table. */
struct lua_transfer *lua_transfer_push(lua_State *L, bool with_user_value);

/* Lets the userdata at `transfer`, whose user value is a table, keep its client's userdata: its methods need
 * it. */
void lua_transfer_keep_client(lua_State *L, int transfer, int client);

/* Pushes the call_slots of the transfer at `userdata`, which may have had none. */
void lua_transfer_push_slots(lua_State *L, int userdata);

/* Whether it is closed: a function of the program may take, or finalize, the very transfer that calls it. */
bool lua_transfer_is_spent(const struct lua_transfer *holder);

/* Stops and frees what it owns; may be called again. */
void lua_transfer_close(struct lua_transfer *holder);

#endif
