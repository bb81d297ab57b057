/* SPDX-License-Identifier: MIT */
/* What the calls of one client share: its settings, an engine, handles that wait to be used again, and the
 * line of transfers that want attention. Lives as long as somebody holds it: the Lua client one hold, each
 * transfer another, so that the order in which Lua collects them does not matter. */
#ifndef HTTP_HTTP_CLIENT_H
#define HTTP_HTTP_CLIENT_H

#include "http/http_attempt.h"
#include "http/http_settings.h"
#include "http/transfer_engine.h"

#include <stdint.h>

struct transfer;

/* A transfer whose news is being told; NULL: it is gone meanwhile. */
struct told_transfer {
  struct transfer *transfer;
  unsigned depth; /* functions of the program that were running when the telling began */
};

struct http_client {
  struct http_settings *settings;
  struct transfer_engine *engine;
  struct http_attempt *idle_attempts;
  unsigned idle_count;
  struct transfer *transfers; /* all there are, the youngest first */
  unsigned running;           /* of them, those begun and not done */
  unsigned done;              /* so far, also those that are gone */
  struct transfer *first_changed, *last_changed;
  struct told_transfer *told; /* one inside the other's function, the innermost last */
  unsigned told_count, told_size;
  unsigned depth; /* functions of the program that are running, each called by the telling of a transfer */
  uint64_t random_state;
  unsigned transfers_made;
  bool connects_alone; /* the last connection could not be made: nobody waits for another's */
  unsigned ref_count;
};

/* Takes the settings, also when it fails; the client has one reference. NULL when memory or descriptors
 * have run out, with `failure` saying which. */
struct http_client *http_client_new(struct http_settings *settings, struct failure *failure);
void http_client_ref(struct http_client *client);
void http_client_unref(struct http_client *client);

/* Gives the client an engine where it has none. False when memory or descriptors have run out. */
bool http_client_open(struct http_client *client, struct failure *failure);

/* Whether its engine was made by the process that forked this one. */
bool http_client_is_inherited(const struct http_client *client);

/* Closes its connections, or, when they are a parent's, gives them up without touching them: the parent still
 * uses them. No transfer may be running. */
void http_client_close(struct http_client *client);

/* An attempt to use; NULL when memory ran out. To be handed back off the engine. */
struct http_attempt *http_client_take_attempt(struct http_client *client);
void http_client_return_attempt(struct http_client *client, struct http_attempt *attempt);

/* Uniform in 0..1, for jitter. */
double http_client_random(struct http_client *client);

#endif
