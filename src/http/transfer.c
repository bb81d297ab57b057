/* SPDX-License-Identifier: MIT */
#include "http/transfer.h"

#include "base/monotonic_clock.h"
#include "http/attempt_secrets.h"

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

static struct transfer *transfer_of(struct engine_task *task) {
  return (struct transfer *)task; /* its first member */
}

static void transfer_queue(struct transfer *transfer) {
  struct http_client *client = transfer->client;
  if (transfer->is_queued) return;
  *(client->last_changed ? &client->last_changed->next_changed : &client->first_changed) = transfer;
  client->last_changed = transfer;
  transfer->next_changed = NULL;
  transfer->is_queued = true;
}

void transfer_unqueue(struct transfer *transfer) {
  struct http_client *client = transfer->client;
  struct transfer *before = NULL;
  if (!transfer->is_queued) return;
  for (struct transfer *at = client->first_changed; at != transfer; at = at->next_changed) before = at;
  *(before ? &before->next_changed : &client->first_changed) = transfer->next_changed;
  if (client->last_changed == transfer) client->last_changed = before;
  transfer->is_queued = false;
}

#define SECONDS_UNTIL_TOLD_AGAIN 0.1

void transfer_tell_again(struct transfer *transfer) {
  struct transfer_engine *engine = transfer->client->engine;
  transfer_queue(transfer);
  if (engine) transfer_engine_want_step(engine, SECONDS_UNTIL_TOLD_AGAIN);
}

/* Those whose telling began at this depth or beyond, and is not going on any more. */
static void transfer_put_back(struct http_client *client, unsigned depth) {
  while (client->told_count > 0 && client->told[client->told_count - 1].depth >= depth) {
    struct transfer *transfer = client->told[--client->told_count].transfer;
    if (transfer) transfer_tell_again(transfer);
  }
}

static bool make_room_for_told(struct http_client *client) {
  unsigned size = 2 * client->told_size + 8;
  struct told_transfer *told;
  if (client->told_count < client->told_size) return true;
  told = realloc(client->told, size * sizeof *told);
  if (!told) return false;
  client->told = told;
  client->told_size = size;
  return true;
}

bool transfer_take_changed(struct http_client *client, struct transfer **changed) {
  transfer_put_back(client, client->depth);
  *changed = client->first_changed;
  if (!*changed) return true;
  if (!make_room_for_told(client)) return false;
  transfer_unqueue(*changed);
  client->told[client->told_count++] = (struct told_transfer){*changed, client->depth};
  return true;
}

void transfer_note_told(struct http_client *client) {
  transfer_put_back(client, client->depth + 1);
  if (client->told_count > 0 && client->told[client->told_count - 1].depth == client->depth)
    client->told_count--;
}

void transfer_give_up_telling(struct http_client *client) {
  transfer_put_back(client, 0);
}

static void transfer_forget_telling(const struct transfer *transfer) {
  struct http_client *client = transfer->client;
  for (unsigned i = 0; i < client->told_count; i++)
    if (client->told[i].transfer == transfer) client->told[i].transfer = NULL;
}

static void transfer_change(struct transfer *transfer, enum transfer_state state) {
  transfer->state = state;
  if (state == TRANSFER_DONE) {
    transfer->ended_at = monotonic_clock_now();
    transfer->client->running--;
    transfer->client->done++;
    if (transfer->request.source)
      byte_source_release(transfer->request.source); /* no file is held without need */
  }
  if (state != TRANSFER_SENDING) transfer_queue(transfer);
}

static double transfer_time_left(const struct transfer *transfer) {
  return transfer->deadline_at - monotonic_clock_now();
}

/* While a source is being sent, what counts is that bytes move; then, as without one, that an answer comes.
 */
static bool transfer_is_streaming(const struct transfer *transfer) {
  const struct byte_source *source = transfer->request.source;
  return source && !byte_source_is_exhausted(source);
}

/* Seconds that the attempt under way is given from now on. In line for a connection, only the deadline
 * counts.
 */
static double transfer_patience(const struct transfer *transfer) {
  const struct call_settings *settings = &transfer->settings;
  const struct http_attempt *attempt = transfer->attempt;
  double limit = transfer_is_streaming(transfer) ? settings->stall_timeout : settings->timeout;
  double since = attempt->left_line_at;
  if (attempt_state_is_in_line(attempt)) return transfer_time_left(transfer);
  if (transfer->request.source) since = fmax(since, attempt->form.moved_at);
  return fmin(since + limit - monotonic_clock_now(), transfer_time_left(transfer));
}

enum { LOOKS_A_STALL = 4 }; /* curl asks a source only now and then, on a slow line */

