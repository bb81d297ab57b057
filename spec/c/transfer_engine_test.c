/* SPDX-License-Identifier: MIT */
/* Built twice, as the descriptor set below it is. Linked with --wrap=epoll_ctl, to count its calls. */
#include "http/engine_multi.h"
#include "http/transfer_engine.h"

#include "http_server.h"
#include "unit.h"
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_STEPS = 10000 }; /* a test that needs more of them hangs */

static struct http_answer answer(const char *request) {
  struct http_answer ok = {.status = "200 OK", .body = "ok"};
  if (strstr(request, "/never")) ok.status = NULL;
  if (strstr(request, "/close")) ok.headers = "Connection: close\r\n";
  ok.then_close = strstr(request, "/close") || strstr(request, "/then-gone");
  return ok;
}

static struct http_server server;
static int registrations;

struct epoll_event;
int __real_epoll_ctl(int epoll, int operation, int descriptor, struct epoll_event *event);
int __wrap_epoll_ctl(int epoll, int operation, int descriptor, struct epoll_event *event);

int __wrap_epoll_ctl(int epoll, int operation, int descriptor, struct epoll_event *event) {
  registrations++;
  return __real_epoll_ctl(epoll, operation, descriptor, event);
}

struct exchange {
  struct engine_task task;
  CURL *easy;
  int finished;
  CURLcode result;
  char body[8];
  struct transfer_engine *engine;
};

static int last_opened;

static curl_socket_t open_socket(void *data, curlsocktype purpose, struct curl_sockaddr *address) {
  return last_opened = engine_multi_open_socket(data, purpose, address);
}

static size_t take_body(char *bytes, size_t size, size_t count, void *data) {
  struct exchange *exchange = data;
  snprintf(exchange->body, sizeof exchange->body, "%.*s", (int)(size * count), bytes);
  return size * count;
}

static void on_finished(struct engine_task *task, CURLcode result) {
  struct exchange *exchange = (struct exchange *)task;
  exchange->finished++;
  exchange->result = result;
}

