/* SPDX-License-Identifier: MIT */
/* The methods of a transfer, and the functions of the core that take one. */
#ifndef BINDING_LUA_TRANSFER_METHODS_H
#define BINDING_LUA_TRANSFER_METHODS_H

#include <lua.h>

/* Makes the metatable. To be called once a Lua state, before any transfer is made. */
void lua_transfer_methods_open(lua_State *L);

/* listen(transfer, listener): what transfer:on_done is, but the client does not hold the transfer for it. */
int lua_transfer_methods_listen(lua_State *L);

/* hold(transfer): the client holds it until it is done. */
int lua_transfer_methods_hold(lua_State *L);

/* wind_down(transfer): it begins no further attempt, and ends now unless an answer is on its way. */
int lua_transfer_methods_wind_down(lua_State *L);

/* take(transfer) -> what the call returns. The transfer is spent: what it owned serves the next call, and
 * need not wait for the collector. It must be done, and nobody further up the stack may use it. */
int lua_transfer_methods_take(lua_State *L);

/* The same in two steps, where the result may have to be looked at again. result(transfer) -> what the call
 * returns; where memory ran out for the call itself: false, nil, and whether the service may have acted on
 * it. */
int lua_transfer_methods_result(lua_State *L);
int lua_transfer_methods_release(lua_State *L);

#endif
