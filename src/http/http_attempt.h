/* SPDX-License-Identifier: MIT */
/* One easy handle with the answer it is reading: a request sent once, and what came of that. Made for one
 * client's settings and used again from call to call. */
#ifndef HTTP_HTTP_ATTEMPT_H
#define HTTP_HTTP_ATTEMPT_H

#include "http/attempt_outcome.h"
#include "http/attempt_state.h"

/* How the exchange went. Times are in seconds since the attempt began. */
struct attempt_report {
  double name_lookup, connect, tls_handshake, first_byte, total;
  const char *http_version; /* "1.1", "2", ...; NULL before the answer */
  bool connection_reused;
};

/* `settings` must outlive the attempt. NULL when memory ran out. */
struct http_attempt *http_attempt_new(const struct http_settings *settings, struct transfer_engine *engine);

/* Whether it may send another request. When curl has sent one again, or wanted to, its handle may remember a
 * refused stream, and counts what it has sent again: the next request would be told of the former, and fail
 * because of the latter. */
static inline bool http_attempt_is_reusable(const struct http_attempt *attempt) {
  return attempt->ended_well;
}

/* The attempt must not be on the engine. */
void http_attempt_delete(struct http_attempt *attempt);

/* Prepares the handle for transfer_engine_start. The request must not change until the attempt has ended.
 * False when memory ran out. */
bool http_attempt_prepare(struct http_attempt *attempt, const struct http_settings *settings,
                          const struct http_request *request, const struct attempt_terms *terms);

/* Lets an attempt that waits for another one's connection make its own. */
void http_attempt_connect_alone(struct http_attempt *attempt);

/* When the attempt ended because the file of authorities cannot be opened any more: lets it trust those that
 * were read from it before. False: it ended for another reason, or there are none. */
bool http_attempt_trust_kept_authorities(struct http_attempt *attempt, CURLcode result);

/* Leaves the connection of an attempt that connects ahead to later requests. To be called after its end,
 * while it is on the engine. */
void http_attempt_leave_connection(struct http_attempt *attempt);

/* Whether its request has begun, and no byte of an answer was received. */
bool http_attempt_is_unanswered(const struct http_attempt *attempt);

/* Prevents that its connection is used again. To be called while the attempt is on the engine, or after its
 * end. */
void http_attempt_give_up_connection(struct http_attempt *attempt);

/* Takes an attempt off the engine that got no answer in time. Its connection is given up, and so are the idle
 * ones that were silent for as long: after a change of network all of them may be dead. */
void http_attempt_stop_unanswered(struct http_attempt *attempt);

/* Takes another attempt off the engine whose time is over. When half an answer was received, its connection
 * is given up: the other half may never come. */
void http_attempt_stop_late(struct http_attempt *attempt);

/* Updates the form's `moved_at` if bytes have moved since the last call, or since curl last asked its source:
 * given to the kernel, or sent by the kernel. */
void http_attempt_look_for_movement(struct http_attempt *attempt);

/* Continues sending after a source that lacked bytes has some. */
void http_attempt_go_on(struct http_attempt *attempt);

/* Goes on receiving after a reader has taken bytes of the answer, where it was paused. */
void http_attempt_note_room(struct http_attempt *attempt);

/* Decides the outcome. An answer that becomes a failure has its keys hidden and forgotten. The keys of a 2xx
 * are kept until the answer is accepted, for an accepted answer is never changed. */
void http_attempt_conclude(struct http_attempt *attempt, CURLcode result, struct attempt_outcome *outcome);

/* Whether bytes of the request have been sent; with a source, whether all of them may have been: the service
 * cannot act on fewer. */
bool http_attempt_has_sent(const struct http_attempt *attempt);

void http_attempt_report(const struct http_attempt *attempt, struct attempt_report *report);

#endif
