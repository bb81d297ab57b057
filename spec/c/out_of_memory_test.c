/* SPDX-License-Identifier: MIT */
/* For every n the n-th allocation fails, of Lua and of our C in turn: alone, or with all that follow. The
 * call then works or tells so, nothing leaks, and the same client's next call works. */
#include "failing_allocator.h"
#include "http_server.h"
#include "unit.h"

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
  MAX_ALLOCATIONS = 5000, /* a call that makes more of them never ends */
  LONGEST_CALL = 30
}; /* seconds; its timeouts are 2 s */

int luaopen_openai_uploads_core(lua_State *L);

/* `prepare` runs undisturbed and returns the function that is called while memory runs out. */
static const struct scenario {
  const char *name, *prepare, *expected;
} scenarios[] = {
    {"the first cancel of a client",
     "local client = core.client() return function() return client.cancel('upload_ok', once) end",
     "cancelled"},
    {"a later cancel",
     "local client = core.client() client.cancel('upload_ok') return function() return "
     "client.cancel('upload_ok', once) end",
     "cancelled"},
    {"a cancel that is refused",
     "local client = core.client() return function() return client.cancel('upload_gone', once) end",
     "not_found: No such Upload (HTTP 404, request req_1)"},
    {"create", "local client = core.client() return function() return client.create(params, once) end",
     "pending"},
    {"a cancel that is retried, and told of",
     "local client = core.client() return function() return client.cancel('upload_busy', {timeout = 2, "
     "max_retries = 1, retry_delay = 0, "
     "with_response = true, log = function(event) return event.url .. event.event end, on_retry = "
     "function(info) return info.failure .. '' end}) end",
     "server: the service answered HTTP 503 (after 2 attempts); the service may have acted on it"},
    {"a transfer that is begun, and another that is dropped",
     "local client = core.client() return function() client.start.cancel('upload_ok', once) local transfer = "
     "client.start.cancel('upload_ok', once) local _, upload, failure = transfer:wait() transfer:abort() "
     "client.step() client.close() return upload, failure end",
     "cancelled"},
    {"a part from a string",
     "local client = core.client() return function() return client.parts.create('upload_ok', {data = 'abcd', "
     "offset = 1, length = 2}, once) end",
     "part_1"},
    {"a part from a path",
     "local client = core.client() client.cancel('upload_ok') return function() return "
     "client.parts.create('upload_ok', {file = "
     "'/etc/passwd', length = 20}, once) end",
     "part_1"},
    {"a part from a file of the core",
     "local client = core.client() client.cancel('upload_ok') return function() local file, failure = "
     "core.open_file('/etc/passwd') "
     "return client.parts.create('upload_ok', {file = file, length = 20}, once) end",
     "part_1"},
    {"a part from an open file",
     "local client, file = core.client(), io.open('/etc/passwd') client.cancel('upload_ok') return "
     "function() return "
     "client.parts.create('upload_ok', {data = file, length = 20}, once) end",
     "part_1"},
    {"a part from a function",
     "local client = core.client() client.cancel('upload_ok') return function() local chunks, n = {'ab', '', "
     "'cd'}, 0 return "
     "client.parts.create('upload_ok', {length = 4, data = function() n = n + 1 return chunks[n] end}, once) "
     "end",
     "part_1"},
    {"a part from a function that is called again, begun and waited for",
     "local client = core.client() client.cancel('upload_ok') return function() local n = 0 local transfer = "
     "client.start.parts.create('upload_busy', {length = 4, rewind = function() n = 0 end, data = function() "
     "n = n + 1 return n .. 'b' end}, {timeout = 2, max_retries = 1, retry_delay = 0}) local _, part, "
     "failure "
     "= transfer:wait() return part, failure end",
     "server: the service answered HTTP 503 (after 2 attempts); the service may have acted on it"},
    {"a part from a function that raises",
     "local client = core.client() client.cancel('upload_ok') return function() return "
     "client.parts.create('upload_ok', {length = 4, "
     "data = function() error('no ' .. 'disk', 0) end}, once) end",
     "aborted: the data function raised an error: no disk"},
    {"a part from a function that cannot start again",
     "local client = core.client() client.cancel('upload_ok') return function() return "
     "client.parts.create('upload_busy', {length = 2, "
     "data = function() return 'ab' end}, {timeout = 2, max_retries = 1, retry_delay = 0}) end",
     "server: the service answered HTTP 503; not tried again: a data function without rewind cannot start "
     "over; the service may have acted on it"},
    {"a part from a file that is not there",
     "local client = core.client() return function() return client.parts.create('upload_ok', {file = "
     "'/nowhere'}, once) end",
     "file: cannot open /nowhere: No such file or directory"},
    {"complete",
     "local client = core.client() return function() return client.complete('upload_ok', {part_ids = "
     "{'part_1', 'part_2'}, md5 = 'abc'}, once) end",
     "completed"},
    {"a file in one call",
     "local client = core.client() return function() return client.files.create({data = 'hello', filename = "
     "'a', purpose = 'batch', expires_after = {anchor = 'created_at', seconds = 3600}}, once) end",
     "uploaded"},
    {"a file that is retrieved",
     "local client = core.client() return function() return client.files.retrieve('file_1', once) end",
     "processed"},
    {"a list of files",
     "local client = core.client() return function() return client.files.list({limit = 2, after = 'file_0'}, "
     "once) end",
     "listed"},
    {"a file that is deleted",
     "local client = core.client() return function() return client.files.delete('file_1', once) end",
     "deleted"},
    {"the content of a file in a file",
     "local client = core.client() return function() local content, failure = client.files.content('file_1', "
     "{to = '/dev/null'}, once) return content and {status = 'bytes: ' .. content.bytes}, failure end",
     "bytes: 5"},
    {"the content of a file in a file that gets its name",
     "local client, name = core.client(), os.tmpname() return function() local content, failure = "
     "client.files.content('file_1', {to = name}, once) os.remove(name) "
     "return content and {status = 'bytes: ' .. content.bytes}, failure end",
     "bytes: 5"},
    {"the content of a file in a function",
     "local client = core.client() return function() local all = '' local content, failure = "
     "client.files.content('file_1', {to = function(bytes) all = all .. bytes end}, once) "
     "return content and {status = all}, failure end",
     "hello"},
    {"the content of a file in a function that raises",
     "local client = core.client() return function() return client.files.content('file_1', {to = function() "
     "error('no ' .. 'room', 0) end}, once) end",
     "aborted: the to function raised an error: no room (HTTP 200)"},
    {"new with many settings",
     "return function() local client = core.client {api_key = function() return 'sk-' .. 'function' end, "
     "organization = 'org-1', "
     "project = 'proj_1', headers = {['X-One'] = '1', ['X-Two'] = 2, Accept = false}, query = {a = 1, b = "
     "'two', c = true}, "
     "auth_header = 'api-key', timeout = 2, connect_timeout = 2, deadline = 20, max_retries = 0, "
     "with_response = true, "
     "max_response_bytes = 100000, max_connections = 3, user_agent = 'test/1', log = function() end, ca_file "
     "= '/nowhere', "
     "client_cert = '/nowhere', client_key = '/nowhere', ca_path = '/nowhere', proxy = ''} "
     "return client.cancel('upload_ok', {headers = {['X-Two'] = 'two', ['X-Three'] = ''}, query = {token = "
     "'secret-of-the-units', d = ' "
     "'}}) end",
     "cancelled"},
    {"loading the module",
     "return function() package.loaded['openai_uploads.core'] = nil "
     "return require('openai_uploads.core').client().cancel('upload_ok', once) end",
     "cancelled"},
};

