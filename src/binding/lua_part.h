/* SPDX-License-Identifier: MIT */
/* The params of parts.create -> where the bytes come from. One of
 *
 *     { data = string [, offset] [, length] }
 *     { data = file of Lua's io [, length] }         from its present position
 *     { file = path or core.open_file(path) [, offset] [, length] }
 *     { data = function [, length] [, rewind = function] }
 *
 * With md5 = true the response tells the MD5 of what was sent, as it was read.
 *
 * A data function returns the next chunk, nil at the end, or nil and why there is none; `rewind` makes it
 * begin anew for a further attempt. */
#ifndef BINDING_LUA_PART_H
#define BINDING_LUA_PART_H

#include "base/byte_source.h"
#include "binding/lua_transfer.h"
#include <lua.h>
#include <stdbool.h>

/* Such params, as they were read. The values stand on the stack, where nothing changes them. */
struct lua_part {
  int data, file, rewind; /* where they stand; nil for what there is none of */
  int64_t offset, length; /* negative: not given */
  bool md5;
};

/* Reads the table at `index`, each field once, for it may have an __index that answers otherwise the next
 * time. Pushes the values; or what is wrong, and returns false. */
bool lua_part_read(lua_State *L, int index, struct lua_part *part);

/* Opens what the params name, into a source that already belongs to a userdata. What Lua must keep goes into
 * the table at `call_slots`. What the world got wrong (no such file, more bytes than a part takes) is left in
 * `problem`. */
void lua_part_open(lua_State *L, const struct lua_part *part, struct byte_source *source, int call_slots,
                   struct failure *problem);

/* Asks the program for the chunk that the transfer wants; `call_slots` as above. An error in the function, or
 * none but a reason, ends the transfer as `aborted`. Raises only for want of memory. */
void lua_part_feed(lua_State *L, int call_slots, const struct lua_transfer *holder);

/* Lets go of what was kept for a transfer that is done: it may be held for long. */
void lua_part_forget(lua_State *L, int call_slots);

/* Before another attempt: lets the program begin anew, where it was asked for chunks. False when that raised,
 * with the failure told. */
bool lua_part_rewind(lua_State *L, int call_slots, const struct transfer *transfer, struct failure *failure);

#endif
