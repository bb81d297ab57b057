/* SPDX-License-Identifier: MIT */
#include "binding/lua_failure.h"

#include "base/ascii.h"
#include "base/json_text.h"
#include "binding/lua_compat.h"
#include "binding/lua_failure_text.h"
#include "binding/lua_json.h"
#include "binding/lua_object.h"
#include "binding/lua_raise.h"
#include "binding/lua_refusal.h"
#include "http/http_headers.h"

#include <string.h>

enum { MAX_BODY_BYTES = 64 * 1024, MAX_QUOTED_BYTES = 200 };

static const char failure_type[] = "openai_uploads.failure";

void lua_failure_open(lua_State *L) {
  luaL_newmetatable(L, failure_type);
  lua_failure_text_set(L);
  lua_pushstring(L, failure_type);
  lua_setfield(L, -2, "__name");
  lua_pop(L, 1);
}

static void push_lower_case(lua_State *L, const char *text, size_t length) {
  luaL_Buffer lower;
  luaL_buffinit(L, &lower);
  for (size_t i = 0; i < length; i++) luaL_addchar(&lower, ascii_lower(text[i]));
  luaL_pushresult(&lower);
}

void lua_failure_push_headers(lua_State *L, const struct http_response *response) {
  struct http_header header;
  size_t position = 0;
  lua_newtable(L);
  while (http_headers_next(response->headers.bytes, response->headers.length, &position, &header)) {
    push_lower_case(L, header.name, header.name_length);
    lua_pushvalue(L, -1);
    lua_rawget(L, -3);
    if (lua_isnil(L, -1)) {
      lua_pop(L, 1);
      lua_pushlstring(L, header.value, header.value_length);
    } else {
      lua_pushliteral(L, ", ");
      lua_pushlstring(L, header.value, header.value_length);
      lua_concat(L, 3);
    }
    lua_rawset(L, -3);
  }
}

/* A short plain text, which proxies send, says more than our own message. */
static bool is_quotable(const char *text, size_t length) {
  for (size_t i = 0; i < length; i++)
    if (text[i] == '\0') return false;
  return length > 0 && length <= MAX_QUOTED_BYTES && text[0] != '<' && text[0] != '{' && text[0] != '[';
}

/* Pushes the table that the body contains as JSON; false, and pushes nothing, when it contains none. */
static bool push_decoded(lua_State *L, const struct text_buffer *body) {
  if (body->length == 0) return false;
  if (lua_json_decode(L, body->bytes, body->length) && lua_type(L, -1) == LUA_TTABLE &&
      lua_object_normalize(L))
    return true;
  lua_pop(L, 1);
  return false;
}

/* Adds the service's own words to the failure on top of the stack. */
static void set_service_details(lua_State *L, const struct text_buffer *body) {
  int failure = lua_gettop(L);
  const char *text;
  size_t start;
  if (push_decoded(L, body)) {
    lua_insert(L, failure);
    lua_refusal_copy_details(L, failure);
    if (lua_refusal_push_words(L, failure)) lua_setfield(L, -2, "message");
    lua_remove(L, failure);
    return;
  }
  text = text_buffer_text(body);
  start = json_text_start(text, body->length);
  if (!is_quotable(text + start, body->length - start)) return;
  lua_failure_text_push_line(L, text + start, body->length - start);
  lua_setfield(L, -2, "message");
}

/* The same for a 2xx that is not an answer to the call: some services put an error into one. An object with
 * an id is another answer, and not an error. */
static void add_error_inside(lua_State *L, const struct text_buffer *body) {
  int decoded = lua_gettop(L);
  bool has_id;
  if (!push_decoded(L, body)) return;
  lua_insert(L, decoded);
  lua_getfield(L, decoded, "id");
  has_id = !lua_isnil(L, -1);
  lua_pop(L, 1);
  if (!has_id && lua_refusal_push_words(L, decoded)) {
    lua_getfield(L, -2, "message");
    lua_insert(L, -2);
    lua_pushliteral(L, "; the service says: ");
    lua_insert(L, -2);
    lua_concat(L, 3);
    lua_setfield(L, -2, "message");
    lua_refusal_copy_details(L, decoded);
  }
  lua_remove(L, decoded);
}