static const char prelude[] =
    "core = require 'openai_uploads.core' "
    "once = {timeout = 2, max_retries = 0} "
    "params = {filename = 'a.jsonl', purpose = 'batch', bytes = 3, mime_type = 'text/jsonl'}";

static const char *answer_on_files(const char *request) {
  if (strstr(request, "/content HTTP")) return "hello";
  if (strncmp(request, "DELETE", 6) == 0)
    return "{\"id\":\"file_1\",\"object\":\"file\",\"deleted\":true,\"status\":\"deleted\"}";
  if (strstr(request, "/files?"))
    return "{\"object\":\"list\",\"data\":[{\"id\":\"file_1\"}],\"status\":\"listed\"}";
  return strncmp(request, "POST", 4) == 0
             ? "{\"id\":\"file_1\",\"object\":\"file\",\"status\":\"uploaded\"}"
             : "{\"id\":\"file_1\",\"object\":\"file\",\"status\":\"processed\"}";
}

static struct http_answer answer(const char *request) {
  struct http_answer ok = {
      .status = "200 OK",
      .body =
          "{\"id\":\"upload_ok\",\"object\":\"upload\",\"status\":\"cancelled\",\"file\":null,\"bytes\":3}"};
  if (strstr(request, "/upload_gone/"))
    return (struct http_answer){
        .status = "404 Not Found",
        .headers = "x-request-id: req_1\r\nVary: a\r\nVary: b\r\n",
        .body = "{\"error\":{\"message\":\"No such Upload\",\"type\":\"x\",\"param\":null,\"code\":\"y\"}}"};
  if (strstr(request, "/upload_busy/")) return (struct http_answer){.status = "503 Busy"};
  if (strstr(request, "/parts HTTP"))
    ok.body =
        "{\"id\":\"part_1\",\"object\":\"upload.part\",\"status\":\"part_1\"}"; /* as is_expected looks */
  if (strstr(request, "/complete HTTP"))
    ok.body = "{\"id\":\"upload_ok\",\"object\":\"upload\",\"status\":\"completed\","
              "\"file\":{\"id\":\"file_1\",\"object\":\"file\"}}";
  if (strstr(request, "/v1/files")) ok.body = answer_on_files(request);
  if (strstr(request, "/uploads HTTP")) ok.body = "{\"id\":\"upload_1\",\"status\":\"pending\"}";
  return ok;
}

