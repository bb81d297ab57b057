/* SPDX-License-Identifier: MIT */
/* An MD5 that our Lua modules compute as bytes pass, where no thread could read them again. */
#ifndef BINDING_LUA_MD5_H
#define BINDING_LUA_MD5_H

#include <lua.h>

/* To be called once a Lua state, before the other. */
void lua_md5_open(lua_State *L);

/* md5() -> md5. md5:update(text); md5:hex() -> 32 digits of all bytes so far. */
int lua_md5_new(lua_State *L);

#endif
