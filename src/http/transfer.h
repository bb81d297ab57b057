/* SPDX-License-Identifier: MIT */
/* The life of one call: its attempts, the waits between them, its deadline, and how it ended.
 *
 *     READY --transfer_begin--> SENDING --> DONE
 *       ^                          |
 *       +------- WAITING <---------+   (the retry policy said so)
 *
 * Whenever a transfer becomes READY, WAITING or DONE it queues up with its client, and whoever steps the
 * engine takes it from there (transfer_news_take) and does what C cannot: ask a Lua function for the key,
 * tell the program of the retry, hand over the result. One that is SENDING queues up when its source lacks a
 * chunk, which a Lua function gives. */
#ifndef HTTP_TRANSFER_H
#define HTTP_TRANSFER_H

#include "http/transfer_state.h"

/* Holds `client` and starts the clock; the transfer is READY once transfer_submit queues it. Between the two
 * the caller fills `request`, which the transfer owns from the beginning. NULL when memory ran out. */
struct transfer *transfer_new(struct http_client *client, const struct call_settings *settings,
                              const struct request_additions *additions);

/* Stops whatever is under way and frees everything. */
void transfer_delete(struct transfer *transfer);

/* Queues a new transfer as READY. */
void transfer_submit(struct transfer *transfer);

/* Instead: makes it DONE once `descriptor` is readable, or its deadline has passed. It keeps a duplicate. */
void transfer_await(struct transfer *transfer, int descriptor);

/* READY -> SENDING, or DONE when the attempt cannot begin. The key is not kept. */
void transfer_begin(struct transfer *transfer, const char *api_key, size_t length);

/* Whether it is SENDING, and stands still for want of a chunk. */
bool transfer_wants_chunk(const struct transfer *transfer);

/* Goes on with that chunk, which must stay as it is until another one is wanted; NULL: there are no more. */
void transfer_feed(struct transfer *transfer, const char *chunk, size_t length);

/* Any state but DONE -> DONE with this failure. */
void transfer_fail(struct transfer *transfer, enum failure_kind kind, const char *message);

/* Begins no further attempt: an answer that is on its way is still waited for, else the transfer ends as
 * `aborted`. */
void transfer_wind_down(struct transfer *transfer);

/* On each entry from the host: readies the client for a call. In a process forked since, its transfers end as
 * `aborted`, their handles given up with the parent's engine. False when memory or descriptors have run out.
 */
bool transfer_enter(struct http_client *client, struct failure *failure);

/* Ends all that run as `aborted`, then closes the client's connections. It may be entered again. */
void transfer_close_all(struct http_client *client);

/* A DONE transfer's 2xx turned out to be no answer to the call. */
void transfer_reject_answer(struct transfer *transfer, const char *message);

/* Seconds since it was made, until it was done. */
double transfer_elapsed(const struct transfer *transfer);

#endif
