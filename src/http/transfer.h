/* SPDX-License-Identifier: MIT */
/* The life of one call: its attempts, the waits between them, its deadline, and how it ended.
 *
 *     READY --transfer_begin--> SENDING --> DONE
 *       ^                          |
 *       +------- WAITING <---------+   (the retry policy said so)
 *
 * Whenever a transfer becomes READY, WAITING or DONE it queues up with its client, and whoever steps the
 * engine takes it from there (transfer_take_changed) and does what C cannot: ask a Lua function for the key,
 * tell the program of the retry, hand over the result. One that is SENDING queues up when its source lacks a
 * chunk, which a Lua function gives. */
#ifndef HTTP_TRANSFER_H
#define HTTP_TRANSFER_H

#include "http/http_client.h"

enum transfer_state { TRANSFER_READY, TRANSFER_SENDING, TRANSFER_WAITING, TRANSFER_DONE };

struct transfer {
  struct engine_task task;
  struct http_client *client; /* held */
  struct http_request request;
  struct call_settings settings;
  struct http_attempt *attempt; /* of the last attempt begun; its response is the call's answer */
  unsigned number;              /* of its client's transfers, from 1 on */
  enum transfer_state state;
  unsigned attempts;     /* requests begun */
  bool may_have_applied; /* by an attempt so far that left without a confirmation */
  bool next_connection_fresh;
  double started_at, deadline_at, ended_at;
  double failed_at;                 /* when its first failed attempt ended; 0: none has */
  double retry_wait;                /* seconds, while WAITING */
  double retry_after;               /* seconds the service asked for in its last answer; 0 for none */
  struct failure failure;           /* of the last attempt; kind NONE after a 2xx */
  const char *remark;               /* what the program is told besides the failure; NULL: nothing */
  long status;                      /* of the last answer; 0 for none */
  struct transfer *older, *younger; /* of the same client */
  struct transfer *next_changed;
  bool is_queued;
  bool awaits; /* a descriptor, and sends nothing */
  int awaited; /* that descriptor, a duplicate; -1: none */
};

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

/* Takes the next transfer whose state has changed; NULL when there is none. It stays its owner's. To be
 * followed by transfer_note_told. One whose telling was given up, because something was raised, is among the
 * changed again. False when memory ran out. */
bool transfer_take_changed(struct http_client *client, struct transfer **changed);

/* Takes this one off the queue, of which nobody else is told meanwhile. */
void transfer_unqueue(struct transfer *transfer);

/* The program knows of the transfer that was taken last. */
void transfer_note_told(struct http_client *client);

/* Gives up all telling, where nothing of the program is running. The next step is due soon. */
void transfer_give_up_telling(struct http_client *client);

/* Queues one that was told, and could not be: for the next step, which is due soon. */
void transfer_tell_again(struct transfer *transfer);

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
