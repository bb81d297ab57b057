/* SPDX-License-Identifier: MIT */
/* The life of one call: its attempts, the waits between them, its deadline, and how it ended.
 *
 *     READY --transfer_begin--> SENDING --> DONE
 *       ^                          |  |
 *       |                          |  +--> DRAINING --> DONE   (a reader must take the last bytes first)
 *       +------- WAITING <---------+   (the retry policy said so)
 *
 * A transfer that becomes READY, WAITING, DRAINING or DONE has news. The caller that steps the engine takes
 * it from the queue (transfer_news_take) and does the part that needs Lua: asks a function for the key, tells
 * the program of a retry, returns the result. A SENDING one has news when its source lacks a chunk, which a
 * Lua function gives, and when its sink has bytes, which a Lua function takes. */
#ifndef HTTP_TRANSFER_H
#define HTTP_TRANSFER_H

#include "http/transfer_state.h"

/* Creates a transfer with a reference to `client`, and starts its clock. The caller then fills `request`,
 * which the transfer owns from the beginning, and calls transfer_submit. NULL when memory ran out. */
struct transfer *transfer_new(struct http_client *client, const struct call_settings *settings,
                              const struct request_additions *additions);

/* Stops and frees everything. */
void transfer_delete(struct transfer *transfer);

/* Queues a new transfer as READY. */
void transfer_submit(struct transfer *transfer);

/* Instead of transfer_submit: makes it DONE once `descriptor` is readable (-1: none is watched), or so many
 * seconds have passed (INFINITY: no limit), or, with the failure `timeout`, its deadline has. It keeps a
 * duplicate of the descriptor. */
void transfer_await(struct transfer *transfer, int descriptor, double seconds);

/* READY -> SENDING, or DONE when the attempt cannot begin. The key is not kept. */
void transfer_begin(struct transfer *transfer, const char *api_key, size_t length);

/* Whether it is SENDING, and waits for a chunk. */
bool transfer_wants_chunk(const struct transfer *transfer);

/* Continues with a chunk, which must not change until another one is wanted; NULL: there are no more. */
void transfer_feed(struct transfer *transfer, const char *chunk, size_t length);

/* Whether its reader has bytes to take: those gathered in its request's sink. */
bool transfer_has_unread(const struct transfer *transfer);

/* Goes on once the reader has taken them, and byte_sink_note_read was called. */
void transfer_note_read(struct transfer *transfer);

/* Any state but DONE -> DONE with this failure. */
void transfer_fail(struct transfer *transfer, enum failure_kind kind, const char *message);

/* Begins no other attempt. An answer that is expected is still waited for; otherwise the transfer ends as
 * `aborted`. */
void transfer_wind_down(struct transfer *transfer);

/* To be called first when the host enters: prepares the client for a call. In a forked process, the inherited
 * transfers end as `aborted`, and their handles are left with the parent's engine. False when memory or
 * descriptors have run out. */
bool transfer_enter(struct http_client *client, struct failure *failure);

/* Ends all running transfers as `aborted`, then closes the client's connections. The client can be entered
 * again. */
void transfer_close_all(struct http_client *client);

/* Makes a DONE transfer fail whose 2xx is not an answer to the call. */
void transfer_reject_answer(struct transfer *transfer, const char *message);

/* Seconds from its creation until it was done, or until now. */
double transfer_elapsed(const struct transfer *transfer);

#endif
