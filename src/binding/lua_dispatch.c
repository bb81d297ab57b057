/* SPDX-License-Identifier: MIT */
#include "binding/lua_dispatch.h"

#include "base/monotonic_clock.h"
#include "binding/lua_api_key.h"
#include "binding/lua_callbacks.h"
#include "binding/lua_compat.h"
#include "binding/lua_known_transfers.h"
#include "binding/lua_part.h"
#include "binding/lua_program.h"
#include "binding/lua_raise.h"
#include "binding/lua_receiver.h"
#include "binding/lua_slots.h"
#include "http/http_headers.h"
#include "http/transfer_news.h"

#include <math.h>

static int attend_protected(lua_State *L);
static int finish_protected(lua_State *L);
static int start_protected(lua_State *L);

void lua_dispatch_push_slots(lua_State *L) {
  lua_newtable(L);
  lua_known_transfers_open(L);
  lua_pushcfunction(L, attend_protected);
  lua_rawseti(L, -2, CLIENT_SLOT_ATTEND);
  lua_pushcfunction(L, finish_protected);
  lua_rawseti(L, -2, CLIENT_SLOT_FINISH);
  lua_pushcfunction(L, start_protected);
  lua_rawseti(L, -2, CLIENT_SLOT_START);
}

static void begin(lua_State *L, int client_slots, int call_slots, const struct lua_transfer *holder) {
  struct transfer *transfer = holder->transfer;
  struct failure failure = {0};
  const char *key = "";
  size_t length = 0;
  bool found = lua_part_rewind(L, call_slots, transfer, &failure) && !lua_transfer_is_spent(holder) &&
               lua_api_key_find(L, client_slots, transfer, &key, &length, &failure);
  if (lua_transfer_is_spent(holder) || transfer->state != TRANSFER_READY)
    return; /* the program has ended it */
  if (!found) {
    transfer_fail(transfer, failure.kind, failure.message);
    return;
  }
  transfer_begin(transfer, key, length);
  if (transfer->state == TRANSFER_SENDING) lua_callbacks_attempt(L, client_slots, call_slots, transfer);
}

static void attend(lua_State *L, int client_slots, struct transfer *transfer) {
  int top = lua_gettop(L);
  int userdata = top + 2;
  int call_slots;
  const struct lua_transfer *holder = lua_known_transfers_push(L, client_slots, transfer, &call_slots);
  if (holder) {
    switch (transfer->state) {
    case TRANSFER_READY: begin(L, client_slots, call_slots, holder); break;
    case TRANSFER_WAITING: lua_callbacks_retry(L, client_slots, call_slots, holder); break;
    case TRANSFER_DONE:
      if (transfer->request.source) lua_part_forget(L, call_slots);
      if (transfer->request.sink) lua_receiver_forget(L, call_slots);
      if (transfer->awaits)
        lua_callbacks_tell_waiter(L, call_slots, userdata);
      else
        lua_callbacks_done(L, client_slots, call_slots, userdata, transfer);
      if (!lua_transfer_is_spent(holder)) lua_known_transfers_let_go(L, client_slots, holder);
      break;
    case TRANSFER_SENDING:
      if (transfer_wants_chunk(transfer)) lua_part_feed(L, call_slots, holder); /* which may end it */
      lua_receiver_hand_out(L, call_slots, lua_touserdata(L, userdata));
      break;
    case TRANSFER_DRAINING: lua_receiver_hand_out(L, call_slots, lua_touserdata(L, userdata)); break;
    }
  }
  lua_settop(L, top);
}

/* Returns whether one of them was done. */
static bool attend_changed(lua_State *L, int client_slots, struct http_client *client) {
  struct transfer *changed;
  bool any_done = false;
  luaL_checkstack(L, 20, "the stack of Lua has no room for a call");
  for (;;) {
    if (!transfer_news_take(client, &changed)) lua_raise_out_of_memory(L);
    if (!changed) return any_done;
    any_done |= changed->state == TRANSFER_DONE;
    attend(L, client_slots, changed);
    transfer_news_note_told(client);
  }
}

/* attend(client_slots, client) -> whether one of them was done */
static int attend_protected(lua_State *L) {
  lua_pushboolean(L, attend_changed(L, 1, lua_touserdata(L, 2)));
  return 1;
}

/* An error raised here (out of memory, or from a hook) goes to the caller of the step, and the interrupted
 * news is told again in the next step. Inside a function of the program, the outermost step does this: a
 * protected call at each depth would soon be too many for Lua. */
static bool attend_all(lua_State *L, int client_slots, struct http_client *client) {
  bool any_done;
  if (client->depth > 0) return attend_changed(L, client_slots, client);
  if (!client->first_changed && client->told_count == 0) return false;
  luaL_checkstack(L, 4, "the stack of Lua has no room for a call");
  lua_rawgeti(L, client_slots, CLIENT_SLOT_ATTEND);
  lua_pushvalue(L, client_slots);
  lua_pushlightuserdata(L, client);
  if (lua_pcall(L, 2, 1, 0) != 0) {
    transfer_news_give_up(client);
    lua_error(L);
  }
  any_done = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return any_done;
}

static void attend_and_announce(lua_State *L, int client_slots, struct http_client *client) {
  attend_all(L, client_slots, client);
  if (!client->engine) return;
  if (!client->first_changed) transfer_engine_want_no_step(client->engine);
  transfer_engine_announce(client->engine);
}

static int do_nothing(lua_State *L) {
  (void)L;
  return 0;
}

