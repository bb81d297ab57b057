/* SPDX-License-Identifier: MIT */
#include "binding/lua_api_key.h"

#include "binding/lua_compat.h"
#include "binding/lua_program.h"
#include "binding/lua_raise.h"
#include "binding/lua_slots.h"
#include "http/http_headers.h"
#include "uploads/client_config.h"

/* Calls the program's api_key function. Its string stays on the stack. */
static bool ask_for_key(lua_State *L, struct http_client *client, const char **key, size_t *length,
                        struct failure *failure) {
  int status = lua_program_call(L, client, 0, 2);
  if (lua_raise_concerns_caller(L, status)) lua_error(L);
  if (status != 0) {
    lua_raise_describe(L);
    return failure_set(failure, FAILURE_CONFIGURATION, "the api_key function raised an error: %s",
                       lua_tostring(L, -1));
  }
  if (lua_type(L, -2) == LUA_TSTRING) {
    *key = lua_tolstring(L, -2, length);
    return true;
  }
  if (lua_isnil(L, -1))
    lua_pushstring(L, luaL_typename(L, -2)); /* without a reason; the value may be secret */
  lua_raise_describe(L);
  return failure_set(failure, FAILURE_CONFIGURATION, "the api_key function returned no string: %s",
                     lua_tostring(L, -1));
}

bool lua_api_key_find(lua_State *L, int client_slots, const struct transfer *transfer, const char **key,
                      size_t *length, struct failure *failure) {
  const struct http_settings *settings = transfer->client->settings;
  const struct text_buffer *own = &client_config_of(settings)->api_key;
  *key = text_buffer_text(own);
  *length = own->length;
  if (http_headers_have(transfer->request.headers, http_settings_auth_header(settings))) {
    *length = 0;
    return true;
  }
  lua_rawgeti(L, client_slots, CLIENT_SLOT_API_KEY);
  if (lua_isfunction(L, -1) && !ask_for_key(L, transfer->client, key, length, failure)) return false;
  return client_config_check_key(*key, *length, failure);
}
