/* SPDX-License-Identifier: MIT */
#include "binding/lua_transfer_methods.h"

#include "binding/lua_callbacks.h"
#include "binding/lua_checks.h"
#include "binding/lua_compat.h"
#include "binding/lua_dispatch.h"
#include "binding/lua_known_transfers.h"
#include "binding/lua_raise.h"
#include "binding/lua_result.h"
#include "binding/lua_slots.h"
#include "http/transfer_news.h"

#include <math.h>

/* Returns the transfer at index 1, and raises if it is closed. Pushes client_slots. */
static struct lua_transfer *check_transfer(lua_State *L) {
  struct lua_transfer *holder = luaL_checkudata(L, 1, LUA_TRANSFER_TYPE);
  struct failure failure = {0};
  if (!holder->transfer) luaL_error(L, "the transfer is closed");
  compat_getuservalue(L, 1);
  lua_rawgeti(L, -1, CALL_SLOT_CLIENT);
  compat_getuservalue(L, -1);
  if (!transfer_enter(holder->transfer->client, &failure)) luaL_error(L, "%s", failure.message);
  return holder;
}

/* Steps until the transfer is done or the time is over. Returns false, or true and the call's return values.
 */
static int finish_or_not(lua_State *L, double seconds) {
  struct lua_transfer *holder = check_transfer(L);
  lua_dispatch_wait(L, lua_gettop(L), holder, seconds);
  if (lua_transfer_is_spent(holder)) return luaL_error(L, "the transfer was closed while it was waited for");
  lua_pushboolean(L, holder->transfer->state == TRANSFER_DONE);
  return holder->transfer->state == TRANSFER_DONE ? 1 + lua_result_take(L, 1) : 1;
}

/* The same for a transfer that must be done. When it ended as it was begun, its end is told first. */
static struct lua_transfer *check_done(lua_State *L) {
  struct lua_transfer *holder = check_transfer(L);
  if (holder->transfer->state != TRANSFER_DONE) luaL_error(L, "the transfer is not done");
  if (holder->transfer->is_queued) lua_dispatch_wait(L, lua_gettop(L), holder, 0);
  if (lua_transfer_is_spent(holder)) luaL_error(L, "the transfer was closed as its end was told");
  return holder;
}

int lua_transfer_methods_take(lua_State *L) {
  struct lua_transfer *holder = check_done(L);
  int client_slots = lua_gettop(L);
  int count = lua_result_take(L, 1);
  lua_known_transfers_forget(L, client_slots, holder);
  lua_transfer_close(holder);
  return count;
}

int lua_transfer_methods_result(lua_State *L) {
  const struct lua_transfer *holder = check_done(L);
  const struct transfer *transfer = holder->transfer;
  if (transfer->failure.kind != FAILURE_OUT_OF_MEMORY) return lua_result_take(L, 1);
  lua_pushboolean(L, false);
  lua_pushnil(L);
  lua_pushboolean(L, transfer->may_have_applied);
  return 3;
}

int lua_transfer_methods_release(lua_State *L) {
  struct lua_transfer *holder = luaL_checkudata(L, 1, LUA_TRANSFER_TYPE);
  if (!holder->transfer) return 0;
  check_transfer(L);
  lua_known_transfers_forget(L, lua_gettop(L), holder);
  lua_transfer_close(holder);
  return 0;
}

static int transfer_poll(lua_State *L) {
  return finish_or_not(L, 0);
}

/* Whether it is done, as of the last step. */
static int transfer_done(lua_State *L) {
  const struct lua_transfer *holder = luaL_checkudata(L, 1, LUA_TRANSFER_TYPE);
  lua_pushboolean(L, !holder->transfer || holder->transfer->state == TRANSFER_DONE);
  return 1;
}

/* The function of the program that runs further up this stack and that the transfer waits for; NULL: none. */
static const char *asked_for(lua_State *L) {
  const struct lua_transfer *holder = luaL_checkudata(L, 1, LUA_TRANSFER_TYPE);
  const struct transfer *transfer = holder->transfer;
  if (!transfer || (transfer->is_queued && !holder->is_receiving)) return NULL;
  if (transfer->state == TRANSFER_READY) return "api_key";
  if (holder->is_receiving) return "to";
  return transfer_wants_chunk(transfer) ? "data" : NULL;
}

static int transfer_wait(lua_State *L) {
  double seconds = luaL_optnumber(L, 2, INFINITY);
  const char *asked;
  luaL_argcheck(L, seconds >= 0, 2, "seconds must not be negative");
  asked = isinf(seconds) ? asked_for(L) : NULL;
  if (asked) return luaL_error(L, "a transfer cannot be waited for inside its own %s function", asked);
  return finish_or_not(L, seconds);
}

/* tell(user value, transfer) */
static int tell_protected(lua_State *L) {
  lua_callbacks_tell_waiter(L, 1, 2);
  return 0;
}

/* If the transfer is done, and its end has been told, the listener is called now; if memory runs out in it,
 * in the next step. Otherwise it is called when its end is told. */