static void set_header(lua_State *L, const char *field, const struct http_response *response,
                       const char *name) {
  char value[1024];
  if (!http_response_header(response, name, value, sizeof value) || !*value) return;
  lua_pushstring(L, value);
  lua_setfield(L, -2, field);
}

/* A redirect is mostly a base URL that is not quite right, and its location says what the right one is. */
static void add_remark_on_location(lua_State *L) {
  lua_getfield(L, -1, "location");
  if (lua_isstring(L, -1)) {
    lua_getfield(L, -2, "message");
    lua_pushfstring(L, "%s; it points to '%s', and is not followed: is base_url right?", lua_tostring(L, -1),
                    lua_tostring(L, -2));
    lua_setfield(L, -4, "message");
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
}

/* The fields of an answer. */
static void set_answer(lua_State *L, const struct transfer *transfer) {
  const struct http_response *response = &transfer->attempt->response;
  const struct text_buffer *body = &response->body;
  lua_pushinteger(L, transfer->status);
  lua_setfield(L, -2, "status");
  set_header(L, "request_id", response, "x-request-id");
  lua_failure_push_headers(L, response);
  lua_setfield(L, -2, "headers");
  lua_pushlstring(L, text_buffer_text(body), body->length < MAX_BODY_BYTES ? body->length : MAX_BODY_BYTES);
  lua_setfield(L, -2, "body");
  if (transfer->failure.kind == FAILURE_REDIRECT) set_header(L, "location", response, "location");
  if (failure_kind_of_status(transfer->status) == transfer->failure.kind) set_service_details(L, body);
  if (transfer->failure.kind == FAILURE_REDIRECT) add_remark_on_location(L);
  if (transfer->failure.kind == FAILURE_DECODE) add_error_inside(L, body);
}

/* Pushes a failure with the fields that every failure has. */
static void push_failure(lua_State *L, const char *kind, const char *message, unsigned attempts,
                         bool may_have_applied) {
  lua_newtable(L);
  compat_setmetatable(L, failure_type);
  lua_pushstring(L, kind);
  lua_setfield(L, -2, "kind");
  lua_pushstring(L, message);
  lua_setfield(L, -2, "message");
  lua_pushinteger(L, (lua_Integer)attempts);
  lua_setfield(L, -2, "attempts");
  lua_pushboolean(L, may_have_applied);
  lua_setfield(L, -2, "may_have_applied");
}

int lua_failure_new(lua_State *L) {
  push_failure(L, luaL_checkstring(L, 1), luaL_checkstring(L, 2), 0, false);
  return 1;
}

static void raise_want_of_memory(lua_State *L, const struct failure *failure) {
  if (failure->kind == FAILURE_OUT_OF_MEMORY) lua_raise_out_of_memory(L);
}

void lua_failure_push_plain(lua_State *L, const struct failure *failure) {
  raise_want_of_memory(L, failure);
  push_failure(L, failure_kind_name(failure->kind), failure->message, 0, false);
}

/* Appends to the message of the failure on top of the stack. */
static void add_remark(lua_State *L, const char *remark) {
  lua_getfield(L, -1, "message");
  lua_pushfstring(L, "; %s", remark);
  lua_concat(L, 2);
  lua_setfield(L, -2, "message");
}

/* Without it the service knows no such path, and says that as of an id that it does not know. */
static void add_remark_on_version(lua_State *L, const struct transfer *transfer) {
  const char *prefix = text_buffer_text(&transfer->client->settings->url.prefix);
  if (transfer->status != STATUS_NOT_FOUND || strstr(prefix, "/v1")) return;
  lua_getfield(L, -1, "message");
  lua_pushfstring(L, "; base_url '%s' has no /v1 in it: is it complete?", prefix);
  lua_concat(L, 2);
  lua_setfield(L, -2, "message");
}

void lua_failure_push(lua_State *L, const struct transfer *transfer) {
  const struct failure *failure = &transfer->failure;
  raise_want_of_memory(L, failure);
  push_failure(L, failure_kind_name(failure->kind), failure->message, transfer->attempts,
               transfer->may_have_applied);
  if (transfer->retry_after > 0) {
    lua_pushnumber(L, transfer->retry_after);
    lua_setfield(L, -2, "retry_after");
  }
  if (transfer->status > 0) set_answer(L, transfer);
  if (transfer->remark) add_remark(L, transfer->remark);
  add_remark_on_version(L, transfer);
}
