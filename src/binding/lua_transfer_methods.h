/* SPDX-License-Identifier: MIT */
/* The methods of a transfer, and the functions of the core that take one. */
#ifndef BINDING_LUA_TRANSFER_METHODS_H
#define BINDING_LUA_TRANSFER_METHODS_H

#include <lua.h>

/* Creates the metatable. To be called once a Lua state, before any transfer is created. */
void lua_transfer_methods_open(lua_State *L);

/* listen(transfer, listener) -> whether it is done: as transfer:on_done, but the client does not keep the
 * transfer alive. */
int lua_transfer_methods_listen(lua_State *L);

/* hold(transfer): the client keeps it alive until it is done. */
int lua_transfer_methods_hold(lua_State *L);

/* wind_down(transfer): it begins no other attempt, and ends now unless an answer is expected. */
int lua_transfer_methods_wind_down(lua_State *L);

/* take(transfer) -> the call's return values. The transfer is closed: its handle is free for the next call,
 * without waiting for the collector. It must be done, and no function further up the stack may use it. */
int lua_transfer_methods_take(lua_State *L);

/* The same in two steps, for a result that may be read again. result(transfer) -> the call's return values;
 * if memory ran out for the call: false, nil, and whether the service may have acted on it. */
int lua_transfer_methods_result(lua_State *L);
int lua_transfer_methods_release(lua_State *L);

#endif
