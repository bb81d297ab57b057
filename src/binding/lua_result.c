/* SPDX-License-Identifier: MIT */
#include "binding/lua_result.h"

#include "binding/lua_compat.h"
#include "binding/lua_failure.h"
#include "binding/lua_object.h"
#include "binding/lua_slots.h"

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

/* The last attempt, as far as it got. */
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

/* Pushes the object of a 2xx. When the body is not the expected object, makes the transfer fail, and pushes
 * nothing. */
static bool decide(lua_State *L, struct transfer *transfer) {
  int top = lua_gettop(L);
  if (lua_object_push_decoded(L, transfer)) return true;
  transfer_reject_answer(transfer, lua_tostring(L, -1));
  lua_settop(L, top);
  return false;
}

/* Such a call comes to true. */
static bool has_no_answer(const struct transfer *transfer) {
  return transfer->awaits || transfer->request.connects_ahead != CONNECTS_FOR_REQUEST;
}

void lua_result_decide(lua_State *L, int userdata) {
  struct lua_transfer *holder = lua_touserdata(L, userdata);
  if (holder->transfer->failure.kind != FAILURE_NONE || holder->has_answer || has_no_answer(holder->transfer))
    return;
  if (!decide(L, holder->transfer)) return;
  lua_transfer_push_slots(L, userdata);
  lua_insert(L, -2);
  lua_rawseti(L, -2, CALL_SLOT_ANSWER);
  lua_pop(L, 1);
  holder->has_answer = true;
}

/* Pushes the object that was kept. If the program asks again, the body is decoded again. */
static void push_kept(lua_State *L, int userdata, struct lua_transfer *holder) {
  lua_transfer_push_slots(L, userdata);
  lua_rawgeti(L, -1, CALL_SLOT_ANSWER);
  lua_pushnil(L);
  lua_rawseti(L, -3, CALL_SLOT_ANSWER);
  lua_remove(L, -2);
  holder->has_answer = false;
}

/* Pushes the object; false, and pushes nothing, where the call has failed. */
static bool push_object(lua_State *L, int userdata, struct lua_transfer *holder) {
  if (holder->transfer->failure.kind != FAILURE_NONE) return false;
  if (!holder->has_answer) return decide(L, holder->transfer);
  push_kept(L, userdata, holder);
  return true;
}

int lua_result_take(lua_State *L, int userdata) {
  struct lua_transfer *holder = lua_touserdata(L, userdata);
  const struct transfer *transfer = holder->transfer;
  int top = lua_gettop(L);
  if (has_no_answer(transfer) && transfer->failure.kind == FAILURE_NONE) {
    lua_pushboolean(L, true);
    return 1;
  }
  if (!push_object(L, userdata, holder)) {
    lua_pushnil(L);
    lua_failure_push(L, transfer);
  } else if (transfer->settings.with_response) {
    lua_pushnil(L); /* the response is the third value either way */
  }
  if (transfer->settings.with_response) push_response(L, transfer);
  return lua_gettop(L) - top;
}
