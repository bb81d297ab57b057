/* SPDX-License-Identifier: MIT */
/* One easy handle with the answer it is reading: a request sent once, and what came of that. Made for one
 * client's settings and used again from call to call. */
#ifndef HTTP_HTTP_ATTEMPT_H
#define HTTP_HTTP_ATTEMPT_H

#include "http/attempt_outcome.h"
#include "http/attempt_state.h"

/* How the exchange went, for those who want to know. Times in seconds since the attempt began. */
struct attempt_report {
  double name_lookup, connect, tls_handshake, first_byte, total;
  const char *http_version; /* "1.1", "2"...; NULL before there was one */
  bool connection_reused;
};

/* The settings must outlive it. NULL when memory ran out. */
struct http_attempt *http_attempt_new(const struct http_settings *settings, struct transfer_engine *engine);

/* Whether it may send another request. When curl has sent one again, or wanted to, its handle may remember a
 * refused stream, and counts what it has sent again: the next request would be told of the former, and fail
 * because of the latter. */
static inline bool http_attempt_is_reusable(const struct http_attempt *attempt) {
  return attempt->ended_well;
}

/* The attempt must be off the engine. */
void http_attempt_delete(struct http_attempt *attempt);

/* Makes the handle ready for transfer_engine_start. The request must stay until the attempt has ended.
 * False when memory ran out. */
bool http_attempt_prepare(struct http_attempt *attempt, const struct http_settings *settings,
                          const struct http_request *request, const struct attempt_terms *terms);

/* Lets an attempt that waits for another's connection make one of its own. */
void http_attempt_connect_alone(struct http_attempt *attempt);

/* Whether its request has begun, and no byte of an answer has come. */
bool http_attempt_is_unanswered(const struct http_attempt *attempt);

/* Its connection serves no further exchange. To be called while the attempt is on the engine, or after its
 * end.
 */
void http_attempt_give_up_connection(struct http_attempt *attempt);

/* Takes an attempt that got no answer in its time off the engine. Neither its connection is trusted any more,
 * nor the idle ones that were silent as long: as after a change of network, they may be dead. */
void http_attempt_stop_unanswered(struct http_attempt *attempt);

/* Takes another that is out of time off the engine. Where half an answer has come, its connection alone is no
 * longer trusted: the other half may never come, and nor would the next answer. */
void http_attempt_stop_late(struct http_attempt *attempt);

/* Looks whether bytes have left since the last look, or since curl last asked its source, for the form's
 * `moved_at`: handed to the kernel, or sent on by that. */
void http_attempt_look_for_movement(struct http_attempt *attempt);

/* Goes on sending, once a source that lacked bytes has some. */
void http_attempt_go_on(struct http_attempt *attempt);

/* Judges what came of it. An answer that is told as a failure has its keys hidden, and they are forgotten.
 * Those of a 2xx are kept until it is known to be an answer to the call: a good one is never changed. */
void http_attempt_conclude(struct http_attempt *attempt, CURLcode result, struct attempt_outcome *outcome);

/* Whether bytes of the request have left so far; of one with a source, whether all of them may have: less
 * than that nobody can act on. */
bool http_attempt_has_sent(const struct http_attempt *attempt);

void http_attempt_report(const struct http_attempt *attempt, struct attempt_report *report);

#endif
