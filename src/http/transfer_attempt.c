/* SPDX-License-Identifier: MIT */
#include "http/transfer_attempt.h"

#include "base/monotonic_clock.h"
#include "http/transfer_change.h"
#include "http/transfer_clock.h"

/* Returns false, and sets the remark, when the source cannot give its bytes again, or the sink take them. */
static bool can_send_again(struct transfer *transfer) {
  const struct byte_source *source = transfer->request.source;
  const struct byte_sink *sink = transfer->request.sink;
  if (source && !byte_source_can_restart(source))
    transfer->remark = "not tried again: a data function without rewind cannot start over";
  if (sink && !byte_sink_can_restart(sink))
    transfer->remark = "not tried again: the receiver has had bytes that cannot be taken back";
  return !transfer->remark;
}

static struct retry_decision decide(struct transfer *transfer, struct retry_outcome outcome) {
  double now = monotonic_clock_now();
  if (transfer->failed_at == 0) transfer->failed_at = now;
  outcome.failing_for = now - transfer->failed_at;
  return retry_policy_decide(&transfer->settings.retry, &outcome, transfer->attempts,
                             transfer_clock_time_left(transfer), http_client_random(transfer->client));
}

/* The answer is whole. Returns false when its reader must take the last of it first. */
static bool finish_answer(struct transfer *transfer) {
  struct byte_sink *sink = transfer->request.sink;
  if (!sink) return true;
  if (byte_sink_has_unread(sink)) {
    transfer_change(transfer, TRANSFER_DRAINING);
    return false;
  }
  byte_sink_finish(sink, &transfer->failure);
  return true;
}

/* The attempt is over and off the engine. */
static void conclude(struct transfer *transfer, const struct attempt_outcome *outcome) {
  struct retry_decision decision;
  transfer->failure = outcome->failure;
  transfer->status = outcome->status;
  transfer->retry_after = outcome->retry.retry_after;
  transfer_change_doubt(transfer, outcome->unconfirmed);
  if (transfer->failure.kind == FAILURE_NONE && !finish_answer(transfer)) return;
  if (transfer->failure.kind == FAILURE_NONE) {
    transfer_change(transfer, TRANSFER_DONE);
    return;
  }
  decision = decide(transfer, outcome->retry);
  if (decision.verdict != RETRY_NOW_OR_LATER || !can_send_again(transfer)) {
    transfer_change(transfer, TRANSFER_DONE);
    return;
  }
  transfer->retry_wait = decision.wait;
  transfer_change(transfer, TRANSFER_WAITING);
  transfer_engine_set_timer(transfer->client->engine, &transfer->task, decision.wait);
}

/* While no connection can be made, each attempt tries by itself: in line for one connection they would wait
 * for each other's connect_timeout, one after the other. */
static void learn_of_connection(struct http_client *client, bool made) {
  if (client->connects_alone == !made) return;
  client->connects_alone = !made;
  for (struct transfer *at = client->transfers; at && !made; at = at->older)
    if (at->state == TRANSFER_SENDING) http_attempt_connect_alone(at->attempt);
}

/* Nothing was sent, so the attempt begins again. */
static bool trusts_kept_authorities(struct transfer *transfer, CURLcode result) {
  struct http_client *client = transfer->client;
  if (!http_attempt_trust_kept_authorities(transfer->attempt, result)) return false;
  client->trusts_kept_authorities = true;
  transfer->attempt->left_line_at = 0;
  return transfer_engine_start(client->engine, transfer->attempt->easy);
}

void transfer_attempt_finished(struct transfer *transfer, CURLcode result) {
  struct attempt_outcome outcome;
  if (transfer_clock_stays_in_line(transfer, result) || transfer_clock_connects_once_more(transfer, result) ||
      trusts_kept_authorities(transfer, result))
    return;
  transfer_engine_clear_timer(transfer->client->engine, &transfer->task);
  http_attempt_conclude(transfer->attempt, result, &outcome);
  learn_of_connection(transfer->client, transfer->attempt->requests_begun > 0 || result == CURLE_OK);
  transfer->next_connection_fresh = outcome.retry.stale_connection;
  conclude(transfer, &outcome);
}

