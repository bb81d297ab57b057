/* SPDX-License-Identifier: MIT */
#include "http/transfer.h"

#include "base/monotonic_clock.h"
#include "http/attempt_secrets.h"
#include "http/transfer_attempt.h"
#include "http/transfer_change.h"
#include "http/transfer_clock.h"
#include "http/transfer_news.h"

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

static struct transfer *transfer_of(struct engine_task *task) {
  return (struct transfer *)task; /* its first member */
}

static void on_ended(struct engine_task *task) {
  struct transfer *transfer = transfer_of(task);
  if (transfer->request.connects_ahead != CONNECTS_FOR_REQUEST)
    http_attempt_leave_connection(transfer->attempt);
}

static void on_finished(struct engine_task *task, CURLcode result) {
  transfer_attempt_finished(transfer_of(task), result);
}

static void transfer_stop(struct transfer *transfer) {
  struct transfer_engine *engine = transfer->client->engine;
  if (transfer->attempt && transfer->state == TRANSFER_SENDING)
    transfer_engine_stop(engine, transfer->attempt->easy);
  if (!engine) return;
  transfer_engine_clear_timer(engine, &transfer->task);
  transfer_engine_unwatch(engine, &transfer->task);
}

/* The timer ends an attempt that takes too long, and the wait before a retry. (curl's own timeout would not
 * do: it does not count for handles that wait for one of max_connections.) */
static void on_timer_due(struct engine_task *task) {
  struct transfer *transfer = transfer_of(task);
  if (transfer->state == TRANSFER_WAITING && transfer->is_queued) { /* the program learns of the wait first */
    transfer_engine_set_timer(transfer->client->engine, task, 0);
    return;
  }
  if (transfer->awaits) {
    if (transfer_clock_time_left(transfer) <= 0) transfer_clock_describe(transfer, false, &transfer->failure);
    transfer_stop(transfer);
    transfer_change(transfer, TRANSFER_DONE);
    return;
  }
  if (transfer->state != TRANSFER_SENDING) {
    transfer_change(transfer, TRANSFER_READY);
    return;
  }
  transfer_attempt_look(transfer);
}

static void on_readable(struct engine_task *task) {
  struct transfer *transfer = transfer_of(task);
  transfer_stop(transfer);
  transfer_change(transfer, TRANSFER_DONE);
}

static void on_blocked(struct engine_task *task) {
  transfer_news_add(transfer_of(task));
}

struct transfer *transfer_new(struct http_client *client, const struct call_settings *settings,
                              const struct request_additions *additions) {
  struct transfer *transfer = calloc(1, sizeof *transfer);
  if (!transfer || !number_pool_take(&client->numbers, &transfer->number)) {
    free(transfer);
    return NULL;
  }
  http_client_ref(client);
  transfer->client = client;
  transfer->started_within = client->depth;
  transfer->older = client->transfers;
  if (transfer->older) transfer->older->younger = transfer;
  client->transfers = transfer;
  client->running++;
  transfer->task.ended = on_ended;
  transfer->task.finished = on_finished;
  transfer->task.timer_due = on_timer_due;
  transfer->task.blocked = on_blocked;
  transfer->task.readable = on_readable;
  transfer->awaited = -1;
  transfer->settings = *settings;
  transfer->started_at = monotonic_clock_now();
  transfer->deadline_at =
      settings->deadline_at > 0 ? settings->deadline_at : transfer->started_at + settings->deadline;
  if (http_request_create(&transfer->request, client->settings, additions)) return transfer;
  transfer_delete(transfer);
  return NULL;
}

/* Leaves the handle and its sockets as they are: the parent's engine uses both. */
static void transfer_give_up(struct transfer *transfer) {
  bool was_sending = transfer->state == TRANSFER_SENDING;
  if (transfer->state == TRANSFER_DONE) return;
  if (was_sending) transfer_change_doubt(transfer, http_attempt_has_sent(transfer->attempt));
  if (was_sending) transfer->attempt = NULL;
  transfer->task.timer.is_set = transfer->task.watches = false;
  if (transfer->request.sink) byte_sink_abandon(transfer->request.sink);
  transfer->status = 0;
  failure_set(&transfer->failure, FAILURE_ABORTED, "the process that began this call was forked");
  transfer_change(transfer, TRANSFER_DONE);
}

void transfer_delete(struct transfer *transfer) {
  if (!transfer) return;
  if (transfer->state != TRANSFER_DONE && http_client_is_inherited(transfer->client))
    transfer_give_up(transfer);
  transfer_stop(transfer);
  transfer_news_remove(transfer);
  transfer_news_forget(transfer);
  if (transfer->state != TRANSFER_DONE) transfer->client->running--;
  *(transfer->younger ? &transfer->younger->older : &transfer->client->transfers) = transfer->older;
  if (transfer->older) transfer->older->younger = transfer->younger;
  if (transfer->attempt) http_client_return_attempt(transfer->client, transfer->attempt);
  if (transfer->awaited >= 0) close(transfer->awaited);
  http_request_destroy(&transfer->request);
  number_pool_return(&transfer->client->numbers, transfer->number);
  http_client_unref(transfer->client);
  free(transfer);
}

