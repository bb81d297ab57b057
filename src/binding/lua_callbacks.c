/* SPDX-License-Identifier: MIT */
#include "binding/lua_callbacks.h"

#include "binding/lua_compat.h"
#include "binding/lua_failure.h"
#include "binding/lua_options.h"
#include "binding/lua_program.h"
#include "binding/lua_raise.h"
#include "binding/lua_result.h"
#include "binding/lua_slots.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Pushes the function, or pushes nothing and returns false. */
static bool push_callback(lua_State *L, int client_slots, int call_slots, int slot) {
  const int tables[] = {call_slots, client_slots};
  for (int i = 0; i < 2; i++) {
    if (tables[i] == 0) continue;
    lua_rawgeti(L, tables[i], slot);
    if (lua_isfunction(L, -1)) return true;
    lua_pop(L, 1);
  }
  return false;
}

/* Calls the function below the argument on top of the stack. On an error, pushes its text. */
static bool call_callback(lua_State *L, const struct transfer *transfer) {
  int status = lua_program_call(L, transfer->client, 1, 0);
  if (status == 0) return true;
  if (lua_raise_concerns_caller(L, status)) lua_error(L);
  lua_raise_describe(L);
  return false;
}

static void set_text(lua_State *L, const char *field, const char *text) {
  lua_pushstring(L, text);
  lua_setfield(L, -2, field);
}

static void set_number(lua_State *L, const char *field, double number) {
  lua_pushnumber(L, number);
  lua_setfield(L, -2, field);
}

static void set_integer(lua_State *L, const char *field, long integer) {
  lua_pushinteger(L, (lua_Integer)integer);
  lua_setfield(L, -2, field);
}

static int url_length(const struct transfer *transfer) {
  return (int)strcspn(text_buffer_text(&transfer->request.url), "?");
}

static void push_event(lua_State *L, const char *event, const struct transfer *transfer) {
  lua_createtable(L, 0, 8);
  set_text(L, "event", event);
  set_text(L, "method", http_request_method(&transfer->request));
  lua_pushlstring(L, text_buffer_text(&transfer->request.url), (size_t)url_length(transfer));
  lua_setfield(L, -2, "url");
  set_integer(L, "attempt", (long)transfer->attempts);
  set_number(L, "elapsed", transfer_elapsed(transfer));
}

enum { REQUEST_ID_SIZE = 1024, REQUEST_ID_SHOWN = 100 };

static bool read_request_id(const struct transfer *transfer, char *id) {
  return transfer->status > 0 &&
         http_response_header(&transfer->attempt->response, "x-request-id", id, REQUEST_ID_SIZE) && *id;
}

static void set_outcome(lua_State *L, const struct transfer *transfer) {
  char id[REQUEST_ID_SIZE];
  if (transfer->status > 0) set_integer(L, "status", transfer->status);
  if (read_request_id(transfer, id)) set_text(L, "request_id", id);
  if (transfer->failure.kind == FAILURE_NONE) return;
  set_text(L, "kind", failure_kind_name(transfer->failure.kind));
  set_text(L, "message", transfer->failure.message);
}

/* Prints the error on top of the stack on stderr, and pops it. */
static void complain(lua_State *L, const char *name) {
  fprintf(stderr, "openai_uploads: the %s function raised an error: %s\n", name, lua_tostring(L, -1));
  lua_pop(L, 1);
}

/* Calls a function whose error must not affect the call. */
static void call_listener(lua_State *L, const struct transfer *transfer, const char *name) {
  if (!call_callback(L, transfer)) complain(L, name);
}

/* Writes "HTTP 404 (request req_7f3a)". The service's text may contain terminal commands. */
static const char *describe_answer(const struct transfer *transfer, char *text, size_t size) {
  char id[REQUEST_ID_SIZE];
  if (transfer->status == 0) return "no answer";
  if (!read_request_id(transfer, id)) id[0] = '\0';
  for (char *at = id; *at; at++)
    if (*at < ' ' || *at > '~') *at = '?';
  if (*id)
    snprintf(text, size, "HTTP %ld (request %.*s)", transfer->status, REQUEST_ID_SHOWN, id);
  else
    snprintf(text, size, "HTTP %ld", transfer->status);
  return text;
}

__attribute__((format(printf, 3, 4))) static void log_line(const struct transfer *transfer, const char *event,
                                                           const char *format, ...) {
  char more[2 * FAILURE_MESSAGE_SIZE];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(more, sizeof more, format, arguments);
  va_end(arguments);
  fprintf(stderr, "openai_uploads: %s %s %.*s attempt %u%s\n", event, http_request_method(&transfer->request),
          url_length(transfer), text_buffer_text(&transfer->request.url), transfer->attempts, more);
}

