/* SPDX-License-Identifier: MIT */
#include "http/transfer_engine.h"

#include "base/descriptor_set.h"
#include "base/monotonic_clock.h"
#include "http/engine_sockets.h"
#include "http/running_curl.h"

#include <fcntl.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS_A_STEP = 64, MAX_BYTES_WITHOUT_WAIT = 64 * 1024, MIN_BYTES_AT_ONCE = 4096 };

/* The first is libcurl's own default. A look-up hangs for 30 s by default, and meanwhile each connection can
 * give up three of them by a connect_timeout of 10 s. */
enum { MIN_RESOLVER_THREADS = 20, HANGING_LOOK_UPS_A_CONNECTION = 3 };

#define SECONDS_UNTIL_ANOTHER_TRY 0.1

#define SECONDS_OF_LATENESS 0.2 /* less than that is normal scheduling */

/* A host that steps between its frames must not lose one to a hundred TLS handshakes, or to much data. The
 * remaining descriptors are still ready in the next step. */
#define SECONDS_OF_WORK_A_STEP 0.0005

struct transfer_engine {
  CURLM *multi;
  CURLSH *tls_sessions;
  struct descriptor_set *descriptors;
  double curl_due;              /* when curl wants to be called; INFINITY: not by time */
  double step_due;              /* when a caller of transfer_engine_want_step wants one; the same */
  double late_by;               /* seconds that the host was late; 0: in time */
  double held_from, held_until; /* the last call of curl that took long: the process was stopped within it */
  double announced_due;         /* the time that the descriptor's timer is set to; NAN: none yet */
  bool has_timer;               /* the host has asked for the descriptor */
  unsigned turns;               /* rotates the first descriptor of a step */
  size_t bytes_noted;           /* in this step, or the last one */
  size_t max_bytes_per_step;    /* 0: by may_wait */
  bool may_wait;
  bool has_looked;           /* transfer_engine_look was called since the last step */
  unsigned sends_since_step; /* calls of transfer_engine_send that more may follow */
  bool progressed;           /* this step notified at least one task */
  struct timer_list timers;
  struct engine_task *watching; /* tasks with a descriptor of their own, usually few */
  struct engine_sockets sockets;
  pid_t process;
};

static int on_curl_timer(CURLM *multi, long milliseconds, void *data) {
  struct transfer_engine *engine = data;
  (void)multi;
  engine->curl_due = milliseconds < 0 ? INFINITY : monotonic_clock_now() + (double)milliseconds / 1000;
  return 0;
}

/* A descriptor that curl made itself, and watches for a handle of its own: that has no task, or, with libcurl
 * 8.23, does not even tell. */
static bool is_wake_up(const struct transfer_engine *engine, CURL *easy, curl_socket_t descriptor) {
  char *task = NULL;
  if (descriptor == engine->sockets.wake_up) return true;
  if (engine_sockets_has(&engine->sockets, descriptor)) return false;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, &task);
  return !task;
}

static bool is_paused(CURL *easy) {
  struct engine_task *task = NULL;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&task);
  return task && task->is_paused;
}

static int on_curl_socket(CURL *easy, curl_socket_t descriptor, int what, void *data, void *socket_data) {
  struct transfer_engine *engine = data;
  unsigned interest =
      (what & CURL_POLL_IN ? DESCRIPTOR_READABLE : 0u) | (what & CURL_POLL_OUT ? DESCRIPTOR_WRITABLE : 0u);
  (void)socket_data;
  if (what == CURL_POLL_REMOVE) interest = 0;
  if (is_wake_up(engine, easy, descriptor))
    engine_sockets_watch_wake_up(&engine->sockets, descriptor, interest);
  else if (!interest && is_paused(easy))
    engine_sockets_pause(&engine->sockets, descriptor);
  else
    engine_sockets_watch(&engine->sockets, descriptor, interest);
  return 0;
}

