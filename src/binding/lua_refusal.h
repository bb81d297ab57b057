/* SPDX-License-Identifier: MIT */
/* What a service says when it refuses, in the words of more than one family of services:
 *
 *     {"error": {"message", "type", "param", "code"}}, {"error": "text"}     OpenAI, and those like it
 *     {"detail": "text"}, {"detail": [{"loc", "msg", "type"}]}               FastAPI
 *     {"title", "detail", "errors": {"Field": ["text"]}}                     RFC 9457, ASP.NET
 *     {"errors": ["text"]}, {"errors": [{"message" or "title", "code"}]}     GraphQL, JSON:API
 *     {"code", "message", "target", "details", "innererror"}                 Azure, with or without "error"
 * around
 *     {"error": "code", "error_description": "text"}                         OAuth */
#ifndef BINDING_LUA_REFUSAL_H
#define BINDING_LUA_REFUSAL_H

#include <lua.h>
#include <stdbool.h>

/* Pushes the words of the decoded and normalized table at `body`; false, and pushes nothing, when there are
 * none. */
bool lua_refusal_push_words(lua_State *L, int body);

/* Sets `type`, `param` and `code` of the failure on top of the stack, as far as the table at `body` has them.
 */
void lua_refusal_copy_details(lua_State *L, int body);

#endif