void lua_callbacks_attempt(lua_State *L, int client_slots, int call_slots, const struct transfer *transfer) {
  if (client_config_of(transfer->client->settings)->log_level >= LOG_LEVEL_DEBUG)
    log_line(transfer, "request", "%s", "");
  if (!push_callback(L, client_slots, call_slots, SLOT_LOG)) return;
  push_event(L, "request", transfer);
  call_listener(L, transfer, "log");
}

static void log_retry(lua_State *L, int client_slots, int call_slots, const struct transfer *transfer) {
  char answer[REQUEST_ID_SHOWN + 40];
  if (client_config_of(transfer->client->settings)->log_level >= LOG_LEVEL_INFO)
    log_line(transfer, "retry", ", %s, again in %.3f s: %s", describe_answer(transfer, answer, sizeof answer),
             transfer->retry_wait, transfer->failure.message);
  if (!push_callback(L, client_slots, call_slots, SLOT_LOG)) return;
  push_event(L, "retry", transfer);
  set_outcome(L, transfer);
  set_number(L, "wait", transfer->retry_wait);
  call_listener(L, transfer, "log");
}

/* Each of the two functions may end the call, and close the transfer in `holder`. */
void lua_callbacks_retry(lua_State *L, int client_slots, int call_slots, const struct lua_transfer *holder) {
  struct transfer *transfer = holder->transfer;
  char message[FAILURE_MESSAGE_SIZE];
  log_retry(L, client_slots, call_slots, transfer);
  if (lua_transfer_is_spent(holder) || !push_callback(L, client_slots, call_slots, SLOT_ON_RETRY)) return;
  lua_createtable(L, 0, 4);
  set_integer(L, "attempt", (long)transfer->attempts);
  set_integer(L, "max_retries", (long)transfer->settings.retry.max_retries);
  set_number(L, "wait", transfer->retry_wait);
  lua_failure_push(L, transfer);
  lua_setfield(L, -2, "failure");
  if (call_callback(L, transfer)) return;
  snprintf(message, sizeof message, "on_retry raised an error: %s", lua_tostring(L, -1));
  lua_pop(L, 1);
  if (!lua_transfer_is_spent(holder) && transfer->state != TRANSFER_DONE)
    transfer_fail(transfer, FAILURE_ABORTED, message);
}

/* The log tells what the call will return, so the 2xx is decoded before. */
static void log_done(lua_State *L, int client_slots, int call_slots, int userdata,
                     const struct transfer *transfer) {
  bool has_log = push_callback(L, client_slots, call_slots, SLOT_LOG);
  char answer[REQUEST_ID_SHOWN + 40];
  if (has_log || client_config_of(transfer->client->settings)->log_level >= LOG_LEVEL_INFO)
    lua_result_decide(L, userdata);
  if (client_config_of(transfer->client->settings)->log_level >= LOG_LEVEL_INFO)
    log_line(transfer, "done", ", %s in %.3f s %s", describe_answer(transfer, answer, sizeof answer),
             transfer_elapsed(transfer), transfer->failure.message);
  if (!has_log) return;
  push_event(L, "done", transfer);
  set_outcome(L, transfer);
  call_listener(L, transfer, "log");
}

void lua_callbacks_done(lua_State *L, int client_slots, int call_slots, int userdata,
                        struct transfer *transfer) {
  log_done(L, client_slots, call_slots, userdata, transfer);
  lua_callbacks_tell_waiter(L, call_slots, userdata);
}

/* The function is called once. It is put back when memory ran out during the call, or when a hook raised an
 * error (Ctrl-C) in a waiter's function: the waiter would wait for ever. */
void lua_callbacks_tell_waiter(lua_State *L, int call_slots, int userdata) {
  const struct lua_transfer *holder = lua_touserdata(L, userdata);
  int listener = lua_gettop(L) + 1, status;
  if (!push_callback(L, 0, call_slots, CALL_SLOT_ON_DONE)) return;
  lua_pushnil(L);
  lua_rawseti(L, call_slots, CALL_SLOT_ON_DONE);
  lua_pushvalue(L, listener);
  lua_pushvalue(L, userdata);
  status = lua_program_call(L, holder->transfer->client, 1, 0);
  if (status == 0) return;
  if (holder->is_waited_for || lua_raise_is_out_of_memory(L, status)) {
    lua_pushvalue(L, listener);
    lua_rawseti(L, call_slots, CALL_SLOT_ON_DONE);
    lua_error(L);
  }
  if (lua_raise_is_interruption(L)) lua_error(L);
  lua_raise_describe(L);
  complain(L, "on_done");
}