curl_socket_t transfer_engine_open_socket(void *data, curlsocktype purpose, struct curl_sockaddr *address) {
  struct transfer_engine *engine = data;
  curl_socket_t descriptor = socket(address->family, address->socktype, address->protocol);
  (void)purpose;
  if (descriptor < 0) return CURL_SOCKET_BAD;
  fcntl(descriptor, F_SETFD, FD_CLOEXEC); /* child processes must not inherit our connections */
  if (engine_sockets_add(&engine->sockets, descriptor)) return descriptor;
  close(descriptor);
  return CURL_SOCKET_BAD;
}

int transfer_engine_close_socket(void *data, curl_socket_t descriptor) {
  struct transfer_engine *engine = data;
  engine_sockets_remove(&engine->sockets, descriptor);
  return close(descriptor);
}

/* From libcurl 8.20 on, the threads that look names up belong to the multi handle. A look-up that hangs keeps
 * its thread after its call has ended: it must not delay the handle's end, nor keep later calls waiting. */
static void set_resolver(struct transfer_engine *engine, unsigned max_connections) {
#if LIBCURL_VERSION_NUM >= 0x081400 /* an older one that is loaded does not know these options */
  curl_multi_setopt(engine->multi, CURLMOPT_QUICK_EXIT, 1L);
  curl_multi_setopt(engine->multi, CURLMOPT_RESOLVE_THREADS_MAX,
                    (long)max_connections * HANGING_LOOK_UPS_A_CONNECTION + MIN_RESOLVER_THREADS);
#else
  (void)engine;
  (void)max_connections;
#endif
}

struct transfer_engine *transfer_engine_new(unsigned max_connections, size_t max_bytes_per_step) {
  struct transfer_engine *engine = calloc(1, sizeof *engine);
  if (!engine) return NULL;
  engine->curl_due = engine->step_due = INFINITY;
  engine->announced_due = NAN;
  engine->max_bytes_per_step = max_bytes_per_step;
  engine->process = getpid();
  engine->descriptors = descriptor_set_new();
  engine->multi = curl_multi_init();
  engine->tls_sessions = curl_share_init();
  if (!engine->descriptors || !engine->multi || !engine->tls_sessions ||
      curl_share_setopt(engine->tls_sessions, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) == CURLSHE_NOMEM) {
    transfer_engine_delete(engine);
    return NULL;
  }
  engine_sockets_create(&engine->sockets, engine->descriptors);
  curl_multi_setopt(engine->multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket);
  curl_multi_setopt(engine->multi, CURLMOPT_SOCKETDATA, engine);
  curl_multi_setopt(engine->multi, CURLMOPT_TIMERFUNCTION, on_curl_timer);
  curl_multi_setopt(engine->multi, CURLMOPT_TIMERDATA, engine);
  curl_multi_setopt(engine->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)max_connections);
  curl_multi_setopt(engine->multi, CURLMOPT_MAXCONNECTS, (long)max_connections);
  set_resolver(engine, max_connections);
  return engine;
}

void transfer_engine_delete(struct transfer_engine *engine) {
  struct sigpipe_guard guard;
  if (!engine) return;
  running_curl_enter(&guard);
  curl_multi_cleanup(engine->multi); /* closes sockets, so the descriptor set outlives it */
  curl_share_cleanup(engine->tls_sessions);
  sigpipe_guard_leave(&guard);
  descriptor_set_delete(engine->descriptors);
  engine_sockets_destroy(&engine->sockets);
  free(engine);
}

bool transfer_engine_is_ours(const struct transfer_engine *engine) {
  return engine->process == getpid();
}

bool transfer_engine_start(struct transfer_engine *engine, CURL *easy) {
  struct sigpipe_guard guard;
  bool started;
  running_curl_enter(&guard);
  started = curl_multi_add_handle(engine->multi, easy) == CURLM_OK;
  sigpipe_guard_leave(&guard);
  return started;
}

void transfer_engine_stop(struct transfer_engine *engine, CURL *easy) {
  struct sigpipe_guard guard;
  running_curl_enter(&guard);
  curl_multi_remove_handle(engine->multi, easy);
  sigpipe_guard_leave(&guard);
}

void transfer_engine_set_timer(struct transfer_engine *engine, struct engine_task *task, double seconds) {
  timer_list_add(&engine->timers, &task->timer, monotonic_clock_now() + seconds);
}