/* --- one call ----------------------------------------------------------------------------------------------
 */

static bool run_text(lua_State *L, const char *text, int results) {
  bool ran = luaL_loadstring(L, text) == 0 && lua_pcall(L, 0, results, 0) == 0;
  if (!ran) printf("%s\n", lua_tostring(L, -1));
  return ran;
}

/* Pushes the scenario's function. NULL when even that failed. */
static lua_State *state_open(const struct scenario *scenario) {
  lua_State *L = lua_newstate(failing_allocator_of_lua, NULL);
  luaL_openlibs(L);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  lua_pushcfunction(L, luaopen_openai_uploads_core);
  lua_setfield(L, -2, "openai_uploads.core");
  lua_settop(L, 0);
  if (run_text(L, prelude, 0) && run_text(L, scenario->prepare, 1)) return L;
  lua_close(L);
  return NULL;
}

static lua_State *running;

static void raise_hang(lua_State *L, lua_Debug *unused) {
  (void)unused;
  lua_sethook(L, NULL, 0, 0);
  luaL_error(L, "the call does not end");
}

/* As lua.c answers Ctrl-C: a signal cuts the engine's wait short, and then hooks run. */
static void on_alarm(int number) {
  (void)number;
  lua_sethook(running, raise_hang, LUA_MASKCALL | LUA_MASKRET | LUA_MASKCOUNT, 1);
}

/* cjson stays loaded to the end: of a library that is gone, LeakSanitizer could not tell the name. */
static void keep_cjson(void) {
  static lua_State *keeper;
  keeper = luaL_newstate();
  luaL_openlibs(keeper);
  run_text(keeper, "require 'cjson'", 0);
}

enum ending { DONE, FAILED, RAISED };

/* What the function at 1 came to, as a text on top of the stack. */
static enum ending call_with_memory(lua_State *L, struct failing_allocator *allocator, long allowed,
                                    bool keeps_failing) {
  int status;
  lua_settop(L, 1);
  lua_pushvalue(L, 1);
  running = L;
  alarm(LONGEST_CALL);
  if (allocator) failing_allocator_arm(allocator, allowed, keeps_failing);
  status = lua_pcall(L, 0, 2, 0);
  if (allocator) failing_allocator_disarm(allocator);
  alarm(0);
  if (status != 0) return RAISED;
  if (lua_istable(L, 2)) {
    lua_getfield(L, 2, "status");
    return DONE;
  }
  luaL_tolstring(L, 3, NULL);
  return FAILED;
}

static bool is_expected(lua_State *L, const struct scenario *scenario) {
  return lua_isstring(L, -1) && strcmp(lua_tostring(L, -1), scenario->expected) == 0;
}

/* Lua's want of memory is always raised. Ours may end an exchange as its failure instead, where curl's
 * callbacks meet it: no socket, no answer in time. */
