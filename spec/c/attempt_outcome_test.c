/* SPDX-License-Identifier: MIT */
/* Which end of an attempt is which failure, worth another try, and perhaps carried out. */
#include "http/attempt_outcome.h"

#include "unit.h"
#include <math.h>
#include <string.h>

enum { NEVER_SENT, SENT };

static const struct outcome_row {
  CURLcode result;
  long status;
  int sent;
  enum failure_kind kind;
  bool transient, unconfirmed;
} rows[] = {
    {CURLE_OK, 200, SENT, FAILURE_NONE, false, false},
    {CURLE_OK, 404, SENT, FAILURE_NOT_FOUND, false, false},
    {CURLE_OK, 429, SENT, FAILURE_RATE_LIMIT, false, false},
    {CURLE_OK, 302, SENT, FAILURE_REDIRECT, false, false},
    {CURLE_OK, 500, SENT, FAILURE_SERVER, false, true},
    {CURLE_OK, 0, SENT, FAILURE_CONNECTION, true, true},
    {CURLE_COULDNT_RESOLVE_HOST, 0, NEVER_SENT, FAILURE_CONNECTION, true, false},
    {CURLE_COULDNT_CONNECT, 0, NEVER_SENT, FAILURE_CONNECTION, true, false},
    {CURLE_OPERATION_TIMEDOUT, 0, NEVER_SENT, FAILURE_TIMEOUT, true, false},
    {CURLE_OPERATION_TIMEDOUT, 0, SENT, FAILURE_TIMEOUT, true, true},
    {CURLE_OPERATION_TIMEDOUT, 404, SENT, FAILURE_NOT_FOUND, false, false},
    {CURLE_OPERATION_TIMEDOUT, 200, SENT, FAILURE_TIMEOUT, true, true},
    {CURLE_RECV_ERROR, 401, SENT, FAILURE_AUTHENTICATION, false, false},
    {CURLE_RECV_ERROR, 503, SENT, FAILURE_SERVER, false, true},
    {CURLE_ABORTED_BY_CALLBACK, 404, SENT, FAILURE_NOT_FOUND, false, false}, /* given up meanwhile */
    {CURLE_HTTP2_STREAM, 429, SENT, FAILURE_RATE_LIMIT, false, false},
    {CURLE_HTTP2_STREAM, 200, SENT, FAILURE_CONNECTION, true, true},
    {CURLE_BAD_CONTENT_ENCODING, 404, SENT, FAILURE_NOT_FOUND, false, false},
    {CURLE_BAD_CONTENT_ENCODING, 200, SENT, FAILURE_DECODE, false, true},
    {CURLE_OK, 501, SENT, FAILURE_SERVER, false, false},
    {CURLE_PARTIAL_FILE, 501, SENT, FAILURE_SERVER, false, false},
    {CURLE_OK, 505, SENT, FAILURE_SERVER, false, true},
    {CURLE_GOT_NOTHING, 0, SENT, FAILURE_CONNECTION, true, true},
    {CURLE_SEND_ERROR, 0, NEVER_SENT, FAILURE_CONNECTION, true, false},
    {CURLE_RECV_ERROR, 200, SENT, FAILURE_CONNECTION, true, true},
    {CURLE_OK, 413, NEVER_SENT, FAILURE_STATUS, false, false}, /* of a body that was sent in part */
    {CURLE_OK, 500, NEVER_SENT, FAILURE_SERVER, false, false},
    {CURLE_SEND_ERROR, 200, NEVER_SENT, FAILURE_CONNECTION, true, true}, /* it was taken as it was */
    {CURLE_PARTIAL_FILE, 413, NEVER_SENT, FAILURE_STATUS, false, false},
    {CURLE_PARTIAL_FILE, 400, SENT, FAILURE_BAD_REQUEST, false, false},
    {CURLE_PARTIAL_FILE, 200, SENT, FAILURE_CONNECTION, true, true},
    {CURLE_SSL_CONNECT_ERROR, 0, NEVER_SENT, FAILURE_TLS, true, false},
    {CURLE_PEER_FAILED_VERIFICATION, 0, NEVER_SENT, FAILURE_TLS, false, false},
    {CURLE_SSL_CERTPROBLEM, 0, NEVER_SENT, FAILURE_TLS, false, false},
    {CURLE_SSL_CACERT_BADFILE, 0, NEVER_SENT, FAILURE_TLS, false, false},
    {CURLE_HTTP2, 0, SENT, FAILURE_CONNECTION, true, true},
    {CURLE_OUT_OF_MEMORY, 0, NEVER_SENT, FAILURE_OUT_OF_MEMORY, false, false},
    {CURLE_OUT_OF_MEMORY, 200, SENT, FAILURE_TOO_LARGE, false, true},
};

static void judge(struct attempt_facts facts, struct attempt_outcome *outcome) {
  facts.curl_message = facts.curl_message ? facts.curl_message : "";
  attempt_outcome_judge(&facts, 0, outcome);
}

static void judges_each_end(void) {
  struct http_response response = {.has_whole_head = true};
  struct attempt_outcome outcome;
  EACH(row, rows) {
    judge((struct attempt_facts){row->result, NULL, row->status, row->sent, false, false, NULL, &response},
          &outcome);
    CHECK(outcome.failure.kind == row->kind, "curl's %d with status %ld is %s, not %s", row->result,
          row->status, failure_kind_name(row->kind), failure_kind_name(outcome.failure.kind));
    CHECK(outcome.retry.transient == row->transient, "curl's %d with status %ld may pass: %d", row->result,
          row->status, row->transient);
    CHECK(outcome.unconfirmed == row->unconfirmed, "curl's %d with status %ld may have been carried out: %d",
          row->result, row->status, row->unconfirmed);
    CHECK(row->kind == FAILURE_NONE || outcome.failure.message[0], "curl's %d has a message", row->result);
  }
}

