/* SPDX-License-Identifier: MIT */
#include "base/monotonic_clock.h"
#include "base/path_segment.h"
#include "base/process_id.h"
#include "binding/lua_block.h"
#include "binding/lua_checks.h"
#include "binding/lua_client.h"
#include "binding/lua_compat.h"
#include "binding/lua_deadline.h"
#include "binding/lua_digest.h"
#include "binding/lua_failure.h"
#include "binding/lua_file.h"
#include "binding/lua_journal.h"
#include "binding/lua_json.h"
#include "binding/lua_md5.h"
#include "binding/lua_options.h"
#include "binding/lua_pipe.h"
#include "binding/lua_plain.h"
#include "binding/lua_raise.h"
#include "binding/lua_signals.h"
#include "binding/lua_terminal.h"
#include "binding/lua_transfer_methods.h"
#include "binding/lua_waker.h"
#include "http/running_curl.h"
#include "uploads/client_config.h"
#include "uploads/upload_request.h"
#include "uploads/version.h"

#include <curl/curl.h>
#include <pthread.h>
#include <unistd.h>

/* Found in the file by load_problem.lua, where this cannot be loaded. */
__attribute__((used)) static const char built_for[] = "openai_uploads core for " COMPAT_LUA_NAME;

/* Never undone: the host, or another module, may use curl as well. */
static void initialize_curl(void) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* upload_id_refusal(id) -> the reason why it may not be sent; nil when it may */
static int upload_id_refusal(lua_State *L) {
  size_t length;
  const char *id;
  if (lua_type(L, 1) != LUA_TSTRING) {
    lua_pushfstring(L, "must be a string, got %s", luaL_typename(L, 1));
    return 1;
  }
  id = lua_tolstring(L, 1, &length);
  lua_pushstring(L, path_segment_refusal(id, length));
  return 1;
}

/* describe(raised) -> its text, whatever it is; never raises an error of the value's own */
static int describe(lua_State *L) {
  luaL_checkany(L, 1);
  lua_settop(L, 1);
  lua_raise_describe(L);
  return 1;
}

/* is_interruption(raised) -> whether that is Ctrl-C */
static int is_interruption(lua_State *L) {
  lua_settop(L, 1);
  lua_pushboolean(L, lua_raise_is_interruption(L));
  return 1;
}

/* can_yield() -> whether the running coroutine may yield; true where Lua cannot tell */
static int can_yield(lua_State *L) {
  lua_pushboolean(L, compat_can_yield(L));
  return 1;
}

/* now() -> seconds on a clock that never jumps */
static int now(lua_State *L) {
  lua_pushnumber(L, monotonic_clock_now());
  return 1;
}

/* process_id() -> the id of this process, which changes after a fork */
static int process_id(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)process_id_get());
  return 1;
}

/* utf8(text) -> the text as JSON carries it: with U+FFFD for bytes that are not UTF-8 */
static int utf8(lua_State *L) {
  luaL_checkstring(L, 1);
  lua_json_push_utf8(L, 1);
  return 1;
}

/* libcurl() -> "7.88.1, OpenSSL/3.0.17" */
static int core_libcurl(lua_State *L) {
  const curl_version_info_data *info = running_curl_info();
  lua_pushfstring(L, "%s, %s", info->version, info->ssl_version ? info->ssl_version : "no TLS");
  return 1;
}

static const luaL_Reg functions[] = {
    {"block", lua_block_new},
    {"can_yield", can_yield},
    {"client", lua_client_new},
    {"deadline", lua_deadline_new},
    {"describe", describe},
    {"digest", lua_digest_new},
    {"waker", lua_waker_new},
    {"failure", lua_failure_new},
    {"hold", lua_transfer_methods_hold},
    {"is_interruption", is_interruption},
    {"is_terminal", lua_terminal_is},
    {"is_client", lua_checks_is_client},
    {"is_option", lua_options_is_option},
    {"is_whole", lua_checks_is_whole},
    {"journal", lua_journal_new},
    {"md5", lua_md5_new},
    {"missed_interrupt", lua_signals_missed_interrupt},
    {"nearest_name", lua_checks_nearest_name},
    {"late", lua_deadline_late},
    {"listen", lua_transfer_methods_listen},
    {"now", now},
    {"open_file", lua_file_new},
    {"pipe", lua_pipe_new},
    {"plain", lua_plain_copy},
    {"process_id", process_id},
    {"take", lua_transfer_methods_take},
    {"result", lua_transfer_methods_result},
    {"release", lua_transfer_methods_release},
    {"signals", lua_signals_new},
    {"spool", lua_file_new_spool},
    {"terminal_columns", lua_terminal_columns},
    {"text_columns", lua_terminal_text_columns},
    {"upload_id_refusal", upload_id_refusal},
    {"wind_down", lua_transfer_methods_wind_down},
    {"utf8", utf8},
    {"libcurl", core_libcurl},
    {NULL, NULL},
};

__attribute__((visibility("default"))) int luaopen_openai_uploads_core(lua_State *L);

int luaopen_openai_uploads_core(lua_State *L) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  compat_checkversion(L);
  pthread_once(&once, initialize_curl);
  lua_json_open(L);
  lua_failure_open(L);
  lua_block_open(L);
  lua_deadline_open(L);
  lua_digest_open(L);
  lua_md5_open(L);
  lua_pipe_open(L);
  lua_waker_open(L);
  lua_file_open(L);
  lua_journal_open(L);
  lua_signals_open(L);
  lua_transfer_methods_open(L);
  lua_client_open(L);
  lua_newtable(L);
  compat_setfuncs(L, functions, 0);
  lua_pushliteral(L, UPLOADS_VERSION);
  lua_setfield(L, -2, "_VERSION");
  lua_pushliteral(L, LUA_RAISE_OUT_OF_MEMORY);
  lua_setfield(L, -2, "out_of_memory");
  lua_pushinteger(L, CLIENT_CONFIG_MAX_CONNECTIONS);
  lua_setfield(L, -2, "max_connections");
  lua_pushinteger(L, UPLOAD_REQUEST_MAX_PART_BYTES);
  lua_setfield(L, -2, "max_part_bytes");
  lua_pushinteger(L, HTTP_REQUEST_MAX_SHARED_PART_BYTES);
  lua_setfield(L, -2, "max_shared_part_bytes");
  return 1;
}
