/* SPDX-License-Identifier: MIT */
/* An answer's whole way from the wire into Lua. An input reads as an answer does, but for its first line:
 *
 *     404 sk-the-key-that-was-sent
 *     x-request-id: req_1
 *
 *     {"error": {"message": "No such Upload"}}
 *
 * Status 0 is no answer. Each input is played twice: to `cancel`, and to `content`, whose body a function
 * takes. Linked with --wrap=curl_easy_getinfo: of libcurl, which sends nothing here, only
 * what it would tell of the exchange is played. */
#include "binding/lua_failure.h"
#include "binding/lua_result.h"
#include "http/http_headers.h"
#include "uploads/client_config.h"
#include "uploads/file_request.h"
#include "uploads/upload_request.h"

#include "fuzz.h"
#include <lauxlib.h>
#include <lualib.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

enum { MAX_BODY_BYTES = 2000, MAX_CONTENT_BYTES = 3000, SHORTEST_HIDDEN_KEY = 8 };

int luaopen_openai_uploads_core(lua_State *L);
CURLcode __wrap_curl_easy_getinfo(CURL *easy, CURLINFO info, ...);

static lua_State *state;
static struct http_client *client;
static long played_status;

CURLcode __wrap_curl_easy_getinfo(CURL *easy, CURLINFO info, ...) {
  va_list arguments;
  (void)easy;
  va_start(arguments, info);
  if (info == CURLINFO_RESPONSE_CODE) *va_arg(arguments, long *) = played_status;
  if (info == CURLINFO_REQUEST_SIZE) *va_arg(arguments, long *) = 100;
  va_end(arguments);
  return CURLE_OK;
}

static void set_up(void) {
  struct client_config *config = client_config_new();
  struct failure failure = {0};
  state = luaL_newstate();
  luaL_openlibs(state);
  luaL_requiref(state, "openai_uploads.core", luaopen_openai_uploads_core, 0);
  client_config_set_text(config, &config->base_url, "base_url", "http://127.0.0.1:9", 18);
  config->http.max_response_bytes = MAX_BODY_BYTES;
  config->http.call.with_response = true;
  config->http.call.retry.max_retries = 1;
  REQUIRE(client_config_complete(config, "fuzz") && config->problem.kind == FAILURE_NONE,
          config->problem.message);
  client = http_client_new(&config->http, &failure);
  REQUIRE(client, failure.message);
}

/* --- the input ---------------------------------------------------------------------------------------------
 */

struct text {
  const char *bytes;
  size_t length;
};

/* Takes up to and with the next line break off `text`. */
static struct text take_line(struct text *text) {
  const char *newline = memchr(text->bytes, '\n', text->length);
  struct text line = {text->bytes, newline ? (size_t)(newline + 1 - text->bytes) : text->length};
  text->bytes += line.length;
  text->length -= line.length;
  return line;
}

static struct text trim_line(struct text line) {
  while (line.length > 0 && (line.bytes[line.length - 1] == '\n' || line.bytes[line.length - 1] == '\r'))
    line.length--;
  return line;
}

/* "404 KEY"; a key that could not have been sent is replaced. */
static struct text read_first_line(struct text line, long *status) {
  static const struct text usual_key = {"sk-fuzz-secret", 14};
  struct text key = trim_line(line);
  struct failure failure;
  *status = 0;
  for (; key.length > 0 && *key.bytes >= '0' && *key.bytes <= '9'; key.bytes++, key.length--)
    *status = (*status * 10 + (*key.bytes - '0')) % 1000;
  if (key.length > 0) key.bytes++, key.length--;
  return client_config_check_key(key.bytes, key.length, &failure) ? key : usual_key;
}

/* curl hands out headers line by line, from a buffer of its own. */
static bool feed_headers(struct http_response *response, struct text *rest) {
  struct text line;
  do {
    char *copy;
    size_t taken;
    line = take_line(rest);
    copy = malloc(line.length + 1);
    memcpy(copy, line.bytes, line.length);
    taken = http_response_take_header(copy, 1, line.length, response);
    free(copy);
    if (taken != line.length) return false;
  } while (rest->length > 0 && trim_line(line).length > 0);
  return true;
}