/* No longer than `timeout`: it counts from the moment when the attempt has its connection, or when the last
 * byte of a source has left, and no event marks either. With a source, only a part of `stall_timeout`, to
 * look whether bytes move. */
static void transfer_sleep_on(struct transfer *transfer, double patience) {
  const struct call_settings *settings = &transfer->settings;
  patience = fmin(patience, settings->timeout);
  if (transfer->request.source) patience = fmin(patience, settings->stall_timeout / LOOKS_A_STALL);
  transfer_engine_sleep(transfer->client->engine, &transfer->task, patience);
}

/* False, with a remark on it, where the source's bytes are gone for good. */
static bool transfer_can_send_again(struct transfer *transfer) {
  const struct byte_source *source = transfer->request.source;
  if (!source || byte_source_can_restart(source)) return true;
  transfer->remark = "not tried again: a data function without rewind cannot start over";
  return false;
}

static struct retry_decision transfer_decide(struct transfer *transfer, struct retry_outcome outcome) {
  double now = monotonic_clock_now();
  if (transfer->failed_at == 0) transfer->failed_at = now;
  outcome.failing_for = now - transfer->failed_at;
  return retry_policy_decide(&transfer->settings.retry, &outcome, transfer->attempts,
                             transfer_time_left(transfer), http_client_random(transfer->client));
}

