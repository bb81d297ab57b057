/* SPDX-License-Identifier: MIT */
#include "binding/lua_transfer.h"

#include "binding/lua_compat.h"
#include "binding/lua_slots.h"

#include <stdlib.h>

/* With room for all slots, because a listener is put back after memory ran out. */
static void set_slots(lua_State *L, int userdata) {
  struct lua_transfer *holder = lua_touserdata(L, userdata);
  lua_createtable(L, CALL_SLOTS, 0);
  compat_setuservalue(L, userdata);
  holder->has_user_value = true;
}

struct lua_transfer *lua_transfer_push(lua_State *L, bool with_user_value) {
  struct lua_transfer *holder = compat_newuserdata(L, sizeof *holder);
  *holder = (struct lua_transfer){0};
  compat_setmetatable(L, LUA_TRANSFER_TYPE);
  if (with_user_value) set_slots(L, lua_gettop(L));
  return holder;
}

void lua_transfer_push_slots(lua_State *L, int userdata) {
  const struct lua_transfer *holder = lua_touserdata(L, userdata);
  if (!holder->has_user_value) set_slots(L, userdata);
  compat_getuservalue(L, userdata);
}

bool lua_transfer_is_spent(const struct lua_transfer *holder) {
  return holder->transfer == NULL;
}

void lua_transfer_close(struct lua_transfer *holder) {
  struct transfer *transfer = holder->transfer;
  holder->transfer = NULL;
  transfer_delete(transfer);
  if (holder->source) byte_source_release(holder->source);
  if (holder->sink) byte_sink_release(holder->sink);
  free(holder->source);
  free(holder->sink);
  holder->source = NULL;
  holder->sink = NULL;
  request_additions_destroy(&holder->additions);
}

void lua_transfer_keep_client(lua_State *L, int transfer, int client) {
  compat_getuservalue(L, transfer);
  lua_pushvalue(L, client);
  lua_rawseti(L, -2, CALL_SLOT_CLIENT);
  lua_pop(L, 1);
}
