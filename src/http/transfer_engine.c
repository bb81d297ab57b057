/* SPDX-License-Identifier: MIT */
#include "http/transfer_engine.h"

#include "base/descriptor_set.h"
#include "base/monotonic_clock.h"
#include "base/process_id.h"
#include "http/engine_multi.h"
#include "http/engine_watches.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

enum { EVENTS_A_STEP = 64, MAX_BYTES_WITHOUT_WAIT = 64 * 1024, MIN_BYTES_AT_ONCE = 4096 };

#define SECONDS_OF_LATENESS 0.2 /* less than that is normal scheduling */

/* A host that steps between its frames must not lose one to a hundred TLS handshakes, or to much data. The
 * remaining descriptors are still ready in the next step. */
#define SECONDS_OF_WORK_A_STEP 0.0005

struct transfer_engine {
  struct engine_multi multi;
  struct engine_sockets sockets;
  struct engine_watches watches;
  struct timer_list timers;
  struct descriptor_set *descriptors;
  double step_due; /* when a caller of transfer_engine_want_step wants one; INFINITY: none does */
  double late_by;  /* seconds that the host was late; 0: in time */
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
  pid_t process;
};

struct transfer_engine *transfer_engine_new(unsigned max_connections, size_t max_bytes_per_step) {
  struct transfer_engine *engine = calloc(1, sizeof *engine);
  if (!engine) return NULL;
  engine->step_due = INFINITY;
  engine->announced_due = NAN;
  engine->max_bytes_per_step = max_bytes_per_step;
  engine->process = process_id_get();
  engine->descriptors = engine->watches.descriptors = descriptor_set_new();
  engine_sockets_create(&engine->sockets, engine->descriptors);
  if (engine_multi_create(&engine->multi, &engine->sockets, max_connections) && engine->descriptors)
    return engine;
  transfer_engine_delete(engine);
  return NULL;
}

void transfer_engine_delete(struct transfer_engine *engine) {
  if (!engine) return;
  engine_multi_destroy(&engine->multi); /* closes sockets, so the descriptor set outlives it */
  descriptor_set_delete(engine->descriptors);
  engine_sockets_destroy(&engine->sockets);
  free(engine);
}

bool transfer_engine_is_ours(const struct transfer_engine *engine) {
  return engine->process == process_id_get();
}

bool transfer_engine_start(struct transfer_engine *engine, CURL *easy) {
  return engine_multi_start(&engine->multi, easy);
}

void transfer_engine_stop(struct transfer_engine *engine, CURL *easy) {
  engine_multi_stop(&engine->multi, easy);
}

void transfer_engine_set_timer(struct transfer_engine *engine, struct engine_task *task, double seconds) {
  timer_list_add(&engine->timers, &task->timer, monotonic_clock_now() + seconds);
}

void transfer_engine_clear_timer(struct transfer_engine *engine, struct engine_task *task) {
  timer_list_remove(&engine->timers, &task->timer);
}

bool transfer_engine_watch(struct transfer_engine *engine, struct engine_task *task, int descriptor) {
  return engine_watches_add(&engine->watches, task, descriptor);
}

void transfer_engine_unwatch(struct transfer_engine *engine, struct engine_task *task) {
  engine_watches_remove(&engine->watches, task);
}

static void tell_finished(struct transfer_engine *engine) {
  CURLcode result;
  CURL *easy;
  while ((easy = engine_multi_take_finished(&engine->multi, &result))) {
    struct engine_task *task = engine_multi_task_of(easy);
    if (task->ended) task->ended(task);
    engine_multi_stop(&engine->multi, easy);
    engine->progressed = true;
    task->finished(task, result);
  }
}

void transfer_engine_note_blocked(struct transfer_engine *engine, struct engine_task *task) {
  engine->progressed = true;
  task->blocked(task);
}

static void call_timers(struct transfer_engine *engine, double now) {
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

/* Returns when the call ended. */
static double act_on(struct transfer_engine *engine, const struct descriptor_event *event, double begun) {
  double ended;
  engine_multi_act(&engine->multi, event->descriptor, event->readiness);
  ended = monotonic_clock_now();
  note_long_call(engine, begun, ended);
  return ended;
}

static void transfer_engine_run_curl(struct transfer_engine *engine) {
  double now = monotonic_clock_now();
  if (engine->multi.due <= now) {
    engine_multi_act_on_time(&engine->multi);
    note_long_call(engine, now, monotonic_clock_now());
  }
  tell_finished(engine);
}

/* Handles everything that is due by the clock. A timer that is set meanwhile is not due yet, however short
 * its delay: the host learns of its cause first. */
static void transfer_engine_run_due(struct transfer_engine *engine) {
  double now = monotonic_clock_now();
  transfer_engine_run_curl(engine);
  call_timers(engine, now);
}

static double transfer_engine_due(const struct transfer_engine *engine) {
  double due = fmin(engine->multi.due, engine->step_due);
  return engine->timers.first ? fmin(due, engine->timers.first->due_at) : due;
}

static void note_lateness(struct transfer_engine *engine) {
  engine->late_by = fmax(0, monotonic_clock_now() - transfer_engine_due(engine));
}

bool transfer_engine_is_late(const struct transfer_engine *engine) {
  return engine->late_by >= SECONDS_OF_LATENESS;
}

bool transfer_engine_is_stuck(const struct transfer_engine *engine) {
  return engine->multi.is_stuck;
}

unsigned transfer_engine_failures(const struct transfer_engine *engine) {
  return engine->multi.failures;
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
    now = act_on(engine, event, now);
    if (now >= stop_at) break;
    if (engine->bytes_noted >= max_bytes(engine)) break;
  }
}

/* Notifies the task that watches this descriptor; false when there is none. */
static bool tell_watching(struct transfer_engine *engine, int descriptor) {
  struct engine_task *task = engine_watches_take(&engine->watches, descriptor);
  if (!task) return false;
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
    events[i].readiness &= DESCRIPTOR_READABLE;
    if (!events[i].readiness) continue;
    act_on(engine, &events[i], monotonic_clock_now());
    caught_up = true;
  }
  transfer_engine_run_curl(engine);
  return caught_up;
}

struct engine_sockets *transfer_engine_sockets(struct transfer_engine *engine) {
  return &engine->sockets;
}

CURLSH *transfer_engine_tls_sessions(struct transfer_engine *engine) {
  return engine->multi.tls_sessions;
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
