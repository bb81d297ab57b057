/* SPDX-License-Identifier: MIT */
#include "binding/lua_attendant.h"

#include "binding/lua_compat.h"
#include "binding/lua_failure.h"
#include "binding/lua_notice.h"
#include "binding/lua_options.h"
#include "client/http_headers.h"

/* In the table of a client's callbacks: number of a transfer that has its own -> its userdata, weakly. */
enum { WITH_CALLBACKS = LUA_CALLBACK_COUNT };

void lua_attendant_push_callbacks(lua_State *L) {
  lua_newtable(L);
  lua_newtable(L);
  lua_newtable(L);
  lua_pushliteral(L, "v");
  lua_setfield(L, -2, "__mode");
  lua_setmetatable(L, -2);
  lua_rawseti(L, -2, WITH_CALLBACKS);
}

void lua_attendant_note_callbacks(lua_State *L, int callbacks, int index, const struct transfer *transfer) {
  lua_rawgeti(L, callbacks, WITH_CALLBACKS);
  lua_pushvalue(L, index);
  lua_rawseti(L, -2, (int)transfer->number);
  lua_pop(L, 1);
}

/* Pushes the transfer's own callbacks and returns their place; 0 when it has none. */
static int push_own_callbacks(lua_State *L, int callbacks, const struct transfer *transfer) {
  lua_rawgeti(L, callbacks, WITH_CALLBACKS);
  lua_rawgeti(L, -1, (int)transfer->number);
  if (lua_isnil(L, -1)) return 0;
  compat_getuservalue(L, -1);
  return lua_gettop(L);
}

/* Calls the program's api_key function. Its string stays on the stack. */
static bool ask_for_key(lua_State *L, const char **key, size_t *length, struct failure *failure) {
  int status = lua_pcall(L, 0, 2, 0);
  if (status == LUA_ERRMEM) lua_error(L);
  if (status != 0) {
    lua_failure_describe_raised(L);
    return failure_set(failure, FAILURE_CONFIGURATION, "the api_key function raised an error: %s",
                       lua_tostring(L, -1));
  }
  if (lua_type(L, -2) == LUA_TSTRING) {
    *key = lua_tolstring(L, -2, length);
    return true;
  }
  if (lua_isnil(L, -1))
    lua_pushstring(L, luaL_typename(L, -2)); /* it gave no reason; the value may be secret */
  lua_failure_describe_raised(L);
  return failure_set(failure, FAILURE_CONFIGURATION, "the api_key function returned no string: %s",
                     lua_tostring(L, -1));
}

static bool find_key(lua_State *L, int callbacks, const struct transfer *transfer, const char **key,
                     size_t *length, struct failure *failure) {
  const struct client_config *config = transfer->client->config;
  const struct text_buffer *own = &config->api_key;
  *key = text_buffer_text(own);
  *length = own->length;
  if (http_headers_have(transfer->request.headers, client_config_auth_header(config))) {
    *length = 0;
    return true;
  }
  lua_rawgeti(L, callbacks, LUA_CALLBACK_API_KEY);
  if (lua_isfunction(L, -1) && !ask_for_key(L, key, length, failure)) return false;
  return client_config_check_key(*key, *length, failure);
}

static void begin(lua_State *L, int callbacks, int own, struct transfer *transfer) {
  struct failure failure = {0};
  const char *key;
  size_t length;
  bool found = find_key(L, callbacks, transfer, &key, &length, &failure);
  if (transfer->state != TRANSFER_READY) return; /* the program ended it while it was asked for the key */
  if (!found) {
    transfer_fail(transfer, failure.kind, failure.message);
    return;
  }
  transfer_begin(transfer, key, length);
  if (transfer->state == TRANSFER_SENDING) lua_notice_attempt(L, callbacks, own, transfer);
}

static void attend(lua_State *L, int callbacks, struct transfer *transfer) {
  int top = lua_gettop(L);
  int own = push_own_callbacks(L, callbacks, transfer);
  switch (transfer->state) {
  case TRANSFER_READY: begin(L, callbacks, own, transfer); break;
  case TRANSFER_WAITING: lua_notice_retry(L, callbacks, own, transfer); break;
  case TRANSFER_DONE: lua_notice_done(L, callbacks, own, transfer); break;
  case TRANSFER_SENDING: break;
  }
  lua_settop(L, top);
}

static int do_nothing(lua_State *L) {
  (void)L;
  return 0;
}

/* lua.c answers Ctrl-C with a hook that raises; a hook runs only when Lua does something. */
static void let_hooks_run(lua_State *L) {
  lua_pushcfunction(L, do_nothing);
  lua_call(L, 0, 0);
}

/* A signal that arrives just before the wait begins does not end it. */
#define SECONDS_WITHOUT_HOOKS 1.0

/* wait(callbacks, transfer) */
static int wait_for_transfer(lua_State *L) {
  const struct transfer *transfer = lua_touserdata(L, 2);
  struct upload_client *client = transfer->client;
  struct transfer *changed;
  luaL_checkstack(L, 20, "no room for a call");
  for (;;) {
    while ((changed = transfer_take_changed(client))) attend(L, 1, changed);
    if (transfer->state == TRANSFER_DONE) return 0;
    if (!transfer_engine_step(client->engine, SECONDS_WITHOUT_HOOKS)) let_hooks_run(L);
  }
}

void lua_attendant_wait(lua_State *L, int callbacks, struct lua_transfer *holder) {
  lua_pushcfunction(L, wait_for_transfer);
  lua_pushvalue(L, callbacks);
  lua_pushlightuserdata(L, holder->transfer);
  if (lua_pcall(L, 2, 0, 0) == 0) return;
  lua_transfer_close(holder); /* nobody is left to attend it */
  lua_error(L);
}
