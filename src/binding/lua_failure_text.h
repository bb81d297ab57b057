/* SPDX-License-Identifier: MIT */
/* A failure as one line of text: what tostring() and .. give. */
#ifndef BINDING_LUA_FAILURE_TEXT_H
#define BINDING_LUA_FAILURE_TEXT_H

#include <lua.h>
#include <stddef.h>

/* Sets __tostring and __concat in the metatable on top of the stack. */
void lua_failure_text_set(lua_State *L);

/* Pushes text from outside, which may contain line breaks and terminal commands, with blanks in their place.
 */
void lua_failure_text_push_line(lua_State *L, const char *text, size_t length);

#endif
