/* SPDX-License-Identifier: MIT */
/* The state that the calls of one client share: settings, an engine, idle handles, and the queue of transfers
 * with news. Reference counted: the Lua client has one reference and each transfer another, so the order in
 * which Lua collects them does not matter. */
#ifndef HTTP_HTTP_CLIENT_H
#define HTTP_HTTP_CLIENT_H

#include "base/number_pool.h"
#include "http/http_attempt.h"
#include "http/http_settings.h"
#include "http/transfer_engine.h"

#include <stdint.h>

struct transfer;

/* A transfer whose news the program is being told; NULL: it was deleted meanwhile. */
struct told_transfer {
  struct transfer *transfer;
  unsigned depth; /* how many of the program's functions were running when this began */
};

struct http_client {
  struct http_settings *settings;
  struct transfer_engine *engine;
  struct http_attempt *idle_attempts;
  unsigned idle_count;
  struct transfer *transfers; /* all transfers, the youngest first */
  unsigned running;           /* the number of those that are not done */
  unsigned done;              /* the number of transfers done so far, including deleted ones */
  struct transfer *first_changed, *last_changed;
  struct told_transfer *told; /* nested: each inside a function of the one before */
  unsigned told_count, told_size;
  unsigned depth; /* how many functions of the program are running, each called to tell it news */
  uint64_t random_state;
  struct number_pool numbers;   /* of the transfers */
  bool connects_alone;          /* the last connection failed: no attempt waits for another one's */
  bool trusts_kept_authorities; /* their file cannot be opened any more */
  unsigned ref_count;
};

/* Takes the settings, also when it fails; the client has one reference. NULL when memory or descriptors
 * have run out, with `failure` saying which. */
struct http_client *http_client_new(struct http_settings *settings, struct failure *failure);
void http_client_ref(struct http_client *client);
void http_client_unref(struct http_client *client);

/* Creates the engine when there is none. False when memory or descriptors have run out. */
bool http_client_open(struct http_client *client, struct failure *failure);

/* Whether its engine was made by the process that forked this one. */
bool http_client_is_inherited(const struct http_client *client);

/* Closes its connections. Those that a forked process inherited are left as they are, for the parent uses
 * them. No transfer may be running. */
void http_client_close(struct http_client *client);

/* Returns an attempt, new or used before; NULL when memory ran out. It must be off the engine when it is
 * returned. */
struct http_attempt *http_client_take_attempt(struct http_client *client);
void http_client_return_attempt(struct http_client *client, struct http_attempt *attempt);

/* Returns a uniform random number in 0..1, for jitter. */
double http_client_random(struct http_client *client);

#endif
