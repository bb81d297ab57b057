/* SPDX-License-Identifier: MIT */
/* The params of files.content, and the sink that they name:
 *
 *     { to = path or open file of Lua's io or function [, max_bytes] }
 *
 * The function gets the next bytes, a string. It may return nil or false and a reason to give up. */
#ifndef BINDING_LUA_RECEIVER_H
#define BINDING_LUA_RECEIVER_H

#include "base/byte_sink.h"
#include "binding/lua_transfer.h"
#include <lua.h>
#include <stdbool.h>

/* The params as they were read. The value is on the stack, where nothing changes it. */
struct lua_receiver {
  int to; /* stack index */
  int64_t max_bytes;
};

/* Reads the table at `index`. Pushes the value; or pushes the problem, and returns false. */
bool lua_receiver_read(lua_State *L, int index, struct lua_receiver *receiver);

/* Opens the sink that the params name; `sink` already belongs to a userdata. A function goes into the table
 * at `call_slots`. A problem of the environment (a folder that is missing) is left in `problem`. */
void lua_receiver_open(lua_State *L, const struct lua_receiver *receiver, struct byte_sink *sink,
                       int call_slots, struct failure *problem);

/* Hands out the bytes that the transfer has. An error in the function ends the transfer as `aborted`. Raises
 * only when memory runs out. */
void lua_receiver_hand_out(lua_State *L, int call_slots, struct lua_transfer *holder);

/* Releases the function of a transfer that is done. */
void lua_receiver_forget(lua_State *L, int call_slots);

#endif