static bool is_clean(lua_State *L, const struct scenario *scenario, const struct failing_allocator *allocator,
                     enum ending ending) {
  const char *text = lua_tostring(L, -1);
  if (is_expected(L, scenario)) return true;
  if (allocator->refused == 0 || !text) return false;
  if (ending == RAISED)
    return strstr(text, "not enough memory") || strstr(text, "no memory or no descriptors left");
  return ending == FAILED && allocator == &own_allocator &&
         (strncmp(text, "connection: ", 12) == 0 || strncmp(text, "timeout: ", 9) == 0);
}

/* --- every n -----------------------------------------------------------------------------------------------
 */

static bool complain(const char *what, const char *text, long allowed) {
  printf("  after %ld allocations: %s: %s\n", allowed, what, text ? text : "(no text)");
  return false;
}

/* Sets *was_refused to whether an allocation failed at all. */
static bool survives(const struct scenario *scenario, struct failing_allocator *allocator, long allowed,
                     bool keeps_failing, bool *was_refused) {
  long curl_before = curl_allocator.outstanding;
  lua_State *L = state_open(scenario);
  bool well = true;
  enum ending ending;
  if (!L) return complain("no state", "", allowed);
  ending = call_with_memory(L, allocator, allowed, keeps_failing);
  *was_refused = allocator->refused > 0;
  if (getenv("OUT_OF_MEMORY_VERBOSE"))
    printf("%s, %s, after %ld: %s\n", scenario->name, allocator->name, allowed, lua_tostring(L, -1));
  if (!is_clean(L, scenario, allocator, ending))
    well = complain("no clean ending", lua_tostring(L, -1), allowed);
  call_with_memory(L, NULL, 0, false);
  if (!is_expected(L, scenario)) well = complain("the next call does not work", lua_tostring(L, -1), allowed);
  lua_close(L);
  if (lua_allocator.outstanding != 0) well = complain("leak", "of Lua's", allowed);
  if (own_allocator.outstanding != 0) well = complain("leak", "of ours", allowed);
  if (curl_allocator.outstanding != curl_before) well = complain("leak", "of libcurl's", allowed);
  lua_allocator.outstanding = own_allocator.outstanding = 0;
  return well;
}

static void survives_every_n(const struct scenario *scenario, struct failing_allocator *allocator,
                             bool keeps_failing) {
  bool well = true, was_refused = true;
  long allowed = 0;
  for (; well && was_refused && allowed < MAX_ALLOCATIONS; allowed++)
    well = survives(scenario, allocator, allowed, keeps_failing, &was_refused);
  CHECK(well && !was_refused, "%s survives that %s of %s's %ld allocations fails", scenario->name,
        keeps_failing ? "each, with all that follow," : "each", allocator->name, allowed - 1);
}

static void survives_at_all(const struct scenario *scenario) {
  struct failing_allocator none = {.name = "nobody"};
  bool was_refused;
  CHECK(survives(scenario, &none, MAX_ALLOCATIONS, false, &was_refused), "%s works on a fresh state",
        scenario->name);
}

int main(void) {
  static struct http_server server;
  struct failing_allocator *const allocators[] = {&lua_allocator, &own_allocator};
  struct sigaction action = {.sa_handler = on_alarm};
  char base_url[64];
  sigaction(SIGALRM, &action, NULL);
  failing_allocator_count_curl();
  if (!http_server_start(&server, answer)) return 1;
  snprintf(base_url, sizeof base_url, "http://127.0.0.1:%d/v1", server.port);
  keep_cjson();
  setenv("OPENAI_BASE_URL", base_url, 1);
  setenv("OPENAI_API_KEY", "sk-" FAILING_ALLOCATOR_SECRET, 1);
  setenv("OPENAI_CUSTOM_HEADERS", "X-Key: " FAILING_ALLOCATOR_SECRET, 1);
  EACH(scenario, scenarios) {
    survives_at_all(scenario);
    EACH(allocator, allocators) {
      survives_every_n(scenario, *allocator, true);
      survives_every_n(scenario, *allocator, false);
    }
    survives_at_all(scenario);
  }
  CHECK(unwiped_secrets == 0, "a secret is overwritten before its memory is freed (%u times it was not)",
        unwiped_secrets);
  http_server_stop(&server);
  return unit_end();
}