static bool exchange_start(struct exchange *exchange, struct transfer_engine *engine, const char *path) {
  char url[64];
  *exchange = (struct exchange){.task.finished = on_finished, .easy = curl_easy_init(), .engine = engine};
  snprintf(url, sizeof url, "http://127.0.0.1:%d%s", server.port, path);
  curl_easy_setopt(exchange->easy, CURLOPT_URL, url);
  curl_easy_setopt(exchange->easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(exchange->easy, CURLOPT_PROXY, "");
  curl_easy_setopt(exchange->easy, CURLOPT_TIMEOUT, 60L);
  curl_easy_setopt(exchange->easy, CURLOPT_PRIVATE, &exchange->task);
  curl_easy_setopt(exchange->easy, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(exchange->easy, CURLOPT_WRITEDATA, exchange);
  curl_easy_setopt(exchange->easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
  curl_easy_setopt(exchange->easy, CURLOPT_OPENSOCKETDATA, transfer_engine_sockets(engine));
  curl_easy_setopt(exchange->easy, CURLOPT_CLOSESOCKETFUNCTION, engine_multi_close_socket);
  curl_easy_setopt(exchange->easy, CURLOPT_CLOSESOCKETDATA, transfer_engine_sockets(engine));
  return transfer_engine_start(engine, exchange->easy);
}

static bool exchange_finish(struct exchange *exchange) {
  for (int i = 0; i < MAX_STEPS && !exchange->finished; i++) transfer_engine_step(exchange->engine, 1);
  return exchange->finished == 1 && exchange->result == CURLE_OK && strcmp(exchange->body, "ok") == 0;
}

/* Connections that had to be made for it; deletes it. */
static long exchange_close(struct exchange *exchange) {
  long connections = -1;
  curl_easy_getinfo(exchange->easy, CURLINFO_NUM_CONNECTS, &connections);
  curl_easy_cleanup(exchange->easy);
  return connections;
}

static bool exchange_run(struct transfer_engine *engine, const char *path, long *connections) {
  struct exchange exchange;
  bool went_well = exchange_start(&exchange, engine, path) && exchange_finish(&exchange);
  *connections = exchange_close(&exchange);
  return went_well;
}

static void exchanges_and_keeps_the_connection(void) {
  struct transfer_engine *engine = transfer_engine_new(4, 0);
  long connections;
  CHECK(exchange_run(engine, "/", &connections) && connections == 1,
        "an exchange goes through, on a connection of its own");
  for (int i = 0; i < 3; i++)
    CHECK(exchange_run(engine, "/", &connections) && connections == 0,
          "the next one uses the connection again");
  registrations = 0;
  exchange_run(engine, "/", &connections);
  CHECK(registrations == 0, "and finds all descriptors registered, libcurl's own included");
  transfer_engine_delete(engine);
}

/* So that a hang-up has arrived, and that no descriptor of the server's thread stands where the next would
 * be. */
static void wait_for_hang_up(void) {
  for (int i = 0; i < 60 * 1000 && server.closed < server.accepted; i++) usleep(1000);
}

static void survives_a_close_while_paused(void) {
  struct transfer_engine *engine = transfer_engine_new(4, 0);
  long connections;
  for (int i = 0; i < 3; i++) {
    CHECK(exchange_run(engine, "/then-gone", &connections) && connections == 1,
          "an exchange goes through before the server hangs up");
    wait_for_hang_up();
    if (i == 1)
      transfer_engine_step(engine, 0); /* lets the engine see it; otherwise the next exchange does */
  }
  CHECK(exchange_run(engine, "/", &connections) && connections == 1,
        "a connection closed while idle is replaced");
  transfer_engine_delete(engine);
}

static void uses_descriptor_numbers_again(void) {
  struct transfer_engine *engine = transfer_engine_new(4, 0);
  int number = -1, same = 0;
  long connections;
  for (int i = 0; i < 5; i++) {
    wait_for_hang_up();
    CHECK(exchange_run(engine, "/close", &connections) && connections == 1,
          "an exchange goes through on a connection of its own");
    same += last_opened == number;
    number = last_opened;
  }
  CHECK(same == 4, "a number used again after its closing works (%d of 4 times)", same);
  transfer_engine_delete(engine);
}

static void leaves_others_descriptors_alone(void) {
  struct transfer_engine *engine = transfer_engine_new(4, 0);
  int ends[2], moved;
  char byte = 0;
  long connections;
  if (pipe(ends) != 0) abort();
  exchange_run(engine, "/close", &connections);
  moved = last_opened;
  if (dup2(ends[0], moved) != moved) abort(); /* the program's own, where curl's was */
  CHECK(write(ends[1], "x", 1) == 1 && exchange_run(engine, "/", &connections),
        "an exchange goes through beside it");
  CHECK(read(moved, &byte, 1) == 1 && byte == 'x',
        "and what the program opened under an old number is untouched");
  transfer_engine_delete(engine);
  close(moved);
  close(ends[0]);
  close(ends[1]);
}

static void drives_many_at_once(void) {
  enum { MANY = 150 };
  static struct exchange exchanges[MANY];
  struct transfer_engine *engine = transfer_engine_new(MANY, 0);
  int well = 0;
  for (int i = 0; i < MANY; i++) exchange_start(&exchanges[i], engine, "/");
  for (int i = 0; i < MANY; i++) well += exchange_finish(&exchanges[i]);
  for (int i = 0; i < MANY; i++) exchange_close(&exchanges[i]);
  CHECK(well == MANY, "%d exchanges at once go through, each told once (%d did)", MANY, well);
  transfer_engine_delete(engine);
}

static void does_not_tell_of_what_was_stopped(void) {
  struct transfer_engine *engine = transfer_engine_new(4, 0);
  struct exchange stopped, other;
  exchange_start(&stopped, engine, "/never");
  exchange_start(&other, engine, "/");
  CHECK(exchange_finish(&other) && stopped.finished == 0, "one that waits does not hold up another");
  transfer_engine_stop(engine, stopped.easy);
  exchange_close(&stopped);
  exchange_close(&other);
  transfer_engine_step(engine, 0);
  CHECK(stopped.finished == 0, "an exchange taken off is not told of");
  transfer_engine_delete(engine);
}

static int paused;

static void on_paused(struct engine_task *task) {
  (void)task;
  paused++;
}

static size_t have_no_bytes(char *bytes, size_t size, size_t count, void *data) {
  struct exchange *exchange = data;
  (void)bytes;
  (void)size;
  (void)count;
  transfer_engine_note_blocked(exchange->engine, &exchange->task);
  return CURL_READFUNC_PAUSE;
}

/* A step that went on to wait would come to nothing: the server waits as well. */
static void does_not_wait_when_one_pauses(void) {
  struct transfer_engine *engine = transfer_engine_new(4, 0);
  struct curl_slist no_expect = {.data = (char[]){"Expect:"}};
  struct exchange exchange;
  int steps = 0, ended = 0;
  exchange_start(&exchange, engine, "/");
  exchange.task.blocked = on_paused;
  curl_easy_setopt(exchange.easy, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(exchange.easy, CURLOPT_INFILESIZE, 5L);
  curl_easy_setopt(exchange.easy, CURLOPT_HTTPHEADER, &no_expect);
  curl_easy_setopt(exchange.easy, CURLOPT_READFUNCTION, have_no_bytes);
  curl_easy_setopt(exchange.easy, CURLOPT_READDATA, &exchange);
  while (ended < 3 && steps++ < MAX_STEPS) {
    int paused_before = paused;
    bool came = transfer_engine_step(engine, 0.5);
    if (paused == paused_before) continue;
    if (!came) break;
    ended++;
    curl_easy_pause(exchange.easy, CURLPAUSE_SEND); /* as http_attempt_go_on does */
    curl_easy_pause(exchange.easy, CURLPAUSE_CONT);
  }
  CHECK(ended == 3, "a step ends when an exchange lacks bytes (%d of 3 times)", ended);
  transfer_engine_stop(engine, exchange.easy);
  exchange_close(&exchange);
  transfer_engine_delete(engine);
}

static void ignore_alarm(int number) {
  (void)number;
}

static void tells_of_signals(void) {
  struct transfer_engine *engine = transfer_engine_new(4, 0);
  struct sigaction action = {.sa_handler = ignore_alarm};
  struct itimerval often = {{0, 5000}, {0, 5000}}, never = {{0, 0}, {0, 0}};
  CHECK(!transfer_engine_step(engine, 0), "a step with nothing to do says so");
  sigaction(SIGALRM, &action, NULL);
  setitimer(ITIMER_REAL, &often, NULL);
  CHECK(!transfer_engine_step(engine, INFINITY), "a signal cuts a wait without end short");
  setitimer(ITIMER_REAL, &never, NULL);
  transfer_engine_delete(engine);
}

static void knows_its_process(void) {
  struct transfer_engine *engine = transfer_engine_new(4, 0);
  int status = -1;
  pid_t child;
  CHECK(transfer_engine_is_ours(engine), "an engine belongs to the process that made it");
  child = fork();
  if (child == 0) _exit(transfer_engine_is_ours(engine) ? 1 : 0);
  CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0, "and not to one forked since");
  transfer_engine_delete(engine);
}

int main(void) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
  if (!http_server_start(&server, answer)) return 1;
  exchanges_and_keeps_the_connection();
  survives_a_close_while_paused();
  uses_descriptor_numbers_again();
  leaves_others_descriptors_alone();
  drives_many_at_once();
  does_not_tell_of_what_was_stopped();
  does_not_wait_when_one_pauses();
  tells_of_signals();
  knows_its_process();
  http_server_stop(&server);
  curl_global_cleanup();
  return unit_end();
}
