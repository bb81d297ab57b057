/* SPDX-License-Identifier: MIT */
/* Tables of settings and options -> C structs, a row an option. What is wrong raises, at the line of
 * whoever called the running C function. */
#ifndef BINDING_LUA_OPTIONS_H
#define BINDING_LUA_OPTIONS_H

#include "uploads/client_config.h"
#include <lua.h>

/* The functions among the options: they stay on the Lua side, in a table under these numbers. */
enum lua_callback {
  LUA_CALLBACK_NONE,
  LUA_CALLBACK_API_KEY,
  LUA_CALLBACK_ON_RETRY,
  LUA_CALLBACK_LOG,
  LUA_CALLBACK_DONE, /* no option: transfer:on_done sets it */
  LUA_CALLBACK_WAIT, /* no option either: how the client's transfers are waited for, where that is in Lua */
  LUA_CALLBACK_DATA, /* nor are these: what gives a part's bytes, what makes it begin anew, the chunk in use
                      */
  LUA_CALLBACK_REWIND,
  LUA_CALLBACK_CHUNK,
  LUA_CALLBACK_COUNT
};

/* Reads the table at `index` into `config`; functions go, by their number above, into the table at
 * `callbacks`. */
void lua_options_read_client(lua_State *L, int index, struct client_config *config, int callbacks);

/* Reads the options of one call. `additions` must already belong to a userdata, for this may raise; the table
 * at `callbacks` as above. What the world rather than the programmer got wrong (a line break in a header) is
 * left in `problem`. */
void lua_options_read_call(lua_State *L, int index, struct call_settings *settings,
                           struct request_additions *additions, int callbacks, struct failure *problem);

#endif