static int set_listener(lua_State *L, struct lua_transfer *holder, bool is_waited_for) {
  struct transfer *transfer = holder->transfer;
  holder->is_waited_for = is_waited_for;
  compat_getuservalue(L, 1);
  lua_pushvalue(L, 2);
  lua_rawseti(L, -2, CALL_SLOT_ON_DONE);
  if (transfer->state != TRANSFER_DONE || transfer->is_queued) return 0;
  lua_pushcfunction(L, tell_protected);
  lua_pushvalue(L, -2);
  lua_pushvalue(L, 1);
  if (lua_pcall(L, 2, 0, 0) == 0) return 0;
  if (holder->transfer == transfer) transfer_news_tell_again(transfer);
  return lua_raise_is_interruption(L) ? lua_error(L) : 0;
}

int lua_transfer_methods_listen(lua_State *L) {
  struct lua_transfer *holder;
  luaL_checktype(L, 2, LUA_TFUNCTION);
  holder = check_transfer(L);
  set_listener(L, holder, true);
  lua_pushboolean(L, lua_transfer_is_spent(holder) || holder->transfer->state == TRANSFER_DONE);
  return 1;
}

int lua_transfer_methods_hold(lua_State *L) {
  check_transfer(L);
  lua_known_transfers_hold(L, lua_gettop(L), 1);
  return 0;
}

/* The program may keep only the client. */
static int transfer_on_done(lua_State *L) {
  struct lua_transfer *holder;
  luaL_checktype(L, 2, LUA_TFUNCTION);
  holder = check_transfer(L);
  lua_known_transfers_hold(L, lua_gettop(L), 1);
  return set_listener(L, holder, false);
}

/* progress() -> bytes of the part that were read, or of the content that came, and how many there are, nil
 * when that is not known. Other calls report their body, which is sent at once. */
static int transfer_progress(lua_State *L) {
  const struct lua_transfer *holder = luaL_checkudata(L, 1, LUA_TRANSFER_TYPE);
  const struct transfer *transfer = holder->transfer;
  const struct byte_source *source = transfer ? transfer->request.source : NULL;
  int64_t length = transfer ? (int64_t)transfer->request.body.length : 0;
  int64_t sent = transfer && transfer->attempts > 0 ? length : 0;
  if (source) sent = byte_source_position(source), length = byte_source_length(source);
  if (transfer && transfer->request.sink)
    sent = byte_sink_taken(transfer->request.sink), length = BYTE_SOURCE_UNKNOWN;
  lua_checks_push_bytes(L, sent);
  if (length == BYTE_SOURCE_UNKNOWN)
    lua_pushnil(L);
  else
    lua_checks_push_bytes(L, length);
  return 2;
}

static int transfer_abort(lua_State *L) {
  struct lua_transfer *holder = check_transfer(L);
  bool was_running = holder->transfer->state != TRANSFER_DONE;
  if (was_running) transfer_fail(holder->transfer, FAILURE_ABORTED, "aborted by the program");
  lua_dispatch_wait(L, lua_gettop(L), holder, 0);
  lua_pushboolean(L, was_running);
  return 1;
}

int lua_transfer_methods_wind_down(lua_State *L) {
  struct lua_transfer *holder = check_transfer(L);
  transfer_wind_down(holder->transfer);
  lua_dispatch_wait(L, lua_gettop(L), holder, 0);
  return 0;
}

/* The end of a scope only ends the transfer, because it may be in use further up the stack. */
static int transfer_close(lua_State *L) {
  struct lua_transfer *holder = luaL_checkudata(L, 1, LUA_TRANSFER_TYPE);
  return holder->transfer ? transfer_abort(L) : 0;
}

static int transfer_tostring(lua_State *L) {
  const struct lua_transfer *holder = luaL_checkudata(L, 1, LUA_TRANSFER_TYPE);
  const char *state = !holder->transfer                          ? "closed"
                      : holder->transfer->state == TRANSFER_DONE ? "done"
                                                                 : "running";
  lua_pushfstring(L, "%s: %s", LUA_TRANSFER_TYPE, state);
  return 1;
}

static int transfer_gc(lua_State *L) {
  lua_transfer_close(luaL_checkudata(L, 1, LUA_TRANSFER_TYPE));
  return 0;
}

static const luaL_Reg transfer_methods[] = {
    {"__gc", transfer_gc},
    {"__close", transfer_close},
    {"__tostring", transfer_tostring},
    {"poll", transfer_poll},
    {"done", transfer_done},
    {"on_done", transfer_on_done},
    {"wait", transfer_wait},
    {"abort", transfer_abort},
    {"progress", transfer_progress},
    {NULL, NULL},
};

/* When the client suspends coroutines, `wait` is its Lua function, because C cannot yield. Upvalues: the
 * methods, "wait". */
static int transfer_index(lua_State *L) {
  luaL_checkudata(L, 1, LUA_TRANSFER_TYPE);
  if (lua_rawequal(L, 2, lua_upvalueindex(2))) {
    compat_getuservalue(L, 1);
    lua_rawgeti(L, -1, CALL_SLOT_CLIENT);
    compat_getuservalue(L, -1);
    lua_rawgeti(L, -1, CLIENT_SLOT_WAIT);
    if (!lua_isnil(L, -1)) return 1;
  }
  lua_pushvalue(L, 2);
  lua_rawget(L, lua_upvalueindex(1));
  return 1;
}

void lua_transfer_methods_open(lua_State *L) {
  luaL_newmetatable(L, LUA_TRANSFER_TYPE);
  compat_setfuncs(L, transfer_methods, 0);
  lua_pushvalue(L, -1);
  lua_pushliteral(L, "wait");
  lua_pushcclosure(L, transfer_index, 2);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
}
