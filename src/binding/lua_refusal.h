/* SPDX-License-Identifier: MIT */
/* The words of a refusal, from several families of services:
 *
 *     {"error": {"message", "type", "param", "code"}}, {"error": "text"}     OpenAI, and those like it
 *     {"detail": "text"}, {"detail": [{"loc", "msg", "type"}]}               FastAPI
 *     {"title", "detail", "errors": {"Field": ["text"]}}                     RFC 9457, ASP.NET
 *     {"errors": ["text"]}, {"errors": [{"message" or "title", "code"}]}     GraphQL, JSON:API
 *     {"code", "message", "target", "details", "innererror"}                 Azure, also inside "error"
 *     {"error": "code", "error_description": "text"}                         OAuth */
#ifndef BINDING_LUA_REFUSAL_H
#define BINDING_LUA_REFUSAL_H

#include <lua.h>
#include <stdbool.h>

/* Pushes the words of the decoded and normalized table at `body`; false, and pushes nothing, when it has
 * none. */
bool lua_refusal_push_words(lua_State *L, int body);

/* Copies `type`, `param` and `code` from the table at `body` to the failure on top of the stack. */
void lua_refusal_copy_details(lua_State *L, int body);

#endif
