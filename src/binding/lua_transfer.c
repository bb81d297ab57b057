/* SPDX-License-Identifier: MIT */
#include "binding/lua_transfer.h"

#include "binding/lua_compat.h"
#include "binding/lua_slots.h"

struct lua_transfer *lua_transfer_push(lua_State *L, bool with_user_value) {
  struct lua_transfer *holder = compat_newuserdata(L, sizeof *holder);
  *holder = (struct lua_transfer){.has_user_value = with_user_value};
  compat_setmetatable(L, LUA_TRANSFER_TYPE);
  if (!with_user_value) return holder;
  lua_createtable(L, CALL_SLOTS, 0); /* with room for all: a listener is put back where memory ran out */
  compat_setuservalue(L, -2);
  return holder;
}

bool lua_transfer_is_spent(const struct lua_transfer *holder) {
  return holder->transfer == NULL;
}

void lua_transfer_close(struct lua_transfer *holder) {
  struct transfer *transfer = holder->transfer;
  holder->transfer = NULL;
  transfer_delete(transfer);
  byte_source_release(&holder->source);
  request_additions_destroy(&holder->additions);
}

void lua_transfer_keep_client(lua_State *L, int transfer, int client) {
  compat_getuservalue(L, transfer);
  lua_pushvalue(L, client);
  lua_rawseti(L, -2, CALL_SLOT_CLIENT);
  lua_pop(L, 1);
}