/* The attempt is over and off the engine: DONE, or WAITING for the next one. */
static void transfer_conclude_attempt(struct transfer *transfer, const struct attempt_outcome *outcome) {
  struct retry_decision decision;
  transfer->failure = outcome->failure;
  transfer->status = outcome->status;
  transfer->retry_after = outcome->retry.retry_after;
  transfer->may_have_applied |= outcome->unconfirmed;
  if (outcome->failure.kind == FAILURE_NONE) {
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
  transfer_engine_sleep(transfer->client->engine, &transfer->task, decision.wait);
}

/* Those in line for one connection would wait for each other's connect_timeout, one after the other. */
static void transfer_learn_of_connection(struct http_client *client, bool made) {
  if (client->connects_alone == !made) return;
  client->connects_alone = !made;
  for (struct transfer *at = client->transfers; at && !made; at = at->older)
    if (at->state == TRANSFER_SENDING) http_attempt_connect_alone(at->attempt);
}

enum { MAX_RETURNS_TO_LINE = 10 }; /* of an attempt that had left it */

/* Whether it has only just begun to connect, too recently for connect_timeout to have passed. */
static bool transfer_has_just_left_line(const struct transfer *transfer) {
  double connecting = monotonic_clock_now() - transfer->attempt->left_line_at;
  return transfer->attempt->requests_begun == 0 && connecting < transfer->settings.connect_timeout / 2;
}

/* libcurl 8 counts the time in line for a connection as spent on connecting, and gives up. The attempt stands
 * in line once more then. */
static bool transfer_stays_in_line(struct transfer *transfer, CURLcode result) {
  struct http_attempt *attempt = transfer->attempt;
  if (result != CURLE_OPERATION_TIMEDOUT) return false;
  if (!attempt_state_is_in_line(attempt) &&
      (!transfer_has_just_left_line(transfer) || attempt->returns_to_line++ == MAX_RETURNS_TO_LINE))
    return false;
  attempt->left_line_at = 0;
  return transfer_engine_start(transfer->client->engine, attempt->easy);
}

/* A host that steps late, after the end of an attempt's time, has kept the attempt from sending its request.
 * Nothing else may be wrong, so the time begins once more. The same holds where the time ended within a call
 * of curl that was held up, for the request may have left only at the end of that call. Otherwise, once the
 * request is sent, only what has arrived decides. */
static bool transfer_forgives_lateness(struct transfer *transfer) {
  const struct transfer_engine *engine = transfer->client->engine;
  struct http_attempt *attempt = transfer->attempt;
  double time_ended = transfer->task.wake_at;
  bool was_kept = attempt->requests_begun == 0 || attempt->asked_at >= time_ended ||
                  transfer_engine_was_held_at(engine, time_ended);
  if (attempt->is_forgiven || !was_kept || !transfer_engine_is_late(engine)) return false;
  attempt->is_forgiven = true;
  attempt->left_line_at = attempt->form.moved_at = monotonic_clock_now();
  return true;
}

/* Curl looks at its clock before it looks at the sockets, and has ended what may have been a good connection.
 */
static bool transfer_connects_once_more(struct transfer *transfer, CURLcode result) {
  struct http_attempt *attempt = transfer->attempt;
  if (result != CURLE_OPERATION_TIMEDOUT || attempt->requests_begun > 0 ||
      !transfer_forgives_lateness(transfer))
    return false;
  attempt->left_line_at = 0;
  return transfer_engine_start(transfer->client->engine, attempt->easy);
}

static void on_finished(struct engine_task *task, CURLcode result) {
  struct transfer *transfer = transfer_of(task);
  struct attempt_outcome outcome;
  if (transfer_stays_in_line(transfer, result) || transfer_connects_once_more(transfer, result)) return;
  transfer_engine_wake(transfer->client->engine, task);
  http_attempt_conclude(transfer->attempt, result, &outcome);
  transfer_learn_of_connection(transfer->client, transfer->attempt->requests_begun > 0);
  transfer->next_connection_fresh = outcome.retry.stale_connection;
  transfer_conclude_attempt(transfer, &outcome);
}

static void transfer_describe_time_out(const struct transfer *transfer, bool was_streaming,
                                       struct failure *failure) {
  if (transfer_time_left(transfer) <= 0)
    failure_set(failure, FAILURE_TIMEOUT, "the deadline of %g s has passed", transfer->settings.deadline);
  else if (was_streaming)
    failure_set(failure, FAILURE_TIMEOUT, "stalled: no byte of the data could be sent for %g s",
                transfer->settings.stall_timeout);
  else
    failure_set(failure, FAILURE_TIMEOUT, "timed out: no whole answer within %g s",
                transfer->settings.timeout);
}

static void transfer_time_out(struct transfer *transfer) {
  struct attempt_outcome outcome;
  bool was_streaming = transfer_is_streaming(transfer);
  transfer->next_connection_fresh = transfer->attempt->requests_begun > 0;
  if (http_attempt_is_unanswered(transfer->attempt))
    http_attempt_stop_unanswered(transfer->attempt);
  else
    http_attempt_stop_late(transfer->attempt);
  http_attempt_conclude(transfer->attempt, CURLE_OPERATION_TIMEDOUT, &outcome);
  if (outcome.failure.kind ==
      FAILURE_TIMEOUT) /* or the service has refused, and only its explanation is late */
    transfer_describe_time_out(transfer, was_streaming, &outcome.failure);
  transfer_conclude_attempt(transfer, &outcome);
}

enum { MAX_READS_OF_AN_ANSWER = 64 };

/* Whether the attempt has ended with what has arrived for it. A process that was stopped, or a host that was
 * busy, comes late, and finds the answer and the end of its time at once. */
static bool transfer_has_been_answered(struct transfer *transfer) {
  for (int i = 0; i < MAX_READS_OF_AN_ANSWER && transfer->state == TRANSFER_SENDING; i++)
    if (!transfer_engine_catch_up(transfer->client->engine)) break;
  return transfer->state != TRANSFER_SENDING;
}

static void transfer_stop(struct transfer *transfer) {
  struct transfer_engine *engine = transfer->client->engine;
  if (transfer->attempt && transfer->state == TRANSFER_SENDING)
    transfer_engine_stop(engine, transfer->attempt->easy);
  if (transfer->task.asleep) transfer_engine_wake(engine, &transfer->task);
  if (transfer->task.watches) transfer_engine_unwatch(engine, &transfer->task);
}

/* A sleep ends an attempt that takes too long, and a wait. (curl's own timeout would not do: it leaves those
 * alone that wait for one of max_connections.) */
static void on_awake(struct engine_task *task) {
  struct transfer *transfer = transfer_of(task);
  double patience;
  if (transfer->state == TRANSFER_WAITING && transfer->is_queued) { /* the program hears of the wait first */
    transfer_engine_sleep(transfer->client->engine, task, 0);
    return;
  }
  if (transfer->awaits) {
    transfer_describe_time_out(transfer, false, &transfer->failure);
    transfer_stop(transfer);
    transfer_change(transfer, TRANSFER_DONE);
    return;
  }
  if (transfer->state != TRANSFER_SENDING) {
    transfer_change(transfer, TRANSFER_READY);
    return;
  }
  if (transfer->request.source) http_attempt_look_for_movement(transfer->attempt);
  patience = transfer_patience(transfer);
  if (patience <= 0 && transfer_forgives_lateness(transfer)) patience = transfer_patience(transfer);
  if (patience > 0)
    transfer_sleep_on(transfer, patience); /* bytes have moved meanwhile, or it was in line */
  else if (!transfer_has_been_answered(transfer))
    transfer_time_out(transfer);
}

static void on_readable(struct engine_task *task) {
  struct transfer *transfer = transfer_of(task);
  transfer_stop(transfer);
  transfer_change(transfer, TRANSFER_DONE);
}

static void on_paused(struct engine_task *task) {
  transfer_queue(transfer_of(task));
}

struct transfer *transfer_new(struct http_client *client, const struct call_settings *settings,
                              const struct request_additions *additions) {
  struct transfer *transfer = calloc(1, sizeof *transfer);
  if (!transfer) return NULL;
  http_client_ref(client);
  transfer->client = client;
  transfer->number = ++client->transfers_made;
  transfer->older = client->transfers;
  if (transfer->older) transfer->older->younger = transfer;
  client->transfers = transfer;
  client->running++;
  transfer->task.finished = on_finished;
  transfer->task.awake = on_awake;
  transfer->task.paused = on_paused;
  transfer->task.readable = on_readable;
  transfer->awaited = -1;
  transfer->settings = *settings;
  transfer->started_at = monotonic_clock_now();
  transfer->deadline_at = transfer->started_at + settings->deadline;
  if (http_request_create(&transfer->request, client->settings, additions)) return transfer;
  transfer_delete(transfer);
  return NULL;
}

/* The parent's engine still holds the handle, and its sockets are the parent's: both are left as they are. */
static void transfer_give_up(struct transfer *transfer) {
  bool was_sending = transfer->state == TRANSFER_SENDING;
  if (transfer->state == TRANSFER_DONE) return;
  if (was_sending) transfer->may_have_applied |= http_attempt_has_sent(transfer->attempt);
  if (was_sending) transfer->attempt = NULL;
  transfer->task.asleep = transfer->task.watches = false;
  transfer->status = 0;
  failure_set(&transfer->failure, FAILURE_ABORTED, "the process that began this call was forked");
  transfer_change(transfer, TRANSFER_DONE);
}

void transfer_delete(struct transfer *transfer) {
  if (!transfer) return;
  if (transfer->state != TRANSFER_DONE && http_client_is_inherited(transfer->client))
    transfer_give_up(transfer);
  transfer_stop(transfer);
  transfer_unqueue(transfer);
  transfer_forget_telling(transfer);
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

void transfer_await(struct transfer *transfer, int descriptor) {
  struct transfer_engine *engine = transfer->client->engine;
  double left = transfer_time_left(transfer);
  transfer->awaits = true;
  transfer->state = TRANSFER_WAITING;
  transfer->awaited = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  if (transfer->awaited < 0 || !transfer_engine_watch(engine, &transfer->task, transfer->awaited))
    transfer_fail(transfer, FAILURE_FILE, "the descriptor cannot be waited for");
  else if (isfinite(left))
    transfer_engine_sleep(engine, &transfer->task, left);
}

void transfer_fail(struct transfer *transfer, enum failure_kind kind, const char *message) {
  struct attempt_outcome outcome;
  bool was_sending = transfer->state == TRANSFER_SENDING;
  transfer_stop(transfer);
  if (was_sending) {
    http_attempt_conclude(transfer->attempt, CURLE_ABORTED_BY_CALLBACK, &outcome);
    transfer->status = outcome.status;
    transfer->may_have_applied |= outcome.unconfirmed;
  }
  failure_set(&transfer->failure, kind, "%s", message);
  transfer_change(transfer, TRANSFER_DONE);
}

static bool transfer_is_acted_on(const struct transfer *transfer) {
  return transfer->state == TRANSFER_SENDING && http_attempt_has_sent(transfer->attempt);
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
  transfer->may_have_applied = true;
  if (engine && transfer->attempt->engine == engine) /* it may have been closed meanwhile, and opened again */
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

void transfer_begin(struct transfer *transfer, const char *api_key, size_t length) {
  struct http_client *client = transfer->client;
  double time_left = transfer_time_left(transfer);
  struct attempt_terms terms = {
      .api_key = api_key,
      .api_key_length = length,
      .connect_timeout = transfer->settings.connect_timeout,
      .fresh_connection = transfer->next_connection_fresh,
      .share_connection = !client->settings->url.plain_http && !client->connects_alone,
      .task = &transfer->task,
  };
  if (time_left <= 0) {
    transfer_fail(transfer, FAILURE_TIMEOUT, "the deadline passed before the request could begin");
    return;
  }
  if (transfer->request.source) byte_source_restart(transfer->request.source);
  if (!take_attempt(transfer) ||
      !http_attempt_prepare(transfer->attempt, client->settings, &transfer->request, &terms) ||
      !transfer_engine_start(client->engine, transfer->attempt->easy)) {
    transfer_fail(transfer, FAILURE_OUT_OF_MEMORY, "not enough memory");
    return;
  }
  transfer->attempts++;
  transfer_change(transfer, TRANSFER_SENDING);
  transfer_sleep_on(transfer, transfer_patience(transfer));
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

double transfer_elapsed(const struct transfer *transfer) {
  double until = transfer->state == TRANSFER_DONE ? transfer->ended_at : monotonic_clock_now();
  return until - transfer->started_at;
}
