/* SPDX-License-Identifier: MIT */
#include "binding/lua_transfer.h"

#include "binding/lua_callbacks.h"
#include "binding/lua_compat.h"
#include "binding/lua_dispatch.h"
#include "binding/lua_failure.h"
#include "binding/lua_object.h"
#include "binding/lua_options.h"

#include <math.h>

static const char transfer_type[] = "openai_uploads.transfer";

/* What goes with a transfer that nobody waits for, in its user value. */
enum { CLIENT = LUA_CALLBACK_COUNT };

void lua_transfer_keep_client(lua_State *L, int transfer, int client) {
  compat_getuservalue(L, transfer);
  lua_pushvalue(L, client);
  lua_rawseti(L, -2, CLIENT);
  lua_pop(L, 1);
}

/* The transfer at 1, which somebody may have closed. Pushes the table of its client's callbacks. */
static struct lua_transfer *check_transfer(lua_State *L) {
  struct lua_transfer *holder = luaL_checkudata(L, 1, transfer_type);
  struct failure failure = {0};
  if (!holder->transfer) luaL_error(L, "the transfer is closed");
  compat_getuservalue(L, 1);
  lua_rawgeti(L, -1, CLIENT);
  compat_getuservalue(L, -1);
  if (!transfer_enter(holder->transfer->client, &failure)) luaL_error(L, "%s", failure.message);
  return holder;
}

/* Steps until the transfer is done or the time is up. false, or true and what the call returns. */
static int finish_or_not(lua_State *L, double seconds) {
  struct lua_transfer *holder = check_transfer(L);
  lua_dispatch_wait(L, lua_gettop(L), holder, seconds);
  if (lua_transfer_is_spent(holder)) return luaL_error(L, "the transfer was closed while it was waited for");
  lua_pushboolean(L, holder->transfer->state == TRANSFER_DONE);
  return holder->transfer->state == TRANSFER_DONE ? 1 + lua_transfer_push_result(L, holder) : 1;
}

int lua_transfer_take(lua_State *L) {
  struct lua_transfer *holder = check_transfer(L);
  int callbacks = lua_gettop(L);
  int count;
  if (holder->transfer->state != TRANSFER_DONE) return luaL_error(L, "the transfer is not done");
  count = lua_transfer_push_result(L, holder);
  lua_dispatch_forget(L, callbacks, holder);
  lua_transfer_close(holder);
  return count;
}

int lua_transfer_result(lua_State *L) {
  const struct lua_transfer *holder = check_transfer(L);
  const struct transfer *transfer = holder->transfer;
  if (transfer->state != TRANSFER_DONE) return luaL_error(L, "the transfer is not done");
  if (transfer->failure.kind != FAILURE_OUT_OF_MEMORY) return lua_transfer_push_result(L, holder);
  lua_pushboolean(L, false);
  lua_pushnil(L);
  lua_pushboolean(L, transfer->may_have_applied);
  return 3;
}

int lua_transfer_release(lua_State *L) {
  struct lua_transfer *holder = luaL_checkudata(L, 1, transfer_type);
  if (!holder->transfer) return 0;
  check_transfer(L);
  lua_dispatch_forget(L, lua_gettop(L), holder);
  lua_transfer_close(holder);
  return 0;
}

static int transfer_poll(lua_State *L) {
  return finish_or_not(L, 0);
}

/* Whether it is over, as far as the last step knows. */
static int transfer_done(lua_State *L) {
  const struct lua_transfer *holder = luaL_checkudata(L, 1, transfer_type);
  lua_pushboolean(L, !holder->transfer || holder->transfer->state == TRANSFER_DONE);
  return 1;
}

/* What the program is being asked for by whoever is further up this very stack: the transfer waits for that,
 * and is off the queue. NULL when it is not. */
