/* SPDX-License-Identifier: MIT */
#include "binding/lua_program.h"

#include "binding/lua_raise.h"

int lua_program_call(lua_State *L, struct http_client *client, int arguments, int results) {
  int status;
  client->depth++;
  status = lua_pcall(L, arguments, results, 0);
  client->depth--;
  return status;
}

bool lua_program_ask(lua_State *L, struct http_client *client, const char *name, int arguments, int results,
                     bool *is_running, struct failure *failure) {
  int status = lua_program_call(L, client, arguments, results);
  if (is_running) *is_running = false;
  if (status == 0) return true;
  if (lua_raise_concerns_caller(L, status)) lua_error(L);
  lua_raise_describe(L);
  return failure_set(failure, FAILURE_ABORTED, "the %s function raised an error: %s", name,
                     lua_tostring(L, -1));
}
