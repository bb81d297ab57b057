/* SPDX-License-Identifier: MIT */
/* Threads with a Lua state each share nothing of ours: they call at once and do not meet. Run as it is, and
 * by `make threads` under ThreadSanitizer, which knows of a race even where it does no harm. */
#include "http_server.h"
#include "unit.h"

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
  THREADS = 8,
  ROUNDS = 5,
  LONGEST_RUN = 120 /* seconds, until a hang ends the program */
};

int luaopen_openai_uploads_core(lua_State *L);

/* In every round of every thread, on a new state. Ends with a transfer that lua_close will find running. */
static const char calls[] =
    "local thread, round = ...\n"
    "local uploads = require 'openai_uploads'\n"
    "local made = 0\n"
    "local function new_id()\n"
    "  made = made + 1\n"
    "  return ('upload_%d_%d_%d'):format(thread, round, made)\n"
    "end\n"
    "local function check(id, upload, failure)\n"
    "  assert(upload, tostring(failure))\n"
    "  assert(upload.id == id and upload.status == 'cancelled', upload.id .. ' came for ' .. id)\n"
    "end\n"

    "for _ = 1, 3 do\n"
    "  local id = new_id()\n"
    "  check(id, uploads.cancel(id))\n"
    "end\n"
    "local _, failure, response = uploads.cancel('upload_gone', { with_response = true })\n"
    "assert(failure.kind == 'not_found' and response.request_id == 'req_1', tostring(failure))\n"
    "local told, logged = 0, 0\n"
    "_, failure = uploads.cancel('upload_busy', { max_retries = 2, retry_delay = 0.001,\n"
    "  on_retry = function() told = told + 1 end, log = function() logged = logged + 1 end })\n"
    "assert(failure.kind == 'server' and told == 2 and logged > 2, tostring(failure))\n"

    "local running = {}\n"
    "for _ = 1, 4 do\n"
    "  local id = new_id()\n"
    "  running[id] = uploads.start.cancel(id)\n"
    "end\n"
    "for id, transfer in pairs(running) do\n"
    "  local done, upload, why = transfer:poll()\n"
    "  while not done do\n"
    "    uploads.step(0.1)\n"
    "    done, upload, why = transfer:poll()\n"
    "  end\n"
    "  check(id, upload, why)\n"
    "end\n"

    "local ids, few = {}, uploads.new {\n"
    "  max_connections = 3, headers = { ['X-Thread'] = thread },\n"
    "  api_key = function() return 'sk-' .. thread end,\n"
    "}\n"
    "assert(few.create { filename = 'a', purpose = 'batch', bytes = 1, mime_type = 'text/plain' })\n"
    "for index = 1, 10 do ids[index] = new_id() end\n"
    "local cancelled, failures = few.cancel_all(ids)\n"
    "assert(failures == nil)\n"
    "for _, id in ipairs(ids) do check(id, cancelled[id]) end\n"

    "kept = uploads.start.cancel 'upload_never'\n";

/* Before a fork: an engine, and a transfer that runs and goes on running, for nothing listens any more. */
static const char begin[] = "uploads = require 'openai_uploads'\n"
                            "kept = uploads.start.cancel('upload_1', { retry_delay = 8 })\n"
                            "assert(not kept:poll())\n";

/* In the child, in a thread. */
static const char leave[] = "uploads.step()\n"
                            "local done, _, failure = kept:poll()\n"
                            "assert(done and failure.kind == 'aborted', tostring(failure))\n"
                            "_, failure = uploads.cancel('upload_2', { max_retries = 0 })\n"
                            "assert(failure.kind == 'connection', tostring(failure))\n";

/* Names the Upload that was asked for, so that a thread can tell whether an answer is its own. */
static struct http_answer answer(const char *request) {
  static char body[128]; /* the server's only thread sends it before it asks for the next */
  struct http_answer ok = {.status = "200 OK", .body = body};
  const char *id = strstr(request, "/upload_");
  if (strstr(request, "/upload_never/")) return (struct http_answer){.status = NULL};
  if (strstr(request, "/upload_busy/")) return (struct http_answer){.status = "503 Busy"};
  if (strstr(request, "/upload_gone/"))
    return (struct http_answer){.status = "404 Not Found", .headers = "x-request-id: req_1\r\n"};
  if (!id) id = "/upload_new/"; /* create */
  snprintf(body, sizeof body, "{\"id\":\"%.*s\",\"status\":\"cancelled\"}", (int)strcspn(id + 1, "/"),
           id + 1);
  return ok;
}

/* --- a thread and its state --------------------------------------------------------------------------------
 */

struct worker {
  pthread_t thread;
  int number;
  lua_State *L;
  int went_well;     /* how many of its runs did */
  char trouble[256]; /* of one that did not */
};

static pthread_barrier_t gate;

