/* SPDX-License-Identifier: MIT */
/* A deadline that several calls share: a userdata for the option `deadline`. */
#ifndef BINDING_LUA_DEADLINE_H
#define BINDING_LUA_DEADLINE_H

#include "http/http_settings.h"
#include <lua.h>
#include <stdbool.h>

#define LUA_DEADLINE_MIN_SECONDS 0.001 /* of any deadline */

/* To be called once a Lua state, before the functions below. */
void lua_deadline_open(lua_State *L);

/* Reads the deadline at `index` into `settings`. False, and nothing is read, if it is none. */
bool lua_deadline_read(lua_State *L, int index, struct call_settings *settings);

/* deadline(value) -> the deadline that is so many seconds away; the value itself if it is a deadline already;
 * nil if it is neither. deadline:left() -> seconds until then, negative after it; deadline:seconds() -> the
 * value. */
int lua_deadline_new(lua_State *L);

/* late(deadline) -> the failure of a call that begins after it; nothing before it, and for nil. */
int lua_deadline_late(lua_State *L);

#endif
