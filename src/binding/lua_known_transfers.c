/* SPDX-License-Identifier: MIT */
#include "binding/lua_known_transfers.h"

#include "binding/lua_compat.h"
#include "binding/lua_slots.h"

void lua_known_transfers_open(lua_State *L) {
  lua_newtable(L);
  lua_newtable(L);
  lua_pushliteral(L, "v");
  lua_setfield(L, -2, "__mode");
  lua_setmetatable(L, -2);
  lua_rawseti(L, -2, CLIENT_SLOT_KNOWN_TRANSFERS);
  lua_newtable(L);
  lua_rawseti(L, -2, CLIENT_SLOT_HELD_TRANSFERS);
}

/* Pops a value, and stores it for a transfer's number in one of the two tables. */
static void set_transfer(lua_State *L, int client_slots, int table, unsigned number) {
  lua_rawgeti(L, client_slots, table);
  lua_insert(L, -2);
  lua_rawseti(L, -2, (int)number);
  lua_pop(L, 1);
}

void lua_known_transfers_note(lua_State *L, int client_slots, int index) {
  const struct lua_transfer *holder = lua_touserdata(L, index);
  lua_pushvalue(L, index);
  set_transfer(L, client_slots, CLIENT_SLOT_KNOWN_TRANSFERS, holder->transfer->number);
}

void lua_known_transfers_hold(lua_State *L, int client_slots, int index) {
  struct lua_transfer *holder = lua_touserdata(L, index);
  if (holder->is_held || (holder->transfer->state == TRANSFER_DONE && !holder->transfer->is_queued)) return;
  lua_pushvalue(L, index);
  set_transfer(L, client_slots, CLIENT_SLOT_HELD_TRANSFERS, holder->transfer->number);
  holder->is_held = true;
}

void lua_known_transfers_let_go(lua_State *L, int client_slots, const struct lua_transfer *holder) {
  if (!holder->is_held) return;
  lua_pushnil(L);
  set_transfer(L, client_slots, CLIENT_SLOT_HELD_TRANSFERS, holder->transfer->number);
}

void lua_known_transfers_forget(lua_State *L, int client_slots, const struct lua_transfer *holder) {
  lua_known_transfers_let_go(L, client_slots, holder);
  lua_pushnil(L);
  set_transfer(L, client_slots, CLIENT_SLOT_KNOWN_TRANSFERS, holder->transfer->number);
}

const struct lua_transfer *lua_known_transfers_push(lua_State *L, int client_slots,
                                                    const struct transfer *transfer, int *call_slots) {
  const struct lua_transfer *holder;
  lua_rawgeti(L, client_slots, CLIENT_SLOT_KNOWN_TRANSFERS);
  lua_rawgeti(L, -1, (int)transfer->number);
  holder = lua_touserdata(L, -1);
  *call_slots = 0;
  if (!holder || holder->transfer != transfer) return NULL; /* it may be the last one of this number */
  if (!holder->has_user_value) return holder;
  compat_getuservalue(L, -1);
  *call_slots = lua_gettop(L);
  return holder;
}
