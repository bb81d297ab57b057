/* SPDX-License-Identifier: MIT */
/* The params of parts.create, and the source of bytes that they name. One of
 *
 *     { data = string [, offset] [, length] }
 *     { data = file of Lua's io [, length] }         from its current position
 *     { file = path or core.open_file(path) [, offset] [, length] }
 *     { data = function [, length] [, rewind = function] }
 *     { data = block of the core }
 *
 * With md5 = true the response has the MD5 of the bytes as they were read.
 *
 * A data function returns the next chunk, nil at the end, or nil and the reason why there is none. `rewind`
 * restarts it for another attempt. */
#ifndef BINDING_LUA_PART_H
#define BINDING_LUA_PART_H

#include "base/byte_source.h"
#include "binding/lua_transfer.h"
#include <lua.h>
#include <stdbool.h>

/* The params as they were read. The values are on the stack, where nothing changes them. */
struct lua_part {
  int data, file, rewind; /* stack indexes; nil for those that are missing */
  int64_t offset, length; /* negative: not given */
  int64_t max_bytes;
  bool md5;
};

/* The fields of the params above, for lua_part_read. */
extern const char *const lua_part_names[];

/* Reads the table at `index`, each field once, because an __index may answer differently the next time. The
 * table may have the fields `names`, which NULL ends, and the data as many bytes as `max_bytes`. Pushes the
 * values; or pushes the problem, and returns false. */
bool lua_part_read(lua_State *L, int index, const char *const names[], int64_t max_bytes,
                   struct lua_part *part);

/* Opens the source that the params name; `source` already belongs to a userdata. Values that Lua must keep go
 * into the table at `call_slots`. A problem of the environment (no such file, a part that is too large) is
 * left in `problem`. */
void lua_part_open(lua_State *L, const struct lua_part *part, struct byte_source *source, int call_slots,
                   struct failure *problem);

/* Asks the program for the chunk that the transfer wants. An error in the function, or a reason instead of a
 * chunk, ends the transfer as `aborted`. Raises only when memory runs out. */
void lua_part_feed(lua_State *L, int call_slots, const struct lua_transfer *holder);

/* Releases the kept values of a transfer that is done, because the program may keep the transfer for long. */
void lua_part_forget(lua_State *L, int call_slots);

/* To be called before another attempt: calls `rewind`, if the data function was asked for chunks. False when
 * it raised, with `failure` filled. */
bool lua_part_rewind(lua_State *L, int call_slots, const struct transfer *transfer, struct failure *failure);

#endif