void transfer_engine_clear_timer(struct transfer_engine *engine, struct engine_task *task) {
  timer_list_remove(&engine->timers, &task->timer);
}

bool transfer_engine_watch(struct transfer_engine *engine, struct engine_task *task, int descriptor) {
  if (!descriptor_set_watch(engine->descriptors, descriptor, DESCRIPTOR_READABLE)) return false;
  task->descriptor = descriptor;
  task->watches = true;
  task->next_watching = engine->watching;
  engine->watching = task;
  return true;
}

void transfer_engine_unwatch(struct transfer_engine *engine, struct engine_task *task) {
  struct engine_task **at = &engine->watching;
  if (!task->watches) return;
  while (*at != task) at = &(*at)->next_watching;
  *at = task->next_watching;
  task->watches = false;
  descriptor_set_watch(engine->descriptors, task->descriptor, 0);
}

/* curl knows the connection of a request only after its end, while the handle is on the engine. */
static void note_sharing(struct transfer_engine *engine, CURL *easy) {
  long version = 0;
  curl_socket_t descriptor = CURL_SOCKET_BAD;
  curl_easy_getinfo(easy, CURLINFO_HTTP_VERSION, &version);
  if (version < CURL_HTTP_VERSION_2_0) return;
  curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &descriptor);
  engine_sockets_note_shared(&engine->sockets, descriptor);
}

static void transfer_engine_tell_finished(struct transfer_engine *engine) {
  CURLMsg *message;
  int left;
  while ((message = curl_multi_info_read(engine->multi, &left))) {
    CURL *easy = message->easy_handle;
    CURLcode result = message->data.result; /* the message is gone with its handle */
    struct engine_task *task;
    if (message->msg != CURLMSG_DONE) continue;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&task);
    note_sharing(engine, easy);
    if (task->ended) task->ended(task);
    transfer_engine_stop(engine, easy);
    engine->progressed = true;
    task->finished(task, result);
  }
}

void transfer_engine_note_blocked(struct transfer_engine *engine, struct engine_task *task) {
  engine->progressed = true;
  task->blocked(task);
}

static void transfer_engine_call_timers(struct transfer_engine *engine, double now) {
  struct timer *timer;
  while ((timer = engine->timers.first) && timer->due_at <= now) {
    struct engine_task *task = (struct engine_task *)timer; /* its first member */
    timer_list_remove(&engine->timers, timer);
    engine->progressed = true;
    task->timer_due(task);
  }
}

/* curl never waits, so a call that took long was held up: the process was stopped, or the machine busy. */
static void note_long_call(struct transfer_engine *engine, double begun, double ended) {
  if (ended - begun < SECONDS_OF_LATENESS) return;
  engine->late_by = ended - begun;
  engine->held_from = begun;
  engine->held_until = ended;
}

/* Returns when the call ended. When curl fails because memory ran out, it does not set its timer again: call
 * it again soon. */
static double transfer_engine_act(struct transfer_engine *engine, curl_socket_t descriptor, int what,
                                  double begun) {
  struct sigpipe_guard guard;
  double ended;
  int running;
  running_curl_enter(&guard);
  if (curl_multi_socket_action(engine->multi, descriptor, what, &running) != CURLM_OK)
    engine->curl_due = monotonic_clock_now() + SECONDS_UNTIL_ANOTHER_TRY;
  sigpipe_guard_leave(&guard);
  ended = monotonic_clock_now();
  note_long_call(engine, begun, ended);
  return ended;
}

static void transfer_engine_run_curl(struct transfer_engine *engine) {
  double now = monotonic_clock_now();
  if (engine->curl_due <= now) {
    engine->curl_due = INFINITY; /* curl sets the next one during the call */
    transfer_engine_act(engine, CURL_SOCKET_TIMEOUT, 0, now);
  }
  transfer_engine_tell_finished(engine);
}

/* Handles everything that is due by the clock. A timer that is set meanwhile is not due yet, however short
 * its delay: the host learns of its cause first. */