static lua_State *state_open(void) {
  lua_State *L = luaL_newstate();
  if (!L) abort();
  luaL_openlibs(L);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  lua_pushcfunction(L, luaopen_openai_uploads_core);
  lua_setfield(L, -2, "openai_uploads.core");
  lua_getglobal(L, "package");
  lua_pushliteral(L, "lua/?.lua;lua/?/init.lua");
  lua_setfield(L, -2, "path");
  lua_settop(L, 0);
  return L;
}

/* With the thread's number and the round's. */
static void run(struct worker *worker, const char *text, int round) {
  lua_State *L = worker->L;
  bool ran = luaL_loadstring(L, text) == LUA_OK;
  lua_pushinteger(L, worker->number);
  lua_pushinteger(L, round);
  if (ran && lua_pcall(L, 2, 0, 0) == LUA_OK)
    worker->went_well++;
  else
    snprintf(worker->trouble, sizeof worker->trouble, "%s", luaL_tolstring(L, ran ? -1 : -3, NULL));
  lua_settop(L, 0);
}

static void *call_in_rounds(void *data) {
  struct worker *worker = data;
  for (int round = 1; round <= ROUNDS; round++) {
    worker->L = state_open();
    pthread_barrier_wait(&gate);
    run(worker, calls, round);
    lua_close(worker->L);
  }
  return NULL;
}

static void *leave_what_was_inherited(void *data) {
  struct worker *worker = data;
  pthread_barrier_wait(&gate);
  run(worker, leave, 1);
  lua_close(worker->L);
  return NULL;
}

static void run_threads(struct worker *workers, void *(*body)(void *)) {
  pthread_barrier_init(&gate, NULL, THREADS);
  for (int i = 0; i < THREADS; i++)
    if (pthread_create(&workers[i].thread, NULL, body, &workers[i]) != 0) abort();
  for (int i = 0; i < THREADS; i++) pthread_join(workers[i].thread, NULL);
  pthread_barrier_destroy(&gate);
}

/* --- what holds --------------------------------------------------------------------------------------------
 */

static void calls_do_not_meet(void) {
  struct worker workers[THREADS] = {0};
  for (int i = 0; i < THREADS; i++) workers[i].number = i + 1;
  run_threads(workers, call_in_rounds);
  EACH(worker, workers) {
    CHECK(worker->went_well == ROUNDS, "thread %d gets its own answers in %d of %d rounds: %s",
          worker->number, worker->went_well, ROUNDS, worker->trouble);
  }
}

/* The threads come after the fork, each with a state from before it. Their good runs, in all. */
static int leave_at_once(struct worker *workers) {
  int well = 0;
  alarm(LONGEST_RUN);
  run_threads(workers, leave_what_was_inherited);
  for (int i = 0; i < THREADS; i++) {
    well += workers[i].went_well;
    if (*workers[i].trouble) printf("thread %d of the child: %s\n", i + 1, workers[i].trouble);
  }
  return well;
}

static void engines_are_left_at_once(void) {
  struct worker workers[THREADS] = {0};
  int status = -1;
  pid_t child, waited_for;
  for (int i = 0; i < THREADS; i++) {
    workers[i].L = state_open();
    workers[i].number = i + 1;
    run(&workers[i], begin, 0);
    CHECK(workers[i].went_well == 1, "a transfer runs before the fork: %s", workers[i].trouble);
    workers[i].went_well = 0;
  }
  fflush(stdout);
  child = fork();
  if (child == 0) exit(leave_at_once(workers) == THREADS ? 0 : 1); /* by way of the sanitizers' last word */
  waited_for = waitpid(child, &status, 0);
  CHECK(child > 0 && waited_for == child && status == 0,
        "threads of a forked child leave their parent's engines all at once (wait status %d)", status);
  for (int i = 0; i < THREADS; i++) lua_close(workers[i].L);
}

/* cjson stays loaded to the end: what the dynamic linker does under locks of its own, ThreadSanitizer would
 * take for races. */
static lua_State *cjson_open(void) {
  lua_State *L = luaL_newstate();
  luaL_openlibs(L);
  lua_getglobal(L, "require");
  lua_pushliteral(L, "cjson");
  lua_call(L, 1, 0);
  return L;
}

int main(void) {
  static struct http_server server;
  lua_State *cjson = cjson_open();
  char base_url[64];
  alarm(LONGEST_RUN);
  if (!http_server_start(&server, answer)) return 1;
  snprintf(base_url, sizeof base_url, "http://127.0.0.1:%d/v1", server.port);
  setenv("OPENAI_BASE_URL", base_url, 1);
  setenv("OPENAI_API_KEY", "sk-test-threads", 1);
  calls_do_not_meet();
  http_server_stop(&server);
  engines_are_left_at_once();
  lua_close(cjson);
  return unit_end();
}