/* As curl's write function. */
static bool take_body(struct http_attempt *attempt, struct text piece) {
  if (attempt->incoming.sink && attempt->response.is_success)
    return answer_stream_take(&attempt->incoming, piece.bytes, piece.length) == piece.length;
  return http_response_take_body((char *)(uintptr_t)piece.bytes, 1, piece.length, &attempt->response) ==
         piece.length;
}

static bool feed_body(struct http_attempt *attempt, struct text rest) {
  enum { PIECE = 100 };
  while (rest.length > 0) {
    struct text piece = {rest.bytes, rest.length < PIECE ? rest.length : PIECE};
    if (!take_body(attempt, piece)) return false;
    rest.bytes += piece.length;
    rest.length -= piece.length;
  }
  return true;
}

/* --- what must hold ----------------------------------------------------------------------------------------
 */

static void check_headers(struct text block) {
  struct http_header header;
  size_t position = 0;
  char value[32];
  while (http_headers_next(block.bytes, block.length, &position, &header)) {
    REQUIRE(header.name >= block.bytes && header.value + header.value_length <= block.bytes + block.length,
            "a header lies outside its block");
    REQUIRE(header.name_length > 0 && !memchr(header.name, ':', header.name_length), "a header has no name");
  }
  if (http_headers_find(block.bytes, block.length, "retry-after", value, sizeof value))
    REQUIRE(strlen(value) < sizeof value, "a value has no end");
}

/* A key that may be a word is hidden in some places only. */
static bool has_digit(struct text key) {
  for (size_t i = 0; i < key.length; i++)
    if (key.bytes[i] >= '0' && key.bytes[i] <= '9') return true;
  return false;
}

/* Asterisks are what hides a key, and blanks around one are not its own: of keys that have either, no more is
 * asked than that they do no harm. */
static void check_key_is_hidden(const struct http_response *response, struct text key) {
  if (key.length < SHORTEST_HIDDEN_KEY || !has_digit(key)) return;
  for (size_t i = 0; i < key.length; i++)
    if (strchr("* \t", key.bytes[i])) return;
  REQUIRE(!memmem(text_buffer_text(&response->headers), response->headers.length, key.bytes, key.length) &&
              !memmem(text_buffer_text(&response->body), response->body.length, key.bytes, key.length),
          "a key that the service echoed was kept");
}

static void check_object(lua_State *L, int index) {
  REQUIRE(!lua_getmetatable(L, index), "an Upload has a metatable");
  REQUIRE(lua_getfield(L, index, "id") == LUA_TSTRING, "an Upload has no id");
  lua_pop(L, 1);
}

static void check_failure(lua_State *L, int index) {
  size_t length;
  const char *line = luaL_tolstring(L, index, &length);
  REQUIRE(length > 0, "a failure has no text");
  for (size_t i = 0; i < length; i++)
    REQUIRE((unsigned char)line[i] >= ' ' && line[i] != 127, "a failure is not one line");
  REQUIRE(lua_getfield(L, index, "kind") == LUA_TSTRING && strcmp(lua_tostring(L, -1), "none") != 0,
          "a failure has no kind");
  REQUIRE(lua_getfield(L, index, "message") == LUA_TSTRING, "a failure has no message");
  REQUIRE(lua_getfield(L, index, "may_have_applied") == LUA_TBOOLEAN,
          "a failure does not say whether it may have applied");
  REQUIRE(lua_getfield(L, index, "retry_after") == LUA_TNIL || lua_tonumber(L, -1) > 0,
          "a wait is not above 0");
  lua_pop(L, 5);
}

