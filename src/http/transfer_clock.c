/* SPDX-License-Identifier: MIT */
#include "http/transfer_clock.h"

#include "base/monotonic_clock.h"

#include <math.h>

double transfer_clock_time_left(const struct transfer *transfer) {
  return transfer->deadline_at - monotonic_clock_now();
}

/* While a source is being sent, or an answer goes into a sink, the limit is on the time without a moved byte.
 * Otherwise it is on the time until the answer. */
bool transfer_clock_is_streaming(const struct transfer *transfer) {
  const struct byte_source *source = transfer->request.source;
  return (source && !byte_source_is_exhausted(source)) || transfer->attempt->incoming.moved_at > 0;
}

static bool has_unread(const struct transfer *transfer) {
  return transfer->request.sink && byte_sink_has_unread(transfer->request.sink);
}

bool transfer_clock_is_starved(const struct transfer *transfer) {
  return attempt_state_is_in_line(transfer->attempt) && transfer_engine_is_stuck(transfer->client->engine);
}

void transfer_clock_renew_place(struct transfer *transfer) {
  struct transfer_engine *engine = transfer->client->engine;
  struct http_attempt *attempt = transfer->attempt;
  unsigned failures = transfer_engine_failures(engine);
  if (!attempt_state_is_in_line(attempt) || attempt->failures == failures) return;
  transfer_engine_stop(engine, attempt->easy);
  if (transfer_engine_start(engine, attempt->easy)) attempt->failures = failures; /* else at the next look */
}

/* In line for a connection, only the deadline counts, and so where the program has bytes to take. A starved
 * attempt has no time left: its timer was set for `timeout` when it began. */
double transfer_clock_patience(const struct transfer *transfer) {
  const struct call_settings *settings = &transfer->settings;
  const struct http_attempt *attempt = transfer->attempt;
  double limit = transfer_clock_is_streaming(transfer) ? settings->stall_timeout : settings->timeout;
  double since = attempt->left_line_at;
  if (transfer_clock_is_starved(transfer)) return 0;
  if (attempt_state_is_in_line(attempt) || has_unread(transfer)) return transfer_clock_time_left(transfer);
  if (transfer->request.source) since = fmax(since, attempt->form.moved_at);
  if (transfer->request.sink) since = fmax(since, attempt->incoming.moved_at);
  return fmin(since + limit - monotonic_clock_now(), transfer_clock_time_left(transfer));
}

enum { LOOKS_A_STALL = 4 }; /* on a slow line curl asks a source only now and then */

/* Wakes at least every `timeout`: it counts from the moment when the attempt has its connection, or from a
 * source's last byte, and no event marks either. Where a body is streamed, wakes several times in
 * `stall_timeout`, to see whether bytes move. */
void transfer_clock_set(struct transfer *transfer, double patience) {
  const struct call_settings *settings = &transfer->settings;
  patience = fmin(patience, settings->timeout);
  if (transfer->request.source || transfer->request.sink)
    patience = fmin(patience, settings->stall_timeout / LOOKS_A_STALL);
  transfer_engine_set_timer(transfer->client->engine, &transfer->task, patience);
}

enum { MAX_RETURNS_TO_LINE = 10 }; /* of an attempt that had left the line */

/* Whether it began to connect too recently for connect_timeout to be over. */
static bool has_just_left_line(const struct transfer *transfer) {
  double connecting = monotonic_clock_now() - transfer->attempt->left_line_at;
  return transfer->attempt->requests_begun == 0 && connecting < transfer->settings.connect_timeout / 2;
}

/* libcurl 8 counts the time in line for a connection as connecting, and gives up. Such an attempt is put in
 * line again. */
bool transfer_clock_stays_in_line(struct transfer *transfer, CURLcode result) {
  struct http_attempt *attempt = transfer->attempt;
  if (result != CURLE_OPERATION_TIMEDOUT) return false;
  if (!attempt_state_is_in_line(attempt) &&
      (!has_just_left_line(transfer) || attempt->returns_to_line++ == MAX_RETURNS_TO_LINE))
    return false;
  attempt->left_line_at = 0;
  return transfer_engine_start(transfer->client->engine, attempt->easy);
}

/* A host that steps late may have kept the attempt from sending its request in time. Nothing else may be
 * wrong, so the time begins again. The same holds when the time ended within a call of curl that was held up,
 * for the request may have been sent only at the end of that call. Otherwise, once the request is sent, only
 * received data decides. */
bool transfer_clock_forgives_lateness(struct transfer *transfer) {
  const struct transfer_engine *engine = transfer->client->engine;
  struct http_attempt *attempt = transfer->attempt;
  double time_ended = transfer->task.timer.due_at;
  bool was_kept = attempt->requests_begun == 0 || attempt->asked_at >= time_ended ||
                  transfer_engine_was_held_at(engine, time_ended);
  if (attempt->is_forgiven || !was_kept || !transfer_engine_is_late(engine)) return false;
  attempt->is_forgiven = true;
  attempt->left_line_at = attempt->form.moved_at = monotonic_clock_now();
  return true;
}

/* curl looks at its clock before its sockets, so it may have ended a good connection. */
bool transfer_clock_connects_once_more(struct transfer *transfer, CURLcode result) {
  struct http_attempt *attempt = transfer->attempt;
  if (result != CURLE_OPERATION_TIMEDOUT || attempt->requests_begun > 0 ||
      !transfer_clock_forgives_lateness(transfer))
    return false;
  attempt->left_line_at = 0;
  return transfer_engine_start(transfer->client->engine, attempt->easy);
}

void transfer_clock_describe(const struct transfer *transfer, bool was_streaming, struct failure *failure) {
  if (transfer_clock_time_left(transfer) <= 0)
    failure_set_late(failure, transfer->settings.deadline);
  else if (was_streaming)
    failure_set(failure, FAILURE_TIMEOUT, "stalled: no byte of the %s for %g s",
                transfer->request.sink ? "content came" : "data could be sent",
                transfer->settings.stall_timeout);
  else
    failure_set(failure, FAILURE_TIMEOUT, "timed out: no whole answer within %g s",
                transfer->settings.timeout);
}