static void transfer_engine_run_due(struct transfer_engine *engine) {
  double now = monotonic_clock_now();
  transfer_engine_run_curl(engine);
  transfer_engine_call_timers(engine, now);
}

static double transfer_engine_due(const struct transfer_engine *engine) {
  double due = fmin(engine->curl_due, engine->step_due);
  return engine->timers.first ? fmin(due, engine->timers.first->due_at) : due;
}

static void note_lateness(struct transfer_engine *engine) {
  engine->late_by = fmax(0, monotonic_clock_now() - transfer_engine_due(engine));
}

bool transfer_engine_is_late(const struct transfer_engine *engine) {
  return engine->late_by >= SECONDS_OF_LATENESS;
}

bool transfer_engine_was_held_at(const struct transfer_engine *engine, double time) {
  return engine->held_from <= time && time <= engine->held_until;
}

double transfer_engine_due_in(const struct transfer_engine *engine) {
  return fmax(0, transfer_engine_due(engine) - monotonic_clock_now());
}

int transfer_engine_descriptor(struct transfer_engine *engine) {
  int descriptor = descriptor_set_descriptor(engine->descriptors);
  if (!engine->has_timer) engine->announced_due = NAN; /* the timer is as new as the descriptor */
  engine->has_timer = descriptor >= 0;
  transfer_engine_announce(engine);
  return descriptor;
}

/* A timer that fires early does no harm, and time-outs usually move to a later time. So set it again only
 * when the due time is earlier, or when it has fired. */
void transfer_engine_announce(struct transfer_engine *engine) {
  double due = transfer_engine_due(engine);
  if (!engine->has_timer) return;
  if (due >= engine->announced_due && engine->announced_due > monotonic_clock_now()) return;
  engine->announced_due = due;
  descriptor_set_set_due(engine->descriptors, transfer_engine_due_in(engine));
}

void transfer_engine_want_step(struct transfer_engine *engine, double seconds) {
  engine->step_due = fmin(engine->step_due, monotonic_clock_now() + seconds);
}

void transfer_engine_want_no_step(struct transfer_engine *engine) {
  if (engine->sockets.corked == 0) engine->step_due = INFINITY;
}

static int curl_select_mask(unsigned readiness) {
  return (readiness & DESCRIPTOR_READABLE ? CURL_CSELECT_IN : 0) |
         (readiness & DESCRIPTOR_WRITABLE ? CURL_CSELECT_OUT : 0);
}

void transfer_engine_note_bytes(struct transfer_engine *engine, size_t count) {
  engine->bytes_noted += count;
}

static size_t max_bytes(const struct transfer_engine *engine) {
  if (engine->max_bytes_per_step) return engine->max_bytes_per_step;
  return engine->may_wait ? SIZE_MAX : MAX_BYTES_WITHOUT_WAIT;
}

/* curl's own timers, of many requests at once, may ask for bytes when the step has none left. */
size_t transfer_engine_bytes_left(const struct transfer_engine *engine) {
  size_t max = max_bytes(engine), least = max < MIN_BYTES_AT_ONCE ? max : MIN_BYTES_AT_ONCE;
  return engine->bytes_noted + least < max ? max - engine->bytes_noted : least;
}

/* Handles the ready descriptors, beginning with another one each time: otherwise the first one could starve
 * the last. */
static void transfer_engine_act_on(struct transfer_engine *engine, const struct descriptor_event *events,
                                   unsigned count) {
  double now = monotonic_clock_now();
  double stop_at = now + SECONDS_OF_WORK_A_STEP;
  engine->turns++;
  for (unsigned i = 0; i < count; i++) {
    const struct descriptor_event *event = &events[(engine->turns + i) % count];
    now = transfer_engine_act(engine, event->descriptor, curl_select_mask(event->readiness), now);
    if (now >= stop_at) break;
    if (engine->bytes_noted >= max_bytes(engine)) break;
  }
}