/* lua.c handles Ctrl-C with a hook that raises an error, and a hook runs only when Lua code runs. */
static void let_hooks_run(lua_State *L) {
  lua_pushcfunction(L, do_nothing);
  lua_call(L, 0, 0);
}

/* A signal that arrives just before the wait begins does not end it. */
#define SECONDS_WITHOUT_HOOKS 1.0

/* Whether a wait within a function of the program would never end: nothing is under way, and all news is left
 * to an outer step. The next step tells the first of it then. */
static bool would_wait_for_ever(struct http_client *client, double left) {
  return isinf(left) && isinf(transfer_engine_due_in(client->engine)) && transfer_news_claim_first(client);
}

/* A callback may itself step the client and finish transfers, so compare the count of finished ones, not the
 * state. */
void lua_dispatch_step(lua_State *L, int client_slots, struct http_client *client, double seconds) {
  double until = monotonic_clock_now() + seconds;
  unsigned done = client->done;
  bool came;
  double left;
  if (client->engine && client->first_changed) transfer_engine_look(client->engine);
  came = attend_all(L, client_slots, client);
  do {
    if (!client->engine) return; /* a callback closed it */
    /* with no transfer running there is nothing to wait for, but idle connections may have events */
    left = client->running > 0 && client->done == done && !came ? until - monotonic_clock_now() : 0;
    if (would_wait_for_ever(client, left)) left = 0;
    came = transfer_engine_step(client->engine, fmax(0, fmin(left, SECONDS_WITHOUT_HOOKS)));
    let_hooks_run(
        L); /* now, because otherwise they run in a callback of the program, which would get the error */
    attend_and_announce(L, client_slots, client);
  } while (!came && left > 0);
}

/* A transfer that is done needs no step, but its end may not have been told yet. */
void lua_dispatch_wait(lua_State *L, int client_slots, const struct lua_transfer *holder, double seconds) {
  double until = monotonic_clock_now() + seconds;
  double left = seconds;
  transfer_news_claim(holder->transfer);
  if (holder->transfer->state == TRANSFER_DONE)
    attend_and_announce(L, client_slots, holder->transfer->client);
  while (holder->transfer && holder->transfer->state != TRANSFER_DONE) {
    lua_dispatch_step(L, client_slots, holder->transfer->client, fmax(0, left));
    left = until - monotonic_clock_now();
    if (left <= 0) return;
  }
}

/* finish(client_slots, transfer's userdata) */
static int finish_protected(lua_State *L) {
  lua_known_transfers_note(L, 1, 2);
  lua_dispatch_wait(L, 1, lua_touserdata(L, 2), INFINITY);
  return 0;
}

static bool has_function(lua_State *L, int table, int slot) {
  bool has;
  lua_rawgeti(L, table, slot);
  has = lua_isfunction(L, -1);
  lua_pop(L, 1);
  return has;
}

/* Whether the transfer can begin without a function of the program. */
static bool begins_without_program(lua_State *L, int client_slots, int call_slots,
                                   const struct transfer *transfer) {
  return transfer->state == TRANSFER_READY && !has_function(L, client_slots, CLIENT_SLOT_API_KEY) &&
         !has_function(L, client_slots, SLOT_LOG) && !has_function(L, call_slots, SLOT_LOG);
}

/* A finalizer of the program may have closed the client. */
static void begin_alone(lua_State *L, int client_slots, int call_slots, struct transfer *transfer,
                        bool announces) {
  struct http_client *client = transfer->client;
  if (!client->engine) return;
  if (begins_without_program(L, client_slots, call_slots, transfer)) {
    transfer_engine_look(client->engine);
    transfer_news_remove(transfer);
    attend(L, client_slots, transfer);
    transfer_engine_send(client->engine, announces);
  }
  if (client->first_changed) transfer_engine_want_step(client->engine, 0);
  if (announces || !client->first_changed) transfer_engine_announce(client->engine);
}

/* start(client_slots, transfer's userdata, client's, announces) */
static int start_protected(lua_State *L) {
  const struct lua_transfer *holder = lua_touserdata(L, 2);
  int own;
  luaL_checkstack(L, 20, "the stack of Lua has no room for a call");
  lua_known_transfers_note(L, 1, 2);
  lua_transfer_keep_client(L, 2, 3);
  compat_getuservalue(L, 2);
  own = lua_gettop(L);
  begin_alone(L, 1, own, holder->transfer, lua_toboolean(L, 4));
  return 0;
}

void lua_dispatch_finish(lua_State *L, int client_slots, struct lua_transfer *holder) {
  int userdata = lua_gettop(L);
  lua_rawgeti(L, client_slots, CLIENT_SLOT_FINISH);
  lua_pushvalue(L, client_slots);
  lua_pushvalue(L, userdata);
  if (lua_pcall(L, 2, 0, 0) == 0) return;
  lua_transfer_close(holder);
  lua_error(L);
}

void lua_dispatch_start(lua_State *L, int client_slots, int client, bool announces) {
  int userdata = lua_gettop(L);
  lua_rawgeti(L, client_slots, CLIENT_SLOT_START);
  lua_pushvalue(L, client_slots);
  lua_pushvalue(L, userdata);
  lua_pushvalue(L, client);
  lua_pushboolean(L, announces);
  if (lua_pcall(L, 4, 0, 0) == 0) return;
  lua_transfer_close(lua_touserdata(L, userdata));
  lua_error(L);
}