static void check_result(lua_State *L, struct transfer *transfer) {
  struct lua_transfer holder = {.transfer = transfer};
  int top = lua_gettop(L) + 1, count;
  lua_pushlightuserdata(L, &holder);
  count = lua_result_take(L, top);
  REQUIRE(count == 3 && lua_gettop(L) == top + 3 && lua_istable(L, top + 3), "there are not three results");
  if (lua_istable(L, top + 1))
    check_object(L, top + 1);
  else
    check_failure(L, top + 2);
}

/* In a protected call, as always when Lua may raise; only want of memory would be a reason. */
static int check_in_lua(lua_State *L) {
  struct transfer *transfer = lua_touserdata(L, 1);
  luaL_checkstack(L, 40, NULL);
  if (transfer->state == TRANSFER_WAITING) {
    lua_failure_push(L, transfer);
    check_failure(L, lua_gettop(L));
    transfer_fail(transfer, FAILURE_ABORTED, "enough");
  }
  check_result(L, transfer);
  return 0;
}

static void check_answered(struct transfer *transfer, struct text key) {
  lua_pushcfunction(state, check_in_lua);
  lua_pushlightuserdata(state, transfer);
  REQUIRE(lua_pcall(state, 1, 0, 0) == 0, lua_tostring(state, -1));
  if (transfer->failure.kind != FAILURE_NONE) check_key_is_hidden(&transfer->attempt->response, key);
}

/* Plays what libcurl would tell of the exchange. */
static void play(struct transfer *transfer, struct text key, struct text rest) {
  struct http_attempt *attempt;
  bool taken;
  transfer_begin(transfer, key.bytes, key.length);
  REQUIRE(transfer->state == TRANSFER_SENDING, transfer->failure.message);
  attempt = transfer->attempt;
  attempt->requests_begun = 1;
  taken = feed_headers(&attempt->response, &rest) && feed_body(attempt, rest);
  transfer_engine_stop(client->engine, attempt->easy);
  transfer->task.finished(&transfer->task, !taken          ? CURLE_WRITE_ERROR
                                           : played_status ? CURLE_OK
                                                           : CURLE_RECV_ERROR);
}

static void play_to_cancel(struct text key, struct text rest) {
  static const struct service_arguments arguments = {.id = "upload_1", .id_length = 8};
  struct transfer *transfer = transfer_new(client, &client->settings->call, NULL);
  upload_request_cancel(&transfer->request, &arguments);
  play(transfer, key, rest);
  check_answered(transfer, key);
  transfer_delete(transfer);
}

/* Takes what the reader must take, and returns how many bytes that were. */
static size_t read_all(struct transfer *transfer) {
  struct byte_sink *sink = transfer->request.sink;
  size_t length = sink->length;
  if (!transfer_has_unread(transfer)) return 0;
  byte_sink_note_read(sink);
  transfer_note_read(transfer);
  return length;
}

static void play_to_content(struct text key, struct text rest) {
  struct byte_sink sink = {0};
  struct service_arguments arguments = {.id = "file-1", .id_length = 6, .sink = &sink};
  struct transfer *transfer = transfer_new(client, &client->settings->call, NULL);
  size_t read;
  byte_sink_to_reader(&sink, MAX_CONTENT_BYTES);
  file_request_content(&transfer->request, &arguments);
  play(transfer, key, rest);
  read = read_all(transfer);
  REQUIRE(read <= MAX_CONTENT_BYTES, "a reader was given more than it wants");
  REQUIRE(read == 0 || transfer->attempt->response.is_success, "a reader was given a refusal");
  REQUIRE(transfer->state != TRANSFER_DRAINING, "a transfer waits for a reader that has all");
  check_answered(transfer, key);
  transfer_delete(transfer);
  byte_sink_release(&sink);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct text rest = {(const char *)data, size};
  struct text key;
  if (!state) set_up();
  key = read_first_line(take_line(&rest), &played_status);
  check_headers(rest);
  play_to_cancel(key, rest);
  play_to_content(key, rest);
  return 0;
}