static void time_out(struct transfer *transfer) {
  struct attempt_outcome outcome;
  bool was_streaming = transfer_clock_is_streaming(transfer);
  CURLcode reason = transfer_clock_is_starved(transfer) ? CURLE_OUT_OF_MEMORY : CURLE_OPERATION_TIMEDOUT;
  transfer->next_connection_fresh = transfer->attempt->requests_begun > 0;
  if (http_attempt_is_unanswered(transfer->attempt))
    http_attempt_stop_unanswered(transfer->attempt);
  else
    http_attempt_stop_late(transfer->attempt);
  http_attempt_conclude(transfer->attempt, reason, &outcome);
  if (!attempt_state_is_in_line(transfer->attempt))
    learn_of_connection(transfer->client, transfer->attempt->requests_begun > 0);
  /* else the service has refused, and only its explanation is late */
  if (outcome.failure.kind == FAILURE_TIMEOUT)
    transfer_clock_describe(transfer, was_streaming, &outcome.failure);
  conclude(transfer, &outcome);
}

enum { MAX_READS_OF_AN_ANSWER = 64 };

/* Whether data that has already arrived ends the attempt. A process that was stopped, or a busy host, finds
 * the answer and the end of its time at once. */
static bool has_been_answered(struct transfer *transfer) {
  for (int i = 0; i < MAX_READS_OF_AN_ANSWER && transfer->state == TRANSFER_SENDING; i++)
    if (!transfer_engine_catch_up(transfer->client->engine)) break;
  return transfer->state != TRANSFER_SENDING;
}

void transfer_attempt_look(struct transfer *transfer) {
  double patience;
  if (transfer->request.source) http_attempt_look_for_movement(transfer->attempt);
  transfer_clock_renew_place(transfer);
  patience = transfer_clock_patience(transfer);
  if (patience <= 0 && transfer_clock_forgives_lateness(transfer))
    patience = transfer_clock_patience(transfer);
  if (patience <= 0 && has_been_answered(transfer)) return;
  if (patience <= 0 && transfer->request.sink) patience = transfer_clock_patience(transfer);
  if (patience > 0)
    transfer_clock_set(transfer, patience); /* bytes have moved meanwhile, or it was in line */
  else
    time_out(transfer);
}

/* Sets an attempt that can send: that of the last try, if it is reusable. False when memory ran out. */
static bool take(struct transfer *transfer) {
  struct http_client *client = transfer->client;
  if (transfer->attempt && http_attempt_is_reusable(transfer->attempt)) return true;
  if (transfer->attempt) http_client_return_attempt(client, transfer->attempt);
  transfer->attempt = http_client_take_attempt(client);
  return transfer->attempt != NULL;
}

/* For an attempt that could not begin, and still refers to the request and to the engine. */
static void drop(struct transfer *transfer) {
  if (transfer->attempt) http_client_return_attempt(transfer->client, transfer->attempt);
  transfer->attempt = NULL;
  transfer->status = 0; /* of an answer that is gone with it */
}

/* Without TLS, a part uses the connection of the call before it, so none is opened ahead. */
static bool needs_no_connection(const struct transfer *transfer) {
  return transfer->request.connects_ahead == CONNECTS_AHEAD_FOR_PART &&
         transfer->client->settings->url.plain_http;
}

bool transfer_attempt_begin(struct transfer *transfer, const char *api_key, size_t length,
                            struct failure *failure) {
  struct http_client *client = transfer->client;
  struct attempt_terms terms = {
      .api_key = api_key,
      .api_key_length = length,
      .connect_timeout = transfer->settings.connect_timeout,
      .fresh_connection = transfer->next_connection_fresh,
      .trusts_kept_authorities = client->trusts_kept_authorities,
      .share_connection = !client->settings->url.plain_http && !client->connects_alone,
      .task = &transfer->task,
  };
  if (transfer_clock_time_left(transfer) <= 0) return failure_set_late(failure, transfer->settings.deadline);
  if (needs_no_connection(transfer)) {
    transfer_change(transfer, TRANSFER_DONE);
    return true;
  }
  if (transfer->request.source) byte_source_restart(transfer->request.source);
  if (transfer->request.sink && !byte_sink_restart(transfer->request.sink, failure)) return false;
  if (!take(transfer) ||
      !http_attempt_prepare(transfer->attempt, client->settings, &transfer->request, &terms) ||
      !transfer_engine_start(client->engine, transfer->attempt->easy)) {
    drop(transfer);
    return failure_set_out_of_memory(failure);
  }
  transfer->attempts++;
  transfer_change(transfer, TRANSFER_SENDING);
  transfer_clock_set(transfer, transfer_clock_patience(transfer));
  return true;
}