static void judges_overflows(void) {
  struct http_response response = {.has_whole_head = true};
  struct attempt_outcome outcome;
  judge((struct attempt_facts){CURLE_WRITE_ERROR, NULL, 200, true, false, false, NULL, &response}, &outcome);
  CHECK(outcome.failure.kind == FAILURE_OUT_OF_MEMORY,
        "a buffer that stopped below its cap was out of memory");
  response.body.over_cap = true;
  judge((struct attempt_facts){CURLE_WRITE_ERROR, NULL, 200, true, false, false, NULL, &response}, &outcome);
  CHECK(outcome.failure.kind == FAILURE_TOO_LARGE && outcome.unconfirmed,
        "a 2xx over the cap may tell of success");
  judge((struct attempt_facts){CURLE_WRITE_ERROR, NULL, 404, true, false, false, NULL, &response}, &outcome);
  CHECK(outcome.failure.kind == FAILURE_NOT_FOUND && !outcome.unconfirmed,
        "a refusal over the cap is a refusal");
  response.headers.over_cap = true;
  judge((struct attempt_facts){CURLE_WRITE_ERROR, NULL, 404, true, false, false, NULL, &response}, &outcome);
  CHECK(outcome.failure.kind == FAILURE_TOO_LARGE && outcome.retry.status == 0,
        "headers over the cap tell nothing");
  judge((struct attempt_facts){CURLE_HTTP2, NULL, 200, true, false, false, NULL, &response}, &outcome);
  CHECK(outcome.failure.kind == FAILURE_TOO_LARGE && !outcome.retry.transient,
        "and are that, whatever curl makes of it");
}

static void judges_cuts(void) {
  struct http_response response = {.has_whole_head = false};
  struct attempt_outcome outcome;
  judge((struct attempt_facts){CURLE_OK, NULL, 200, true, false, false, NULL, &response}, &outcome);
  CHECK(outcome.failure.kind == FAILURE_CONNECTION && outcome.unconfirmed, "half a head is no answer");
  judge((struct attempt_facts){CURLE_RECV_ERROR, NULL, 404, true, false, false, NULL, &response}, &outcome);
  CHECK(outcome.failure.kind == FAILURE_CONNECTION && outcome.retry.transient, "nor half a refusal's");
  judge((struct attempt_facts){CURLE_ABORTED_BY_CALLBACK, NULL, 0, true, true, false, NULL, &response},
        &outcome);
  CHECK(outcome.failure.kind == FAILURE_CONNECTION && outcome.retry.stale_connection && outcome.unconfirmed,
        "a resend that was refused is a dead connection");
  judge((struct attempt_facts){CURLE_ABORTED_BY_CALLBACK, NULL, 0, true, true, true, NULL, &response},
        &outcome);
  CHECK(outcome.failure.kind == FAILURE_CONNECTION && outcome.retry.transient && !outcome.unconfirmed,
        "what the service says it will not act on leaves no doubt");
  judge((struct attempt_facts){CURLE_PARTIAL_FILE, "10 bytes missing", 200, true, false, false, NULL,
                               &response},
        &outcome);
  CHECK(strcmp(outcome.failure.message, "the answer was cut off: 10 bytes missing") == 0,
        "a cut is told in our words");
}

/* The body could not be read: curl only says that it was stopped. */
static void judges_sources(void) {
  struct http_response response = {.has_whole_head = true};
  struct failure problem = {FAILURE_FILE, "cannot read the file: Input/output error"};
  struct attempt_outcome outcome;
  judge((struct attempt_facts){CURLE_ABORTED_BY_CALLBACK, "stopped", 0, false, false, false, &problem,
                               &response},
        &outcome);
  CHECK(outcome.failure.kind == FAILURE_FILE && strcmp(outcome.failure.message, problem.message) == 0,
        "what is wrong with the source is told as it is");
  CHECK(!outcome.retry.transient && outcome.retry.status == 0 && !outcome.unconfirmed,
        "a source that broke will break again, and nobody can act on half of it");
  judge((struct attempt_facts){CURLE_OK, NULL, 413, false, false, false, &problem, &response}, &outcome);
  CHECK(outcome.failure.kind == FAILURE_STATUS && outcome.status == 413,
        "a refusal that came before is worth more");
  judge((struct attempt_facts){CURLE_SEND_ERROR, "reset", 413, false, false, false, &problem, &response},
        &outcome);
  CHECK(outcome.failure.kind == FAILURE_STATUS && outcome.status == 413,
        "and so is one whose body was cut off");
  judge((struct attempt_facts){CURLE_OK, NULL, 200, true, false, false, NULL, &response}, &outcome);
  CHECK(outcome.failure.kind == FAILURE_NONE, "a source without a problem changes nothing");
  judge((struct attempt_facts){CURLE_SEND_ERROR, "reset", 0, false, false, false, NULL, &response}, &outcome);
  CHECK(outcome.failure.kind == FAILURE_CONNECTION && outcome.retry.transient, "nor when it is not sent");
}

int main(void) {
  judges_each_end();
  judges_overflows();
  judges_cuts();
  judges_sources();
  return unit_end();
}
