/* SPDX-License-Identifier: MIT */
/* The differences of Lua 5.1 to 5.5 and LuaJIT, and nothing else. Everything is static and has names of its
 * own: LuaJIT exports some of 5.2's API itself. */
#ifndef BINDING_LUA_COMPAT_H
#define BINDING_LUA_COMPAT_H

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdbool.h>
#include <stdio.h>

/* Lua's headers do not say that it never returns. NOLINTNEXTLINE(readability-redundant-declaration) */
_Noreturn int luaL_error(lua_State *L, const char *format, ...);

/* The Lua that this is compiled for. Of the headers of 5.1, only those of LuaJIT 2.1 have LUA_OK. */
#if LUA_VERSION_NUM == 501 && defined(LUA_OK)
#define COMPAT_IS_LUAJIT 1
#define COMPAT_LUA_NAME "LuaJIT"
#else
#define COMPAT_IS_LUAJIT 0
#define COMPAT_LUA_NAME LUA_VERSION
#endif

/* Raises where another Lua runs. Only neighbours have all the functions that loading asks for: 5.1 needs no
 * check. To be called first: the registry of 5.5 is at another index. */
static inline void compat_checkversion(lua_State *L) {
#if LUA_VERSION_NUM >= 502
  luaL_checkversion(L);
#else
  (void)L;
#endif
}

/* A userdata with one user value; on 5.1 its environment serves as that, so the value is always a table. */
static inline void *compat_newuserdata(lua_State *L, size_t size) {
#if LUA_VERSION_NUM >= 504
  return lua_newuserdatauv(L, size, 1);
#else
  return lua_newuserdata(L, size);
#endif
}

static inline void compat_setuservalue(lua_State *L, int index) {
#if LUA_VERSION_NUM >= 504
  lua_setiuservalue(L, index, 1);
#elif LUA_VERSION_NUM >= 502
  lua_setuservalue(L, index);
#else
  lua_setfenv(L, index);
#endif
}

static inline void compat_getuservalue(lua_State *L, int index) {
#if LUA_VERSION_NUM >= 504
  lua_getiuservalue(L, index, 1);
#elif LUA_VERSION_NUM >= 502
  lua_getuservalue(L, index);
#else
  lua_getfenv(L, index);
#endif
}

static inline void compat_setmetatable(lua_State *L, const char *name) {
  luaL_getmetatable(L, name);
  lua_setmetatable(L, -2);
}

/* Sets `functions` in the table below the `upvalues` values on top of the stack, and pops those. */
static inline void compat_setfuncs(lua_State *L, const luaL_Reg *functions, int upvalues) {
  for (; functions->name; functions++) {
    for (int i = 0; i < upvalues; i++) lua_pushvalue(L, -upvalues);
    lua_pushcclosure(L, functions->func, upvalues);
    lua_setfield(L, -upvalues - 2, functions->name);
  }
  lua_pop(L, upvalues);
}

/* Makes the type of a userdata whose methods are these. */
static inline void compat_newtype(lua_State *L, const char *name, const luaL_Reg *methods) {
  luaL_newmetatable(L, name);
  compat_setfuncs(L, methods, 0);
  lua_pushvalue(L, -1);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
}

/* The userdata at `index` when it is of the type that luaL_newmetatable made, else NULL. */
static inline void *compat_testudata(lua_State *L, int index, const char *type) {
  void *userdata = lua_touserdata(L, index);
  bool same;
  if (!userdata || !lua_getmetatable(L, index)) return NULL;
  luaL_getmetatable(L, type);
  same = lua_rawequal(L, -1, -2);
  lua_pop(L, 2);
  return same ? userdata : NULL;
}

/* Whether the value at `index` is a file of Lua's io library; `*file` is NULL when it has been closed. */
static inline bool compat_is_file(lua_State *L, int index, FILE **file) {
#if LUA_VERSION_NUM >= 502
  luaL_Stream *stream = compat_testudata(L, index, LUA_FILEHANDLE);
  if (stream) *file = stream->closef ? stream->f : NULL;
#else
  FILE **stream = compat_testudata(L, index, LUA_FILEHANDLE);
  if (stream) *file = *stream;
#endif
  return stream != NULL;
}

/* The length of a table, without metamethods. */
static inline size_t compat_rawlen(lua_State *L, int index) {
#if LUA_VERSION_NUM >= 502
  return (size_t)lua_rawlen(L, index);
#else
  return lua_objlen(L, index);
#endif
}

static inline int compat_absindex(lua_State *L, int index) {
  return index > 0 || index <= LUA_REGISTRYINDEX ? index : lua_gettop(L) + index + 1;
}

/* Whether the number at `index` is a float that would be the same as an integer; fills it. Always false where
 * Lua has but one kind of number. */
static inline bool compat_float_is_integer(lua_State *L, int index, lua_Integer *integer) {
#if LUA_VERSION_NUM >= 503
  int fits;
  *integer = lua_tointegerx(L, index, &fits);
  return fits && !lua_isinteger(L, index);
#else
  (void)L;
  (void)index;
  (void)integer;
  return false;
#endif
}

/* Whether the coroutine may yield here: no C function has called into Lua since it was resumed. True where
 * Lua cannot tell. */
static inline bool compat_can_yield(lua_State *L) {
#if LUA_VERSION_NUM >= 503 || COMPAT_IS_LUAJIT
  return lua_isyieldable(L);
#else
  (void)L;
  return true;
#endif
}

#endif
