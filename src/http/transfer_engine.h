/* SPDX-License-Identifier: MIT */
/* Drives many exchanges at once, and calls timers when they are due. Nothing happens between two steps, and
 * nobody is called back but from within one. It knows what it drives only as tasks. */
#ifndef HTTP_TRANSFER_ENGINE_H
#define HTTP_TRANSFER_ENGINE_H

#include "base/timer_list.h"
#include "http/engine_sockets.h"

#include <curl/curl.h>
#include <stdbool.h>

struct transfer_engine;

/* To be embedded in what is driven; all zero at birth but for the functions. */
struct engine_task {
  struct timer timer;                                          /* first: the engine finds the task from it */
  void (*finished)(struct engine_task *task, CURLcode result); /* its exchange ended and is off the engine */
  void (*timer_due)(struct engine_task *task);                 /* its timer, which is no longer set */
  void (*read_blocked)(
      struct engine_task *task);              /* curl asked for bytes of the body, and there are none yet */
  void (*readable)(struct engine_task *task); /* its descriptor, which is no longer watched */
  int descriptor;                             /* that is watched for it */
  bool watches;
  struct engine_task *next_watching;
};

/* `max_bytes_per_step`: of request bodies that are streamed; a step ends soon once it has sent as many. 0: 64
 * KiB in a step that does not wait, no limit in one that may wait. NULL when memory or descriptors have run
 * out. */
struct transfer_engine *transfer_engine_new(unsigned max_connections, size_t max_bytes_per_step);

/* Closes the kept-alive connections. No exchange may be under way, and no timer set. */
void transfer_engine_delete(struct transfer_engine *engine);

/* Whether this process made the engine, and not the one that forked it. An inherited engine is never deleted:
 * closing its connections would speak on them, and the parent still uses them. */
bool transfer_engine_is_ours(const struct transfer_engine *engine);

/* Begins an exchange; the handle's CURLOPT_PRIVATE is its task. False when memory ran out. */
bool transfer_engine_start(struct transfer_engine *engine, CURL *easy);

/* Takes an exchange off, finished or not; its task is not told. */
void transfer_engine_stop(struct transfer_engine *engine, CURL *easy);

/* Reads what has arrived by now, so that no clock is held against it. Tasks are told that they have finished.
 * False when nothing was there. */
bool transfer_engine_catch_up(struct transfer_engine *engine);

/* The sockets that curl has opened. They stay the engine's. */
struct engine_sockets *transfer_engine_sockets(struct transfer_engine *engine);

/* Sets the timer of a task, which has none: calls task->timer_due in `seconds`, unless it is cleared before.
 */
void transfer_engine_set_timer(struct transfer_engine *engine, struct engine_task *task, double seconds);

/* Does nothing where the timer is not set. */
void transfer_engine_clear_timer(struct transfer_engine *engine, struct engine_task *task);

/* Calls task->readable once `descriptor` is, which stays the caller's and open until then, or until it is not
 * watched any more. False when memory or kernel resources have run out. */
bool transfer_engine_watch(struct transfer_engine *engine, struct engine_task *task, int descriptor);
void transfer_engine_unwatch(struct transfer_engine *engine, struct engine_task *task);

/* For whoever gives curl the bytes of an exchange, and has none: tells its task, and lets the step end. */
void transfer_engine_note_read_blocked(struct transfer_engine *engine, struct engine_task *task);

/* To be called before exchanges are begun: curl takes idle connections for alive that are not, so those that
 * stir are given up here. Does what the others are ready for, too, which spares a step that may not wait its
 * own look. */
void transfer_engine_look(struct transfer_engine *engine);

/* Sends what curl can send at once, of an exchange that was begun since the last step. Wakes nobody. */
void transfer_engine_send(struct transfer_engine *engine);

/* Does what is due, and waits for more for at most `seconds` when nothing came of that. False when nothing
 * came of the wait either: the time was up, or a signal arrived. */
bool transfer_engine_step(struct transfer_engine *engine, double seconds);

/* Whether the step under way began, or goes on after its wait, much later than something was due. */
bool transfer_engine_is_late(const struct transfer_engine *engine);

/* Whether the process was held up within a call of curl at that time of the monotonic clock. Only the last
 * such call is known. */
bool transfer_engine_was_held_at(const struct transfer_engine *engine, double time);

/* The most bytes of a body that curl may be given at once in this step. */
size_t transfer_engine_max_bytes(const struct transfer_engine *engine);

/* To be called when curl was given bytes of a body: they count towards the limit of this step. */
void transfer_engine_note_bytes(struct transfer_engine *engine, size_t count);

/* Seconds until something is due; 0 when it is overdue, INFINITY when only descriptors count. */
double transfer_engine_due_in(const struct transfer_engine *engine);

/* The one descriptor that becomes readable when a step has something to do; -1 where the system has none. */
int transfer_engine_descriptor(struct transfer_engine *engine);

/* Keeps that descriptor's timer right. To be called before the host goes back to its own loop. */
void transfer_engine_announce(struct transfer_engine *engine);

/* Makes a step due `seconds` from now, if none is sooner. That step is the one that puts an end to it. */
void transfer_engine_want_step(struct transfer_engine *engine, double seconds);

/* For CURLOPT_OPENSOCKETFUNCTION and CURLOPT_CLOSESOCKETFUNCTION, with the engine as their data. */
curl_socket_t transfer_engine_open_socket(void *engine, curlsocktype purpose, struct curl_sockaddr *address);
int transfer_engine_close_socket(void *engine, curl_socket_t descriptor);

#endif
