/* SPDX-License-Identifier: MIT */
#include "http/transfer.h"

#include "base/monotonic_clock.h"
#include "http/attempt_secrets.h"
#include "http/transfer_clock.h"
#include "http/transfer_news.h"

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

static struct transfer *transfer_of(struct engine_task *task) {
  return (struct transfer *)task; /* its first member */
}

static void note_doubt(struct transfer *transfer, bool in_doubt) {
  transfer->may_have_applied |= in_doubt && http_request_has_effect(&transfer->request);
}

static void transfer_change(struct transfer *transfer, enum transfer_state state) {
  transfer->state = state;
  if (state == TRANSFER_DONE) {
    transfer->ended_at = monotonic_clock_now();
    transfer->client->running--;
    transfer->client->done++;
    if (transfer->request.source)
      byte_source_release(transfer->request.source); /* the file is not needed any more */
    if (transfer->request.sink)
      byte_sink_release(transfer->request.sink); /* the same, where it is not whole */
  }
  if (state != TRANSFER_SENDING) transfer_news_add(transfer);
}

/* Returns false, and sets the remark, when the source cannot give its bytes again, or the sink not take them.
 */
static bool transfer_can_send_again(struct transfer *transfer) {
  const struct byte_source *source = transfer->request.source;
  const struct byte_sink *sink = transfer->request.sink;
  if (source && !byte_source_can_restart(source))
    transfer->remark = "not tried again: a data function without rewind cannot start over";
  if (sink && !byte_sink_can_restart(sink))
    transfer->remark = "not tried again: the receiver has had bytes that cannot be taken back";
  return !transfer->remark;
}

static struct retry_decision transfer_decide(struct transfer *transfer, struct retry_outcome outcome) {
  double now = monotonic_clock_now();
  if (transfer->failed_at == 0) transfer->failed_at = now;
  outcome.failing_for = now - transfer->failed_at;
  return retry_policy_decide(&transfer->settings.retry, &outcome, transfer->attempts,
                             transfer_clock_time_left(transfer), http_client_random(transfer->client));
}

/* The answer is whole. Returns false when its reader must take the last of it first. */
static bool transfer_finish_answer(struct transfer *transfer) {
  struct byte_sink *sink = transfer->request.sink;
  if (!sink) return true;
  if (byte_sink_has_unread(sink)) {
    transfer_change(transfer, TRANSFER_DRAINING);
    return false;
  }
  byte_sink_finish(sink, &transfer->failure);
  return true;
}

/* The attempt is over and off the engine: DONE, or WAITING for the next one. */
static void transfer_conclude_attempt(struct transfer *transfer, const struct attempt_outcome *outcome) {
  struct retry_decision decision;
  transfer->failure = outcome->failure;
  transfer->status = outcome->status;
  transfer->retry_after = outcome->retry.retry_after;
  note_doubt(transfer, outcome->unconfirmed);
  if (transfer->failure.kind == FAILURE_NONE && !transfer_finish_answer(transfer)) return;
  if (transfer->failure.kind == FAILURE_NONE) {
    transfer_change(transfer, TRANSFER_DONE);
    return;
  }
  decision = transfer_decide(transfer, outcome->retry);
  if (decision.verdict != RETRY_NOW_OR_LATER || !transfer_can_send_again(transfer)) {
    transfer_change(transfer, TRANSFER_DONE);
    return;
  }
  transfer->retry_wait = decision.wait;
  transfer_change(transfer, TRANSFER_WAITING);
  transfer_engine_set_timer(transfer->client->engine, &transfer->task, decision.wait);
}

/* Attempts in line for one connection would wait for each other's connect_timeout, one after the other. */
static void transfer_learn_of_connection(struct http_client *client, bool made) {
  if (client->connects_alone == !made) return;
  client->connects_alone = !made;
  for (struct transfer *at = client->transfers; at && !made; at = at->older)
    if (at->state == TRANSFER_SENDING) http_attempt_connect_alone(at->attempt);
}

/* Nothing was sent, so the attempt begins again. */
static bool transfer_trusts_kept_authorities(struct transfer *transfer, CURLcode result) {
  struct http_client *client = transfer->client;
  if (!http_attempt_trust_kept_authorities(transfer->attempt, result)) return false;
  client->trusts_kept_authorities = true;
  transfer->attempt->left_line_at = 0;
  return transfer_engine_start(client->engine, transfer->attempt->easy);
}

static void on_ended(struct engine_task *task) {
  struct transfer *transfer = transfer_of(task);
  if (transfer->request.connects_ahead != CONNECTS_FOR_REQUEST)
    http_attempt_leave_connection(transfer->attempt);
}

static void on_finished(struct engine_task *task, CURLcode result) {
  struct transfer *transfer = transfer_of(task);
  struct attempt_outcome outcome;
  if (transfer_clock_stays_in_line(transfer, result) || transfer_clock_connects_once_more(transfer, result) ||
      transfer_trusts_kept_authorities(transfer, result))
    return;
  transfer_engine_clear_timer(transfer->client->engine, task);
  http_attempt_conclude(transfer->attempt, result, &outcome);
  transfer_learn_of_connection(transfer->client, transfer->attempt->requests_begun > 0 || result == CURLE_OK);
  transfer->next_connection_fresh = outcome.retry.stale_connection;
  transfer_conclude_attempt(transfer, &outcome);
}

