/* SPDX-License-Identifier: MIT */
#include "binding/lua_program.h"

int lua_program_call(lua_State *L, struct http_client *client, int arguments, int results) {
  int status;
  client->depth++;
  status = lua_pcall(L, arguments, results, 0);
  client->depth--;
  return status;
}
