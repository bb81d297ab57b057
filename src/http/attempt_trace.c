/* SPDX-License-Identifier: MIT */
#include "http/attempt_trace.h"

#include "http/stream_trace.h"

/* Whether the service has said that it acts on no stream beyond a last one, and this one's is. */
static bool is_beyond_last(const struct http_attempt *attempt) {
  const struct last_stream *last = &transfer_engine_sockets(attempt->engine)->last_stream;
  return last->is_known && attempt->stream > last->number &&
         engine_sockets_same_ends(&last->ends, &attempt->ends);
}

/* curl may pass this on with any of the exchanges that share the connection. */
static void note_last_stream(const struct http_attempt *attempt, unsigned long number) {
  transfer_engine_sockets(attempt->engine)->last_stream =
      (struct last_stream){.is_known = true, .number = number, .ends = attempt->ends};
}

int attempt_trace_take(CURL *easy, curl_infotype type, char *text, size_t length, void *data) {
  struct http_attempt *attempt = data;
  struct stream_trace trace = {0};
  (void)easy;
  if (type == CURLINFO_TEXT) trace = stream_trace_read(text, length);
  switch (trace.kind) {
  case STREAM_TRACE_OPENED: attempt->stream = trace.number; break;
  case STREAM_TRACE_LAST: note_last_stream(attempt, trace.number); break;
  case STREAM_TRACE_REFUSED: attempt->unprocessed = true; break;
  case STREAM_TRACE_SEND_AGAIN: attempt->unprocessed |= is_beyond_last(attempt); break; /* besides REFUSED */
  case STREAM_TRACE_OTHER: break;
  }
  return 0;
}

void attempt_trace_forget_last(const struct http_attempt *attempt) {
  struct last_stream *last = &transfer_engine_sockets(attempt->engine)->last_stream;
  long connections = 0;
  curl_easy_getinfo(attempt->easy, CURLINFO_NUM_CONNECTS, &connections);
  if (connections > 0 && engine_sockets_same_ends(&last->ends, &attempt->ends)) last->is_known = false;
}