static void transfer_time_out(struct transfer *transfer) {
  struct attempt_outcome outcome;
  bool was_streaming = transfer_clock_is_streaming(transfer);
  transfer->next_connection_fresh = transfer->attempt->requests_begun > 0;
  if (http_attempt_is_unanswered(transfer->attempt))
    http_attempt_stop_unanswered(transfer->attempt);
  else
    http_attempt_stop_late(transfer->attempt);
  http_attempt_conclude(transfer->attempt, CURLE_OPERATION_TIMEDOUT, &outcome);
  if (outcome.failure.kind ==
      FAILURE_TIMEOUT) /* else the service has refused, and only its explanation is late */
    transfer_clock_describe(transfer, was_streaming, &outcome.failure);
  transfer_conclude_attempt(transfer, &outcome);
}

enum { MAX_READS_OF_AN_ANSWER = 64 };

/* Whether data that has already arrived ends the attempt. A process that was stopped, or a busy host, finds
 * the answer and the end of its time at once. */
static bool transfer_has_been_answered(struct transfer *transfer) {
  for (int i = 0; i < MAX_READS_OF_AN_ANSWER && transfer->state == TRANSFER_SENDING; i++)
    if (!transfer_engine_catch_up(transfer->client->engine)) break;
  return transfer->state != TRANSFER_SENDING;
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
  double patience;
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
  if (transfer->request.source) http_attempt_look_for_movement(transfer->attempt);
  patience = transfer_clock_patience(transfer);
  if (patience <= 0 && transfer_clock_forgives_lateness(transfer))
    patience = transfer_clock_patience(transfer);
  if (patience <= 0 && transfer_has_been_answered(transfer)) return;
  if (patience <= 0 && transfer->request.sink) patience = transfer_clock_patience(transfer);
  if (patience > 0)
    transfer_clock_set(transfer, patience); /* bytes have moved meanwhile, or it was in line */
  else
    transfer_time_out(transfer);
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
  if (!transfer) return NULL;
  http_client_ref(client);
  transfer->client = client;
  transfer->number = ++client->transfers_made;
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
  transfer->deadline_at = transfer->started_at + settings->deadline;
  if (http_request_create(&transfer->request, client->settings, additions)) return transfer;
  transfer_delete(transfer);
  return NULL;
}

/* Leaves the handle and its sockets as they are: the parent's engine uses both. */
static void transfer_give_up(struct transfer *transfer) {
  bool was_sending = transfer->state == TRANSFER_SENDING;
  if (transfer->state == TRANSFER_DONE) return;
  if (was_sending) note_doubt(transfer, http_attempt_has_sent(transfer->attempt));
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
    note_doubt(transfer, outcome.unconfirmed);
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
  note_doubt(transfer, true);
  if (engine &&
      transfer->attempt->engine == engine) /* the client may have been closed meanwhile, and opened again */
    http_attempt_give_up_connection(transfer->attempt);
}

/* One that can send: of the last try, if that left it so. */
static bool take_attempt(struct transfer *transfer) {
  struct http_client *client = transfer->client;
  if (transfer->attempt && http_attempt_is_reusable(transfer->attempt)) return true;
  if (transfer->attempt) http_client_return_attempt(client, transfer->attempt);
  transfer->attempt = http_client_take_attempt(client);
  return transfer->attempt != NULL;
}

/* One that could not begin still refers to the request and to the engine. */
static void transfer_drop_attempt(struct transfer *transfer) {
  if (transfer->attempt) http_client_return_attempt(transfer->client, transfer->attempt);
  transfer->attempt = NULL;
  transfer->status = 0; /* of an answer that is gone with it */
}

/* Without TLS, a part goes where the call before it went. */
static bool transfer_needs_no_connection(const struct transfer *transfer) {
  return transfer->request.connects_ahead == CONNECTS_AHEAD_FOR_PART &&
         transfer->client->settings->url.plain_http;
}

void transfer_begin(struct transfer *transfer, const char *api_key, size_t length) {
  struct http_client *client = transfer->client;
  double time_left = transfer_clock_time_left(transfer);
  struct failure failure = {0};
  struct attempt_terms terms = {
      .api_key = api_key,
      .api_key_length = length,
      .connect_timeout = transfer->settings.connect_timeout,
      .fresh_connection = transfer->next_connection_fresh,
      .trusts_kept_authorities = client->trusts_kept_authorities,
      .share_connection = !client->settings->url.plain_http && !client->connects_alone,
      .task = &transfer->task,
  };
  if (time_left <= 0) {
    transfer_fail(transfer, FAILURE_TIMEOUT, "the deadline passed before the request could begin");
    return;
  }
  if (transfer_needs_no_connection(transfer)) {
    transfer_change(transfer, TRANSFER_DONE);
    return;
  }
  if (transfer->request.source) byte_source_restart(transfer->request.source);
  if (transfer->request.sink && !byte_sink_restart(transfer->request.sink, &failure)) {
    transfer_fail(transfer, failure.kind, failure.message);
    return;
  }
  if (!take_attempt(transfer) ||
      !http_attempt_prepare(transfer->attempt, client->settings, &transfer->request, &terms) ||
      !transfer_engine_start(client->engine, transfer->attempt->easy)) {
    transfer_drop_attempt(transfer);
    transfer_fail(transfer, FAILURE_OUT_OF_MEMORY, "not enough memory");
    return;
  }
  transfer->attempts++;
  transfer_change(transfer, TRANSFER_SENDING);
  transfer_clock_set(transfer, transfer_clock_patience(transfer));
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
