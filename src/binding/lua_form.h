/* SPDX-License-Identifier: MIT */
/* The params of files.create: data as for lua_part, with a name, and the texts of a form.
 *
 *     { file = path or data = string, open file or function [, length] [, rewind = function], purpose =
 * string
 *       [, filename] [, mime_type] [, expires_after = { anchor = "created_at", seconds = integer }] } */
#ifndef BINDING_LUA_FORM_H
#define BINDING_LUA_FORM_H

#include "binding/lua_part.h"
#include "uploads/service_request.h"
#include <lua.h>
#include <stdbool.h>

/* Reads the table at `index`, each field once. The texts in `arguments` are kept alive by the stack. Pushes
 * values; or pushes the problem, and returns false. */
bool lua_form_read(lua_State *L, int index, struct lua_part *part, struct service_arguments *arguments);

#endif