void transfer_submit(struct transfer *transfer) {
  transfer_change(transfer, TRANSFER_READY);
}

/* Fails on a file of the disk, which epoll does not take. */
static bool transfer_watch(struct transfer *transfer, int descriptor) {
  if (descriptor < 0) return true;
  transfer->awaited = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  return transfer->awaited >= 0 &&
         transfer_engine_watch(transfer->client->engine, &transfer->task, transfer->awaited);
}

void transfer_await(struct transfer *transfer, int descriptor, double seconds) {
  double left = fmin(transfer_clock_time_left(transfer), seconds);
  transfer->awaits = true;
  transfer->state = TRANSFER_WAITING;
  if (!transfer_watch(transfer, descriptor))
    transfer_fail(transfer, FAILURE_FILE, "the descriptor cannot be waited for");
  else if (isfinite(left))
    transfer_engine_set_timer(transfer->client->engine, &transfer->task, left);
}

void transfer_fail(struct transfer *transfer, enum failure_kind kind, const char *message) {
  struct attempt_outcome outcome;
  bool was_sending = transfer->state == TRANSFER_SENDING;
  transfer_stop(transfer);
  if (was_sending) {
    http_attempt_conclude(transfer->attempt, CURLE_ABORTED_BY_CALLBACK, &outcome);
    transfer->status = outcome.status;
    transfer_change_doubt(transfer, outcome.unconfirmed);
  }
  failure_set(&transfer->failure, kind, "%s", message);
  transfer_change(transfer, TRANSFER_DONE);
}

static bool transfer_is_acted_on(const struct transfer *transfer) {
  return transfer->state == TRANSFER_SENDING && http_request_has_effect(&transfer->request) &&
         http_attempt_has_sent(transfer->attempt);
}

void transfer_wind_down(struct transfer *transfer) {
  transfer->settings.retry.max_retries = 0;
  transfer->settings.retry.patience = 0;
  if (transfer->state == TRANSFER_DONE || transfer_is_acted_on(transfer)) return;
  transfer_fail(transfer, FAILURE_ABORTED, "aborted by the program");
}

bool transfer_enter(struct http_client *client, struct failure *failure) {
  if (http_client_is_inherited(client)) {
    for (struct transfer *at = client->transfers; at; at = at->older) transfer_give_up(at);
    http_client_close(client);
  }
  return http_client_open(client, failure);
}

void transfer_close_all(struct http_client *client) {
  for (struct transfer *at = client->transfers; at; at = at->older)
    if (at->state != TRANSFER_DONE) transfer_fail(at, FAILURE_ABORTED, "the client was closed");
  http_client_close(client);
}

void transfer_reject_answer(struct transfer *transfer, const char *message) {
  struct transfer_engine *engine = transfer->client->engine;
  failure_set(&transfer->failure, FAILURE_DECODE, "%s", message);
  attempt_secrets_hide(transfer->attempt);
  transfer_change_doubt(transfer, true);
  if (engine &&
      transfer->attempt->engine == engine) /* the client may have been closed meanwhile, and opened again */
    http_attempt_give_up_connection(transfer->attempt);
}

void transfer_begin(struct transfer *transfer, const char *api_key, size_t length) {
  struct failure failure = {0};
  if (!transfer_attempt_begin(transfer, api_key, length, &failure))
    transfer_fail(transfer, failure.kind, failure.message);
}

bool transfer_wants_chunk(const struct transfer *transfer) {
  return transfer->state == TRANSFER_SENDING && transfer->request.source &&
         byte_source_wants_chunk(transfer->request.source);
}

void transfer_feed(struct transfer *transfer, const char *chunk, size_t length) {
  if (chunk)
    byte_source_feed(transfer->request.source, chunk, length);
  else
    byte_source_feed_none(transfer->request.source);
  http_attempt_go_on(transfer->attempt);
}

bool transfer_has_unread(const struct transfer *transfer) {
  return (transfer->state == TRANSFER_SENDING || transfer->state == TRANSFER_DRAINING) &&
         transfer->request.sink && byte_sink_has_unread(transfer->request.sink);
}

void transfer_note_read(struct transfer *transfer) {
  if (transfer->state == TRANSFER_SENDING) http_attempt_note_room(transfer->attempt);
  if (transfer->state == TRANSFER_DRAINING && !byte_sink_has_unread(transfer->request.sink))
    transfer_change(transfer, TRANSFER_DONE);
}

double transfer_elapsed(const struct transfer *transfer) {
  double until = transfer->state == TRANSFER_DONE ? transfer->ended_at : monotonic_clock_now();
  return until - transfer->started_at;
}
