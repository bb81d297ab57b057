/* SPDX-License-Identifier: MIT */
/* Drives many requests at once, and calls timers when they are due. Everything happens within a step,
 * callbacks included. The engine knows its users only as tasks. */
#ifndef HTTP_TRANSFER_ENGINE_H
#define HTTP_TRANSFER_ENGINE_H

#include "http/engine_sockets.h"
#include "http/engine_task.h"

struct transfer_engine;

/* `max_bytes_per_step`: of request bodies that are streamed; a step ends soon once it has sent as many. 0: 64
 * KiB in a step that does not wait, no limit in one that may wait. NULL when memory or descriptors have run
 * out. */
struct transfer_engine *transfer_engine_new(unsigned max_connections, size_t max_bytes_per_step);

/* Closes the kept-alive connections. No request may be running, and no timer set. */
void transfer_engine_delete(struct transfer_engine *engine);

/* Whether this process created the engine. An engine that a forked process inherited is never deleted:
 * closing its connections would send data on them, and the parent uses them. */
bool transfer_engine_is_ours(const struct transfer_engine *engine);

/* Starts a request; the handle's CURLOPT_PRIVATE is its task. False when memory ran out. */
bool transfer_engine_start(struct transfer_engine *engine, CURL *easy);

/* Takes a handle off the engine, finished or not, without notifying its task. */
void transfer_engine_stop(struct transfer_engine *engine, CURL *easy);

/* Reads data that has already arrived, before a time limit is applied. Tasks are notified when they have
 * finished. False when there was none. */
bool transfer_engine_catch_up(struct transfer_engine *engine);

/* Returns the sockets that curl has opened, which stay the engine's. */
struct engine_sockets *transfer_engine_sockets(struct transfer_engine *engine);

/* Returns the TLS sessions of the service, for CURLOPT_SHARE, which stay the engine's. Without them, each
 * handle of libcurl before 8.12 knows only the sessions of the connections that it made itself. A handle must
 * have left them when the engine is deleted. */
CURLSH *transfer_engine_tls_sessions(struct transfer_engine *engine);

/* Sets the timer of a task, which has none: calls task->timer_due in `seconds`, unless it is cleared before.
 */
void transfer_engine_set_timer(struct transfer_engine *engine, struct engine_task *task, double seconds);

/* Does nothing where the timer is not set. */
void transfer_engine_clear_timer(struct transfer_engine *engine, struct engine_task *task);

/* Calls task->readable once `descriptor` is readable. The descriptor stays the caller's, and must be open
 * until then or until it is not watched any more. False when memory or kernel resources have run out. */
bool transfer_engine_watch(struct transfer_engine *engine, struct engine_task *task, int descriptor);
void transfer_engine_unwatch(struct transfer_engine *engine, struct engine_task *task);

/* To be called by a read function that has no bytes, and by a write function whose bytes a reader takes
 * later: notifies the task, and lets the step end. */
void transfer_engine_note_blocked(struct transfer_engine *engine, struct engine_task *task);

/* To be called before requests are started. curl takes some dead idle connections for live ones, so idle
 * sockets with events are given up here. Handles the other events too, which saves a short step its own
 * system call. */
void transfer_engine_look(struct transfer_engine *engine);

/* Sends as much as curl can send at once of a request that was started since the last step. Notifies no task.
 * `more_may_follow`: before the next step. From the second such request on, the kernel may hold the last
 * bytes back until that step, which is due at once. */
void transfer_engine_send(struct transfer_engine *engine, bool more_may_follow);

/* Handles everything that is due, and, if nothing was, waits for at most `seconds`. False when nothing
 * happened: the time is over, or a signal arrived. */
bool transfer_engine_step(struct transfer_engine *engine, double seconds);

/* Whether this step began, or continued after its wait, much later than something was due. */
bool transfer_engine_is_late(const struct transfer_engine *engine);

/* Whether libcurl, where memory is out, does not even look at requests that wait to begin. */
bool transfer_engine_is_stuck(const struct transfer_engine *engine);

/* How often libcurl has failed because memory ran out. */
unsigned transfer_engine_failures(const struct transfer_engine *engine);

/* Whether the process was held up within a call of curl at that time of the monotonic clock. Only the last
 * such call is known. */
bool transfer_engine_was_held_at(const struct transfer_engine *engine, double time);

/* How many bytes of a body curl may be given now. A step that has sent its limit still gives a few. */
size_t transfer_engine_bytes_left(const struct transfer_engine *engine);

/* To be called when curl was given bytes of a body, or has received some: they count towards the limit of
 * this step. */
void transfer_engine_note_bytes(struct transfer_engine *engine, size_t count);

/* Seconds until something is due; 0: it is overdue; INFINITY: only descriptors count. */
double transfer_engine_due_in(const struct transfer_engine *engine);

/* Returns the descriptor that becomes readable when a step has something to do; -1 where the system has none.
 */
int transfer_engine_descriptor(struct transfer_engine *engine);

/* Updates that descriptor's timer. To be called before the host returns to its own loop. */
void transfer_engine_announce(struct transfer_engine *engine);

/* Makes a step due in `seconds`, unless one is due earlier. The next step clears this, or the second
 * function, unless bytes are held back until a step. */
void transfer_engine_want_step(struct transfer_engine *engine, double seconds);
void transfer_engine_want_no_step(struct transfer_engine *engine);

#endif