/* Notifies the task that watches this descriptor; false when there is none. */
static bool tell_watching(struct transfer_engine *engine, int descriptor) {
  struct engine_task *task = engine->watching;
  while (task && task->descriptor != descriptor) task = task->next_watching;
  if (!task) return false;
  transfer_engine_unwatch(engine, task);
  engine->progressed = true;
  task->readable(task);
  return true;
}

/* Handles events of idle sockets and of tasks' own descriptors, which are reported only once. Returns the
 * number of the others, and moves those to the front. */
static unsigned take_idle(struct transfer_engine *engine, struct descriptor_event *events, int count) {
  unsigned others = 0;
  for (int i = 0; i < count; i++)
    if (!tell_watching(engine, events[i].descriptor) &&
        !engine_sockets_take_idle(&engine->sockets, &events[i]))
      events[others++] = events[i];
  return others;
}

bool transfer_engine_catch_up(struct transfer_engine *engine) {
  struct descriptor_event events[EVENTS_A_STEP];
  unsigned ready =
      take_idle(engine, events, descriptor_set_wait(engine->descriptors, 0, events, EVENTS_A_STEP));
  bool caught_up = false;
  for (unsigned i = 0; i < ready; i++) {
    if (!(events[i].readiness & DESCRIPTOR_READABLE)) continue;
    transfer_engine_act(engine, events[i].descriptor, CURL_CSELECT_IN, monotonic_clock_now());
    caught_up = true;
  }
  transfer_engine_run_curl(engine);
  return caught_up;
}

struct engine_sockets *transfer_engine_sockets(struct transfer_engine *engine) {
  return &engine->sockets;
}

CURLSH *transfer_engine_tls_sessions(struct transfer_engine *engine) {
  return engine->tls_sessions;
}

/* Waits, and handles the ready descriptors. Returns how many belong to requests. */
static unsigned transfer_engine_serve(struct transfer_engine *engine, double seconds) {
  struct descriptor_event events[EVENTS_A_STEP];
  int count = descriptor_set_wait(engine->descriptors, seconds, events, EVENTS_A_STEP);
  unsigned ready = take_idle(engine, events, count);
  note_lateness(engine); /* the process may have been stopped during the wait */
  transfer_engine_act_on(engine, events, ready);
  if (count == EVENTS_A_STEP) engine_sockets_look_at_idle(&engine->sockets); /* there may be more */
  return ready;
}

void transfer_engine_look(struct transfer_engine *engine) {
  if (engine->sockets.idle == 0) return;
  engine->bytes_noted = 0;
  engine->may_wait = false;
  transfer_engine_serve(engine, 0);
  engine->has_looked = true;
}

static void collect_small_requests(struct transfer_engine *engine) {
  if (engine->sends_since_step++ != 1) return;
  engine_sockets_cork(&engine->sockets);
  if (engine->sockets.corked > 0) transfer_engine_want_step(engine, 0);
}

void transfer_engine_send(struct transfer_engine *engine, bool more_may_follow) {
  if (more_may_follow) collect_small_requests(engine);
  if (!engine->has_looked) engine->bytes_noted = 0;
  engine->may_wait = false;
  transfer_engine_run_curl(engine);
  if (!engine->has_looked) transfer_engine_serve(engine, 0);
  engine->has_looked = false; /* a step may come much later */
  transfer_engine_run_curl(engine);
}

bool transfer_engine_step(struct transfer_engine *engine, double seconds) {
  double until_due;
  unsigned ready = 0;
  bool has_looked = engine->has_looked;
  engine->has_looked = false;
  if (!has_looked) engine->bytes_noted = 0;
  engine->may_wait = seconds > 0;
  engine->progressed = false;
  if (!has_looked) note_lateness(engine);
  engine->step_due = INFINITY;
  transfer_engine_run_due(engine);
  engine->sends_since_step = 0;
  engine_sockets_uncork(&engine->sockets);
  if (engine->progressed) seconds = 0;
  until_due = transfer_engine_due(engine) - monotonic_clock_now();
  if (seconds > 0 || !has_looked) ready = transfer_engine_serve(engine, fmax(0, fmin(seconds, until_due)));
  transfer_engine_run_due(engine);
  return engine->progressed || ready > 0;
}
