/* SPDX-License-Identifier: MIT */
/* The userdata that owns one call. Its metatable is made by lua_transfer_methods. */
#ifndef BINDING_LUA_TRANSFER_H
#define BINDING_LUA_TRANSFER_H

#include "http/transfer.h"
#include <lua.h>

#define LUA_TRANSFER_TYPE "openai_uploads.transfer"

struct lua_transfer {
  struct transfer *transfer; /* NULL before it begins and after it is closed */
  struct request_additions additions;
  struct byte_source *source; /* of the bytes to send, owned; the transfer's request reads it. NULL: none */
  struct byte_sink *sink;     /* of a streamed answer, owned; the transfer's request writes it. NULL: none */
  bool has_user_value;        /* call_slots */
  bool has_answer;            /* its 2xx is decoded and kept in CALL_SLOT_ANSWER */
  bool is_held;               /* its client keeps the userdata alive until it is done */
  bool is_receiving;          /* its function that receives runs */
  bool is_waited_for;         /* its listener is a waiter's function, and not the program's */
};

/* Pushes an empty userdata, which already has its __gc: a resource that it is given cannot leak.
 * `with_user_value`: it gets call_slots. */
struct lua_transfer *lua_transfer_push(lua_State *L, bool with_user_value);

/* Stores the client's userdata in the call_slots of the transfer's: its methods need it. */
void lua_transfer_keep_client(lua_State *L, int transfer, int client);

/* Pushes the call_slots of the transfer at `userdata`, and creates them if there are none. */
void lua_transfer_push_slots(lua_State *L, int userdata);

/* Whether it is closed. A function of the program may take or finalize the transfer that calls it. */
bool lua_transfer_is_spent(const struct lua_transfer *holder);

/* Stops the transfer and frees what it owns. May be called more than once. */
void lua_transfer_close(struct lua_transfer *holder);

#endif
