/* SPDX-License-Identifier: MIT */
#include "http/attempt_outcome.h"

static enum failure_kind failure_kind_of_curl(CURLcode result) {
  switch (result) {
  case CURLE_OPERATION_TIMEDOUT: return FAILURE_TIMEOUT;
  case CURLE_OUT_OF_MEMORY: return FAILURE_OUT_OF_MEMORY;
  case CURLE_SSL_CONNECT_ERROR:
  case CURLE_PEER_FAILED_VERIFICATION:
  case CURLE_SSL_CERTPROBLEM:
  case CURLE_SSL_CIPHER:
  case CURLE_SSL_CACERT_BADFILE:
  case CURLE_SSL_CRL_BADFILE:
  case CURLE_SSL_ISSUER_ERROR:
  case CURLE_SSL_ENGINE_NOTFOUND:
  case CURLE_SSL_ENGINE_SETFAILED:
  case CURLE_SSL_ENGINE_INITFAILED:
  case CURLE_SSL_INVALIDCERTSTATUS:
  case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
  case CURLE_USE_SSL_FAILED: return FAILURE_TLS;
  default: return FAILURE_CONNECTION;
  }
}

/* A refused certificate will be refused again. A handshake that broke off may succeed. */
static bool is_transient(CURLcode result, enum failure_kind kind) {
  return kind == FAILURE_CONNECTION || kind == FAILURE_TIMEOUT || result == CURLE_SSL_CONNECT_ERROR;
}

static void judge_status(const struct attempt_facts *facts, struct attempt_outcome *outcome) {
  enum failure_kind kind = failure_kind_of_status(facts->status);
  bool was_cut = facts->result != CURLE_OK && !facts->response->body.over_cap;
  outcome->retry.status = facts->status;
  if (kind != FAILURE_NONE)
    failure_set(&outcome->failure, kind, "the service answered HTTP %ld%s", facts->status,
                was_cut ? ", and its answer was cut off or cannot be read" : "");
}

/* A refusal counts even if the body was cut off, for the body could only have explained it. (judge_overflow
 * handles a body that is too large.) */
static bool is_refused(const struct attempt_facts *facts) {
  return facts->status > 0 && facts->response->has_whole_head && facts->result != CURLE_WRITE_ERROR &&
         failure_kind_of_status(facts->status) != FAILURE_NONE;
}

/* With HTTP/2, libcurl reports this as a failed connection. */
static bool is_overflow(const struct attempt_facts *facts) {
  return facts->result == CURLE_WRITE_ERROR || facts->response->headers.over_cap;
}

/* The status is a 2xx, and the object is lost: sending the request again would ask for another one. */
static void judge_unreadable(const struct attempt_facts *facts, struct attempt_outcome *outcome) {
  outcome->retry.status = facts->status;
  failure_set(&outcome->failure, FAILURE_DECODE, "the answer cannot be decoded: %s",
              *facts->curl_message ? facts->curl_message : curl_easy_strerror(facts->result));
}

/* curl stopped because one of our two buffers was full. */
static void judge_overflow(const struct attempt_facts *facts, struct attempt_outcome *outcome) {
  const struct http_response *response = facts->response;
  if (response->headers.over_cap)
    failure_set(&outcome->failure, FAILURE_TOO_LARGE, "the answer's headers are larger than %zu bytes",
                response->headers.cap);
  else if (!response->body.over_cap)
    failure_set_out_of_memory(&outcome->failure);
  else if (failure_kind_of_status(facts->status) == FAILURE_NONE)
    failure_set(&outcome->failure, FAILURE_TOO_LARGE, "the answer is larger than max_response_bytes (%zu)",
                response->body.cap);
  else
    judge_status(facts, outcome); /* refused, with a body that is too large */
}

/* curl's own limit on one header. Older versions report it as out of memory. If memory really did run out,
 * the request has been sent, and may_have_applied is worth more than a raised error. */
static bool is_header_too_large(const struct attempt_facts *facts) {
#if LIBCURL_VERSION_NUM >= 0x080600
  if (facts->result == CURLE_TOO_LARGE) return true;
#endif
  return facts->result == CURLE_OUT_OF_MEMORY && facts->sent;
}

static void judge_without_answer(const struct attempt_facts *facts, struct attempt_outcome *outcome) {
  enum failure_kind kind = facts->resend_refused ? FAILURE_CONNECTION : failure_kind_of_curl(facts->result);
  const char *message = *facts->curl_message ? facts->curl_message : curl_easy_strerror(facts->result);
  if (kind == FAILURE_OUT_OF_MEMORY)
    failure_set_out_of_memory(&outcome->failure);
  else if (facts->unprocessed)
    failure_set(&outcome->failure, kind, "the service refused the request before it looked at it");
  else if (facts->resend_refused)
    failure_set(&outcome->failure, kind, "the service closed the kept-alive connection instead of answering");
  else
    failure_set(&outcome->failure, kind, "%s%s",
                facts->result == CURLE_PARTIAL_FILE ? "the answer was cut off: " : "", message);
  outcome->retry.transient = is_transient(facts->result, kind);
  outcome->retry.stale_connection = facts->resend_refused;
}

static void judge_answer(const struct attempt_facts *facts, struct attempt_outcome *outcome) {
  if (facts->status > 0 && facts->response->has_whole_head) {
    judge_status(facts, outcome);
  } else {
    failure_set(&outcome->failure, FAILURE_CONNECTION, "the answer was cut off before its end");
    outcome->retry.transient = true;
  }
}

static bool is_in_doubt(const struct attempt_outcome *outcome) {
  if (outcome->failure.kind == FAILURE_SERVER) return outcome->status != STATUS_NOT_IMPLEMENTED;
  return outcome->retry.status == 0 || outcome->failure.kind == FAILURE_DECODE;
}

void attempt_outcome_judge(const struct attempt_facts *facts, time_t now, struct attempt_outcome *outcome) {
  *outcome = (struct attempt_outcome){.status = facts->status};
  if (facts->result == CURLE_OK)
    judge_answer(facts, outcome);
  else if (is_refused(facts))
    judge_status(facts, outcome);
  else if (facts->stream_problem)
    outcome->failure = *facts->stream_problem;
  else if (is_overflow(facts))
    judge_overflow(facts, outcome);
  else if (is_header_too_large(facts))
    failure_set(&outcome->failure, FAILURE_TOO_LARGE, "the answer's headers are larger than libcurl takes");
  else if (facts->result == CURLE_BAD_CONTENT_ENCODING)
    judge_unreadable(facts, outcome);
  else
    judge_without_answer(facts, outcome);

  if (facts->status > 0 && outcome->failure.kind != FAILURE_NONE) {
    outcome->retry.advice = http_response_retry_advice(facts->response);
    outcome->retry.retry_after = http_response_retry_after(facts->response, now);
  }
  /* A 2xx that arrives before the whole body was sent confirms only what the service had by then. */
  outcome->unconfirmed = (facts->sent || failure_kind_of_status(facts->status) == FAILURE_NONE) &&
                         !facts->unprocessed && is_in_doubt(outcome);
}