static const char *asked_for(lua_State *L) {
  const struct lua_transfer *holder = luaL_checkudata(L, 1, transfer_type);
  const struct transfer *transfer = holder->transfer;
  if (!transfer || transfer->is_queued) return NULL;
  if (transfer->state == TRANSFER_READY) return "api_key";
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

/* Whoever ended it may not have attended it yet: then its function is called when that is done. And in the
 * next step, where memory runs out in it now. */
static int set_listener(lua_State *L, struct lua_transfer *holder, bool is_waited_for) {
  struct transfer *transfer = holder->transfer;
  holder->is_waited_for = is_waited_for;
  compat_getuservalue(L, 1);
  lua_pushvalue(L, 2);
  lua_rawseti(L, -2, LUA_CALLBACK_DONE);
  if (transfer->state != TRANSFER_DONE || transfer->is_queued) return 0;
  lua_pushcfunction(L, tell_protected);
  lua_pushvalue(L, -2);
  lua_pushvalue(L, 1);
  if (lua_pcall(L, 2, 0, 0) != 0 && holder->transfer == transfer) transfer_tell_again(transfer);
  return 0;
}

int lua_transfer_listen(lua_State *L) {
  luaL_checktype(L, 2, LUA_TFUNCTION);
  return set_listener(L, check_transfer(L), true);
}

int lua_transfer_hold(lua_State *L) {
  check_transfer(L);
  lua_dispatch_hold(L, lua_gettop(L), 1);
  return 0;
}

/* The program may hold nothing but the client. */
static int transfer_on_done(lua_State *L) {
  struct lua_transfer *holder;
  luaL_checktype(L, 2, LUA_TFUNCTION);
  holder = check_transfer(L);
  lua_dispatch_hold(L, lua_gettop(L), 1);
  return set_listener(L, holder, false);
}

static void push_bytes(lua_State *L, int64_t bytes) {
  lua_Integer integer = (lua_Integer)bytes;
  if (integer == bytes)
    lua_pushinteger(L, integer);
  else
    lua_pushnumber(L, (lua_Number)bytes); /* where integers have but 32 bits */
}

/* How many bytes of a part have been handed over, and how many there are: nil where that is not known. Of
 * other calls, their body's, which goes at once. */
static int transfer_progress(lua_State *L) {
  const struct lua_transfer *holder = luaL_checkudata(L, 1, transfer_type);
  const struct transfer *transfer = holder->transfer;
  const struct byte_source *source = transfer ? transfer->request.source : NULL;
  int64_t length = transfer ? (int64_t)transfer->request.body.length : 0;
  push_bytes(L, source ? source->position : transfer && transfer->attempts > 0 ? length : 0);
  if (source && source->length == BYTE_SOURCE_UNKNOWN)
    lua_pushnil(L);
  else
    push_bytes(L, source ? source->length : length);
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

int lua_transfer_wind_down(lua_State *L) {
  struct lua_transfer *holder = check_transfer(L);
  transfer_wind_down(holder->transfer);
  lua_dispatch_wait(L, lua_gettop(L), holder, 0);
  return 0;
}

/* The end of a scope: the transfer may be in use further up, so it is but ended. */
static int transfer_close(lua_State *L) {
  struct lua_transfer *holder = luaL_checkudata(L, 1, transfer_type);
  return holder->transfer ? transfer_abort(L) : 0;
}

static int transfer_tostring(lua_State *L) {
  const struct lua_transfer *holder = luaL_checkudata(L, 1, transfer_type);
  const char *state = !holder->transfer                          ? "closed"
                      : holder->transfer->state == TRANSFER_DONE ? "done"
                                                                 : "running";
  lua_pushfstring(L, "%s: %s", transfer_type, state);
  return 1;
}

static int transfer_gc(lua_State *L) {
  lua_transfer_close(luaL_checkudata(L, 1, transfer_type));
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

/* Where the client suspends, `wait` is its Lua function, for C cannot yield. Upvalues: the methods, "wait".
 */
static int transfer_index(lua_State *L) {
  luaL_checkudata(L, 1, transfer_type);
  if (lua_rawequal(L, 2, lua_upvalueindex(2))) {
    compat_getuservalue(L, 1);
    lua_rawgeti(L, -1, CLIENT);
    compat_getuservalue(L, -1);
    lua_rawgeti(L, -1, LUA_CALLBACK_WAIT);
    if (!lua_isnil(L, -1)) return 1;
  }
  lua_pushvalue(L, 2);
  lua_rawget(L, lua_upvalueindex(1));
  return 1;
}

void lua_transfer_open(lua_State *L) {
  luaL_newmetatable(L, transfer_type);
  compat_setfuncs(L, transfer_methods, 0);
  lua_pushvalue(L, -1);
  lua_pushliteral(L, "wait");
  lua_pushcclosure(L, transfer_index, 2);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
}

struct lua_transfer *lua_transfer_push(lua_State *L, bool with_user_value) {
  struct lua_transfer *holder = compat_newuserdata(L, sizeof *holder);
  *holder = (struct lua_transfer){.has_user_value = with_user_value};
  compat_setmetatable(L, transfer_type);
  if (!with_user_value) return holder;
  lua_createtable(L, LUA_CALLBACK_COUNT,
                  0); /* with room for all: a listener is put back where memory ran out */
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

static void set_seconds(lua_State *L, const char *field, double seconds) {
  lua_pushnumber(L, seconds);
  lua_setfield(L, -2, field);
}

static void push_timings(lua_State *L, const struct attempt_report *report) {
  lua_createtable(L, 0, 5);
  set_seconds(L, "name_lookup", report->name_lookup);
  set_seconds(L, "connect", report->connect);
  set_seconds(L, "tls_handshake", report->tls_handshake);
  set_seconds(L, "first_byte", report->first_byte);
  set_seconds(L, "total", report->total);
}

/* Of the last attempt, as far as it got. */
static void set_exchange(lua_State *L, const struct transfer *transfer) {
  const struct http_response *response = &transfer->attempt->response;
  struct attempt_report report;
  char request_id[1024];
  http_attempt_report(transfer->attempt, &report);
  push_timings(L, &report);
  lua_setfield(L, -2, "timings");
  lua_pushboolean(L, report.connection_reused);
  lua_setfield(L, -2, "connection_reused");
  if (transfer->status == 0) return;
  lua_pushinteger(L, transfer->status);
  lua_setfield(L, -2, "status");
  lua_failure_push_headers(L, response);
  lua_setfield(L, -2, "headers");
  lua_pushstring(L, report.http_version);
  lua_setfield(L, -2, "http_version");
  if (!http_response_header(response, "x-request-id", request_id, sizeof request_id)) return;
  lua_pushstring(L, request_id);
  lua_setfield(L, -2, "request_id");
}

static void set_md5(lua_State *L, const struct byte_source *source) {
  char hex[MD5_HEX_SIZE];
  if (!byte_source_get_md5(source, hex)) return;
  lua_pushstring(L, hex);
  lua_setfield(L, -2, "md5");
}

static void push_response(lua_State *L, const struct transfer *transfer) {
  lua_createtable(L, 0, 8);
  lua_pushinteger(L, (lua_Integer)transfer->attempts);
  lua_setfield(L, -2, "attempts");
  set_seconds(L, "elapsed", transfer_elapsed(transfer));
  if (transfer->attempt) set_exchange(L, transfer);
  if (transfer->request.source) set_md5(L, transfer->request.source);
}

int lua_transfer_push_result(lua_State *L, const struct lua_transfer *holder) {
  struct transfer *transfer = holder->transfer;
  int top = lua_gettop(L);
  bool succeeded;
  if (transfer->is_pause && transfer->failure.kind == FAILURE_NONE) {
    lua_pushboolean(L, true);
    return 1;
  }
  succeeded = transfer->failure.kind == FAILURE_NONE && lua_object_push_answer(L, transfer);
  if (!succeeded) {
    lua_settop(L, top);
    lua_pushnil(L);
    lua_failure_push(L, transfer);
  } else if (transfer->settings.with_response) {
    lua_pushnil(L); /* the response is the third value either way */
  }
  if (transfer->settings.with_response) push_response(L, transfer);
  return lua_gettop(L) - top;
}
